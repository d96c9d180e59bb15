"""Methods of explanation side by side: each a picture with what the method found laid over it.

A click opens a method; what takes long is asked for by a button, shows how far it is, and can be called
off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from ui.assets import read_asset
from ui.components import points

_render = st.components.v2.component(
    "layerscope.method_tiles",
    html=read_asset(__file__, "method_tiles.html"),
    css=read_asset(__file__, "method_tiles.css"),
    js="\n".join(
        [
            read_asset(points.__file__, "elements.js"),
            read_asset(__file__, "method_tile.js"),
            read_asset(__file__, "method_tiles.js"),
        ]
    ),
)


@dataclass(frozen=True)
class Tile:
    """A method.

    Attributes
    ----------
    key, name : str
    state : str
        ``idle``, ``waiting``, ``running``, ``done``, ``failed`` or ``unsupported``.
    is_long : bool
        Whether it is asked for and called off by a button.
    layers : sequence of str
        Once it is done, what is laid over the picture, a data URL; two where two classes are set side by
        side.
    done, total : int
        Steps, while it runs; 0 of 0 where that is not known.
    note : str
        One line: what it costs, or what went wrong.
    """

    key: str
    name: str
    state: str
    is_long: bool
    layers: Sequence[str] = ()
    done: int = 0
    total: int = 0
    note: str = ""


def draw_method_tiles(
    picture: str,
    tiles: Sequence[Tile],
    opened: str,
    sides: Sequence[str] = (),
    *,
    token: str,
    key: str,
    on_open: Callable[[str], None],
    on_compute: Callable[[str], None],
    on_cancel: Callable[[str], None],
) -> None:
    """Draw the tiles.

    Parameters
    ----------
    picture : str
        A data URL.
    tiles : sequence of Tile
    opened : str
        Key of the one that is open.
    sides : sequence of str
        Names of the two classes where each has a picture of its own; else none.
    token : str
        Changes with what is explained.
    key : str
    on_open, on_compute, on_cancel : callable
        Called with the key of one of `tiles`.
    """

    def hear(event: str, tell: Callable[[str], None]) -> Callable[[], None]:
        def receive() -> None:
            chosen = getattr(st.session_state[key], event)
            if any(tile.key == chosen for tile in tiles):
                tell(chosen)

        return receive

    _render(
        key=key,
        data={
            "picture": picture,
            "tiles": [
                {
                    "key": tile.key,
                    "name": tile.name,
                    "state": tile.state,
                    "isLong": tile.is_long,
                    "layers": list(tile.layers),
                    "done": tile.done,
                    "total": tile.total,
                    "note": tile.note,
                }
                for tile in tiles
            ],
            "open": opened,
            "sides": list(sides),
            "token": token,
            "waits": any(tile.state in {"waiting", "running"} for tile in tiles),
        },
        on_open_change=hear("open", on_open),
        on_compute_change=hear("compute", on_compute),
        on_cancel_change=hear("cancel", on_cancel),
        on_tick_change=lambda: None,
    )
