"""The whole picture with the crop that the model sees of it, which a visitor moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from ui.components.component import Component, Trigger
from ui.components.triggers import read_one_of

_COMPONENT = Component("crop_frame")
Position = tuple[int, int]
"""Across and down, in per cent of the room that the picture leaves the crop."""


@dataclass(frozen=True)
class CropFrame:
    """What is drawn.

    Attributes
    ----------
    picture : str
        All of it, a data URL.
    aspect : float
        Its width over its height.
    extent : tuple of float
        Width and height of the crop, in shares of the picture; above 1 where it is padded.
    position : tuple of int
        Of the crop.
    """

    picture: str
    aspect: float
    extent: tuple[float, float]
    position: Position


def draw_crop_frame(frame: CropFrame, *, key: str, on_move: Callable[[Position], None]) -> None:
    """Draw the picture.

    Parameters
    ----------
    frame : CropFrame
    key : str
    on_move : callable
        Called with the position that the crop was moved to.
    """
    _COMPONENT.draw(key=key, data=asdict(frame), triggers={"move": Trigger(read_position, on_move)})


def read_position(sent: object) -> Position:
    """What a browser sends as a position; ValueError for anything else."""
    if not isinstance(sent, list) or len(sent) != 2:
        raise ValueError("not a position")
    across, down = (read_one_of(at, range(101)) for at in sent)
    return across, down
