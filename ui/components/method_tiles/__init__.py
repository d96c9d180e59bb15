"""Methods of explanation side by side: each a picture with what the method found laid over it.

A click opens a method; what takes long is asked for by a button, shows how far it is, and can be called
off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ui.components.component import RERUN, Component, Trigger, hear_choice

_COMPONENT = Component("method_tiles")


@dataclass(frozen=True)
class MethodTile:
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
    tiles: Sequence[MethodTile],
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
    tiles : sequence of MethodTile
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

    def hear(tell: Callable[[str], None]) -> Trigger[str]:
        return hear_choice([tile.key for tile in tiles], tell)

    _COMPONENT.draw(
        key=key,
        data={
            "picture": picture,
            "tiles": [asdict(tile) for tile in tiles],
            "open": opened,
            "sides": list(sides),
            "token": token,
            "waits": any(tile.state in {"waiting", "running"} for tile in tiles),
        },
        triggers={
            "open": hear(on_open),
            "compute": hear(on_compute),
            "cancel": hear(on_cancel),
            "tick": RERUN,
        },
    )
