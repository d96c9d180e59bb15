"""What stands at the right of the top bar: copy the link of this view, and take the guided tour.

Both work in the browser; Python hears of neither. The tour is driver.js, which draws over the page
itself, so that its style goes into the document's head instead of the component's shadow root.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from ui.assets import read_asset
from ui.tour import TourStep
from ui.vendor import read_vendored

_SCRIPTS = ("find.js", "focus.js", "copy.js", "tour.js", "page_actions.js")


def _join_scripts() -> str:
    """One module: driver.js, which wants a `this` to put itself on, its style, and ours."""
    driver = read_vendored("driver.js", "driver.js.iife.js")
    style = read_vendored("driver.js", "driver.css") + read_asset(__file__, "tour.css")
    ours = [read_asset(__file__, name) for name in _SCRIPTS]
    return "\n".join(
        [
            f"const vendored = {{}};\n(function () {{\n{driver}\n}}).call(vendored);",
            f"const TOUR_STYLE = {json.dumps(style)};",
            *ours,
        ]
    )


_render = st.components.v2.component(
    "layerscope.page_actions",
    html=read_asset(__file__, "page_actions.html"),
    css=read_asset(__file__, "page_actions.css"),
    js=_join_scripts(),
)


def draw_page_actions(steps: Sequence[TourStep] | None, *, key: str) -> None:
    """Draw the buttons.

    Parameters
    ----------
    steps : sequence of TourStep or None
        Of the page's tour; None for a page without one, which has no button for it.
    key : str
        Of the component.
    """
    _render(
        key=key,
        data={"steps": [asdict(step) for step in steps] if steps else []},
        width="content",
    )
