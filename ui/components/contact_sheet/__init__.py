"""Small pictures of chosen samples side by side, from the sheet that `ui.components.thumbnails` sends.

Python hears only of picks; pointing at a picture shows the sample in the plots of the same family.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ui.components.component import Component, hear_choice

_COMPONENT = Component("contact_sheet")


def draw_contact_sheet(
    uids: Sequence[int],
    names: Sequence[str],
    colors: Sequence[str],
    *,
    family: str,
    pinned: int | None,
    key: str,
    on_pin: Callable[[int], None],
    side: int = 44,
    rows: int | None = None,
) -> None:
    """Draw the pictures, a few hundred at first and more on demand.

    Parameters
    ----------
    uids : sequence of int
        In the order in which they are shown.
    names, colors : sequence of str
        Of each sample's class.
    family : str
        Of the sheet with the pictures; until it is on the page, cells are blank.
    pinned : int or None
        The sample that is marked.
    key : str
        Of the component.
    on_pin : callable
        Called with a uid.
    side : int
        Least width of a picture in pixels; they fill the width.
    rows : int, optional
        Rows that are in sight at once, the rest scrolls; without it, all are. A single row is ten
        pictures wide.
    """
    shown = [int(uid) for uid in uids]
    kinds = {
        kind: group for group, kind in enumerate(dict.fromkeys(zip(names, colors, strict=True)))
    }
    _COMPONENT.draw(
        key=key,
        data={
            "uids": shown,
            "kinds": [list(kind) for kind in kinds],
            "groups": [kinds[kind] for kind in zip(names, colors, strict=True)],
            "family": family,
            "pinned": -1 if pinned is None else pinned,
            "side": side,
            "rows": rows,
        },
        triggers={"pinned": hear_choice(shown, on_pin)},
    )
