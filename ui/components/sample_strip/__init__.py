"""Samples side by side, each with a name, a figure and a square on its picture; a click chooses one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from ui.assets import read_asset
from ui.components import page_actions

_render = st.components.v2.component(
    "layerscope.sample_strip",
    html='<div class="samples" role="group"></div>',
    css=read_asset(__file__, "sample_strip.css"),
    js="\n".join(
        [
            *(read_asset(page_actions.__file__, name) for name in ("find.js", "focus.js")),
            read_asset(__file__, "sample_strip.js"),
        ]
    ),
)


@dataclass(frozen=True)
class Tile:
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
    tiles: Sequence[Tile], current: int | None, *, key: str, on_pick: Callable[[int], None]
) -> None:
    """Draw the row.

    Parameters
    ----------
    tiles : sequence of Tile
    current : int or None
        Uid of the sample that is looked at already.
    key : str
    on_pick : callable
        Called with the uid of one of `tiles`.
    """

    def receive() -> None:
        picked = st.session_state[key].pick
        if type(picked) is int and any(tile.uid == picked for tile in tiles):
            on_pick(picked)

    _render(
        key=key,
        data={
            "tiles": [asdict(tile) for tile in tiles],
            "current": -1 if current is None else current,
        },
        on_pick_change=receive,
    )
