"""All channels of a layer to jump between: by how selective and how strong they are, and as pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from ui.assets import read_asset
from ui.components import points

_SCRIPTS = ("field.js", "channel_atlas.js")
_render = st.components.v2.component(
    "layerscope.channel_atlas",
    html=read_asset(__file__, "channel_atlas.html"),
    css=read_asset(__file__, "channel_atlas.css"),
    js="\n".join(
        [
            read_asset(points.__file__, "elements.js"),
            *(read_asset(__file__, name) for name in _SCRIPTS),
        ]
    ),
)


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

    def receive() -> None:
        picked = st.session_state[key].pick
        if accepts(picked, len(atlas.strongest)):
            on_pick(picked)

    _render(
        key=key,
        data={
            "unit": atlas.unit,
            "names": None if atlas.names is None else list(atlas.names),
            "index": list(atlas.index),
            "strongest": list(atlas.strongest),
            "preferred": list(atlas.preferred),
            "classes": [list(each) for each in atlas.classes],
            "current": atlas.current,
            "page": list(atlas.page),
            "sheet": atlas.sheet,
            "first": atlas.first,
            "order": list(atlas.order),
        },
        on_pick_change=receive,
    )


def accepts(sent: object, count: int) -> bool:
    """Whether what a browser sent is the number of one of so many channels; True is no 1."""
    return type(sent) is int and 0 <= sent < count
