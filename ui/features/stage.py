"""The page's parts put together: choices at the left, one view at the right."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.address import read_params
from ui.controls import choose, draw_run_choice
from ui.features.address import VIEWS, read_view, write_view
from ui.features.classes.view import draw as draw_classes
from ui.features.kernels.view import draw as draw_kernels
from ui.features.playground.view import draw as draw_playground
from ui.features.units.view import draw as draw_units
from ui.library import Contents
from ui.selection import Selection, read_selection, write_selection

# Draws its choices into the first container and its view into the second; returns what the address
# asked for in vain.
View = Callable[[Selection, Contents, DeltaGenerator, DeltaGenerator], list[str]]
_DRAW: dict[str, View] = {
    "units": draw_units,
    "kernels": draw_kernels,
    "classes": draw_classes,
    "trial": draw_playground,
}


def draw_stage(contents: Contents, runs: tuple[str, ...]) -> list[str]:
    """Draw what the address asks for; returns the names of what it asked for in vain."""
    params = read_params()
    selection, refused = read_selection(params, contents)
    view, refused_view = read_view(params)
    write_selection(selection)
    write_view(view)
    left, right = st.columns(2, gap=None)
    side = left.container(key="side-panel")
    with side:
        draw_run_choice(contents.run, runs)
    with right.container(key="page-stage"):
        with st.container(key="page-views", horizontal=True, gap=None):
            choose("show", "View", tuple(VIEWS), view, VIEWS.__getitem__)
        stage = st.container(key=f"features-{view}", gap="small")
    return refused + refused_view + _DRAW[view](selection, contents, side, stage)
