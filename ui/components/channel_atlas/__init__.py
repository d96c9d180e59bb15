"""All channels of a layer to jump between: by how selective and how strong they are, and as pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ui.components.component import Component, hear_choice

_COMPONENT = Component("channel_atlas")


@dataclass(frozen=True)
class Atlas:
    """What is drawn of C channels.

    Attributes
    ----------
    unit : str
        What one is called: "channel".
    names : sequence of str, or None
        Where they have any, C.
    index : sequence of float or None
        Selectivity, C; None where it is not defined.
    by_chance : sequence of float or None
        What 95 % of shuffled labels stay at or below, C.
    strongest : sequence of float
        Largest activation on any sample, C.
    preferred : sequence of int
        Number of a class, C; -1 where there is none.
    classes : sequence of (str, str)
        Names and colours.
    current : int
        The channel that is looked at.
    page : sequence of int
        Channels whose pictures are on the sheet, in their order; `current` is one of them.
    sheet : str
        Their pictures side by side in one row, a data URL.
    first : int
        Place of the page's first in the order, from 0.
    order : sequence of int
        All channels.
    """

    unit: str
    names: Sequence[str] | None
    index: Sequence[float | None]
    by_chance: Sequence[float | None]
    strongest: Sequence[float]
    preferred: Sequence[int]
    classes: Sequence[tuple[str, str]]
    current: int
    page: Sequence[int]
    sheet: str
    first: int
    order: Sequence[int]


def draw_channel_atlas(atlas: Atlas, *, key: str, on_pick: Callable[[int], None]) -> None:
    """Draw it.

    Parameters
    ----------
    atlas : Atlas
    key : str
    on_pick : callable
        Called with the number of a channel.
    """
    numbers = range(len(atlas.strongest))
    _COMPONENT.draw(
        key=key,
        data=vars(atlas),
        triggers={"pick": hear_choice(numbers, on_pick)},
    )
