"""Samples side by side, each with a name, a figure and a square on its picture; a click chooses one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ui.components.component import Component, hear_choice

_COMPONENT = Component("sample_strip", html='<div class="samples" role="group"></div>')


@dataclass(frozen=True)
class SampleTile:
    """A sample in the row.

    Attributes
    ----------
    uid : int
    picture : str
        A data URL.
    name : str
        Of its class.
    figure : str
    color : str
        Of its class, as CSS takes it.
    box : tuple of float or None
        Left, top, width and height of the square, in shares of the picture.
    """

    uid: int
    picture: str
    name: str
    figure: str
    color: str
    box: tuple[float, float, float, float] | None


def draw_sample_strip(
    tiles: Sequence[SampleTile], current: int | None, *, key: str, on_pick: Callable[[int], None]
) -> None:
    """Draw the row.

    Parameters
    ----------
    tiles : sequence of SampleTile
    current : int or None
        Uid of the sample that is looked at already.
    key : str
    on_pick : callable
        Called with the uid of one of `tiles`.
    """
    uids = [tile.uid for tile in tiles]
    _COMPONENT.draw(
        key=key,
        data={
            "tiles": [asdict(tile) for tile in tiles],
            "current": -1 if current is None else current,
        },
        triggers={"pick": hear_choice(uids, on_pick)},
    )
