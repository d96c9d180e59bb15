"""The classes most like one, as bars of their cosines; a click goes on to a class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ui.components.component import Component, hear_choice

_COMPONENT = Component("nearest_classes", html='<ol aria-label="Most similar classes"></ol>')


@dataclass(frozen=True)
class NearClass:
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


def draw_nearest_classes(
    rows: Sequence[NearClass], *, key: str, on_pick: Callable[[int], None]
) -> None:
    """Draw the rows, from the most similar one.

    Parameters
    ----------
    rows : sequence of NearClass
    key : str
        Of the component.
    on_pick : callable
        Called with the index of one of `rows`.
    """
    shown = [row.index for row in rows]
    _COMPONENT.draw(
        key=key,
        data={"rows": [asdict(row) for row in rows]},
        triggers={"pick": hear_choice(shown, on_pick)},
    )
