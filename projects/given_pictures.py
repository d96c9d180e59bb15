"""Pictures from Python, as files of a project: arrays, tensors, PIL images, paths, data sets of torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from layerscope.errors import InputError
from layerscope.storage.files import write_text

_TABLE = "labels.csv"


def write_pictures(
    folder: Path, pictures: Any, labels: Sequence[Any] | None, class_names: Sequence[str] | None
) -> tuple[dict[str, Any], tuple[int, int] | None, int]:
    """Write pictures below a project's folder, without loss, and a table of their labels.

    Parameters
    ----------
    folder : Path
    pictures : array, tensor, sequence, data set or path
        See `projects.notebook.show`. A folder, an archive or a URL stays where it is.
    labels : sequence, optional
        A name, or the number of an output, each.
    class_names : sequence of str, optional
        Of the outputs.

    Returns
    -------
    entry : dict
        What ``params.yaml`` says of the data set.
    size : tuple of int or None
        Height and width, where all pictures have the same.
    channels : int
        1 where all are grey arrays, else 3.
    """
    if isinstance(pictures, str | Path):
        where = str(pictures)
        where = where if "://" in where else str(Path(where).expanduser().absolute())
        if labels is not None:
            raise InputError("labels: a folder says its own; name them there, in labels.csv")
        return {"dataset": "imagefolder", "root": where}, None, 3
    place = folder / "pictures"
    place.mkdir(exist_ok=True)
    for old in place.iterdir():
        old.unlink()
    rows, sizes, modes = [], set(), set()
    for i, (picture, label) in enumerate(_pair(pictures, labels)):
        image = open_picture(picture, i)
        name = f"{i:06d}.png"
        image.save(place / name)
        sizes.add((image.height, image.width))
        modes.add(image.mode)
        rows.append((name, "" if label is None else _name_label(label, class_names)))
    if not rows:
        raise InputError("pictures: there are none")
    text = io.StringIO()
    csv.writer(text).writerows([("path", "label"), *rows])
    write_text(place / _TABLE, text.getvalue())
    size = next(iter(sizes)) if len(sizes) == 1 else None
    return {"dataset": "imagefolder", "root": str(place)}, size, 1 if modes == {"L"} else 3


def _pair(pictures: Any, labels: Sequence[Any] | None) -> Iterable[tuple[Any, Any]]:
    """Pictures with their labels, from whatever has a length or can be gone through."""
    n = len(pictures)
    if labels is not None and len(labels) != n:
        raise InputError(f"labels: {len(labels)} for {n} pictures; give one each")
    for i in range(n):
        item = pictures[i]
        pair = isinstance(item, tuple | list) and len(item) == 2
        picture, label = item if pair else (item, None)
        yield picture, label if labels is None else labels[i]


def _name_label(label: Any, class_names: Sequence[str] | None) -> str:
    if isinstance(label, str):
        return label
    number = int(label)
    if class_names is None:
        return str(number)
    if not 0 <= number < len(class_names):
        raise InputError(f"labels: {number}, but there are {len(class_names)} class_names")
    return str(class_names[number])


def open_picture(picture: Any, number: int) -> Image.Image:
    """A picture as 8-bit grey or RGB. Raises `InputError` for values that a picture cannot have."""
    if isinstance(picture, str | Path):
        try:
            with Image.open(picture) as image:
                return image.convert("RGB")
        except OSError as error:
            raise InputError(f"picture {number}: {picture}: cannot be read ({error})") from None
    if isinstance(picture, Image.Image):
        return picture if picture.mode == "L" else picture.convert("RGB")
    is_tensor = hasattr(picture, "detach")
    values = np.asarray(picture.detach().cpu() if is_tensor else picture)
    if values.ndim == 3 and (is_tensor or values.shape[-1] not in {1, 3}):
        values = np.moveaxis(values, 0, -1)  # channels first
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim not in {2, 3} or (values.ndim == 3 and values.shape[-1] != 3):
        raise InputError(
            f"picture {number}: has the shape {values.shape}; give (height, width[, 1 or 3]), or a tensor "
            "(1 or 3, height, width)"
        )
    if values.dtype != np.uint8:
        if not np.issubdtype(values.dtype, np.floating) or not (
            0 <= values.min() <= values.max() <= 1
        ):
            raise InputError(
                f"picture {number}: has {values.dtype} values from {values.min():.4g} to {values.max():.4g}; "
                "give uint8, or real numbers from 0 to 1, as they are before they are normalised"
            )
        values = np.round(values * 255).astype(np.uint8)
    return Image.fromarray(values)
