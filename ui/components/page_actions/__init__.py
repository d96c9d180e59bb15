"""What stands at the right of the top bar: copy the link of this view, and take the guided tour.

Both work in the browser; Python hears of neither. The tour is driver.js, which draws over the page
itself, so that its style goes into the document's head instead of the component's shadow root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from ui.components.component import Component
from ui.tour import TourStep

_COMPONENT = Component("page_actions")


def draw_page_actions(steps: Sequence[TourStep] | None, *, key: str) -> None:
    """Draw the buttons.

    Parameters
    ----------
    steps : sequence of TourStep or None
        Of the page's tour; None for a page without one, which has no button for it.
    key : str
        Of the component.
    """
    _COMPONENT.draw(
        key=key,
        data={"steps": [asdict(step) for step in steps] if steps else []},
        width="content",
    )
