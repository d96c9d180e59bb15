"""A sheet of small pictures, sent to the page once and shared by the plots on it.

It is a component of its own because a component's data is sent as a whole: in the plot's data the
pictures would travel again with every layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pyarrow as pa

from ui.arrays import Stamp, explaining, read_pictures, stamp
from ui.components.component import Component
from ui.markup import shrink
from ui.memory import keep

_COMPONENT = Component("thumbnails")


@dataclass(frozen=True)
class Sheet:
    """Pictures in squares, side by side.

    Attributes
    ----------
    image : bytes
        A WebP file.
    columns : int
        Pictures in a row.
    count : int
        Pictures altogether.
    """

    image: bytes
    columns: int
    count: int


def compose_sheet(pictures: Sequence[bytes]) -> Sheet:
    """Shrink pictures and lay them out row by row.

    The side of a picture falls with their number, so that a sheet stays near one megabyte.

    Raises
    ------
    ValueError
        Where a picture cannot be decoded.
    """
    count = len(pictures)
    side = 96 if count <= 200 else 64 if count <= 2000 else 32
    columns = int(np.ceil(np.sqrt(count)))
    sheet = np.zeros((-(-count // columns) * side, columns * side, 3), dtype=np.uint8)
    for uid, encoded in enumerate(pictures):
        # OpenCV decodes twice as fast as Pillow, and a thumbnail needs no exact pixels.
        picture = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise ValueError(f"picture {uid} cannot be decoded")
        small = shrink(picture, side)
        y, x = uid // columns * side, uid % columns * side
        y, x = y + (side - small.shape[0]) // 2, x + (side - small.shape[1]) // 2
        sheet[y : y + small.shape[0], x : x + small.shape[1]] = small
    _, image = cv2.imencode(".webp", sheet, [cv2.IMWRITE_WEBP_QUALITY, 70])
    return Sheet(image.tobytes(), columns, count)


@keep
def _keep_sheet(run: str, count: int, made: Stamp) -> Sheet:
    return compose_sheet(read_pictures(run, count))


def load_sheet(run: str, count: int) -> Sheet:
    """The sheet of the first `count` samples of a run, composed once. Raises `Unavailable`."""
    with explaining(run, "samples"):
        return _keep_sheet(run, count, stamp(run, "samples"))


def send_thumbnails(sheet: Sheet, family: str, *, key: str) -> None:
    """Put a sheet on the page for all plots of `family`."""
    _COMPONENT.draw(
        key=key,
        data={
            "arrays": pa.table({"image": pa.array([sheet.image], pa.binary())}),
            "columns": sheet.columns,
            "count": sheet.count,
            "family": family,
        },
    )
