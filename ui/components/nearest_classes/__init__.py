"""The classes most like one, as bars of their cosines; a click goes on to a class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from ui.assets import read_asset
from ui.components import points

_render = st.components.v2.component(
    "layerscope.nearest_classes",
    html='<ol aria-label="Most similar classes"></ol>',
    css=read_asset(__file__, "nearest_classes.css"),
    js="\n".join(
        [read_asset(points.__file__, name) for name in ("elements.js", "keys.js")]
        + [read_asset(__file__, "nearest_classes.js")]
    ),
)


@dataclass(frozen=True)
class Row:
    """A class.

    Attributes
    ----------
    index : int
        Of the output.
    name, detail : str
    color : str
    cosine : float
        In [-1, 1].
    is_shown : bool
        Whether it is on the map.
    """

    index: int
    name: str
    detail: str
    color: str
    cosine: float
    is_shown: bool


def draw_nearest_classes(rows: Sequence[Row], *, key: str, on_pick: Callable[[int], None]) -> None:
    """Draw the rows, from the most similar one.

    Parameters
    ----------
    rows : sequence of Row
    key : str
        Of the component.
    on_pick : callable
        Called with the index of one of `rows`.
    """

    def receive() -> None:
        picked = st.session_state[key].pick
        if accepts_class(picked, rows):
            on_pick(picked)

    _render(key=key, data={"rows": [asdict(row) for row in rows]}, on_pick_change=receive)


def accepts_class(sent: object, rows: Sequence[Row]) -> bool:
    """Whether what a browser sent is the index of a class that is shown; True is no 1."""
    return type(sent) is int and any(row.index == sent for row in rows)
