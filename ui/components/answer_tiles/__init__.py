"""Pictures with what they show and what the model said; a click opens one, a button asks why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from ui.assets import read_asset

_render = st.components.v2.component(
    "layerscope.answer_tiles",
    html='<div class="tiles" role="group"></div>',
    css=read_asset(__file__, "answer_tiles.css"),
    js=read_asset(__file__, "answer_tiles.js"),
)


@dataclass(frozen=True)
class Tile:
    """A sample with its answer.

    Attributes
    ----------
    uid : int
    picture : str
        A data URL.
    true, predicted : str
        Classes.
    true_color, predicted_color : str
        As CSS takes them.
    confidence : float
        Of the answer, in [0, 1].
    is_wrong : bool
    """

    uid: int
    picture: str
    true: str
    predicted: str
    true_color: str
    predicted_color: str
    confidence: float
    is_wrong: bool


def draw_answer_tiles(
    tiles: Sequence[Tile],
    label: str,
    *,
    key: str,
    on_open: Callable[[int], None],
    on_why: Callable[[int], None],
) -> None:
    """Draw the tiles.

    Parameters
    ----------
    tiles : sequence of Tile
    label : str
        What they are, for those who do not see them.
    key : str
    on_open, on_why : callable
        Called with the uid of the tile whose picture, or whose "Why?", was clicked.
    """

    def hear(event: str, tell: Callable[[int], None]) -> Callable[[], None]:
        def receive() -> None:
            sent = getattr(st.session_state[key], event)
            if accepts(sent, tiles):
                tell(sent)

        return receive

    _render(
        key=key,
        data={"tiles": [asdict(tile) for tile in tiles], "label": label},
        on_open_change=hear("open", on_open),
        on_why_change=hear("why", on_why),
    )


def accepts(sent: object, tiles: Sequence[Tile]) -> bool:
    """Whether what a browser sent is the uid of a tile; True is no 1."""
    return type(sent) is int and any(tile.uid == sent for tile in tiles)
