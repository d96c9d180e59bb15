"""The page's parts put together: choices at the left, one view at the right."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui.address import read_params
from ui.controls import choose, draw_run_choice
from ui.library import Contents
from ui.network.address import VIEWS, read_choice, write_choice
from ui.network.distributions_view import draw_distributions
from ui.network.graph_view import draw_graph
from ui.network.training_view import draw_training
from ui.network.trainings import list_trainings
from ui.network.view import NetworkView
from ui.selection import read_selection, write_selection

# Each returns what the address asked for in vain.
_DRAW: dict[str, Callable[[NetworkView], list[str]]] = {
    "graph": draw_graph,
    "distributions": draw_distributions,
    "training": draw_training,
}


def draw_stage(contents: Contents, runs: tuple[str, ...]) -> list[str]:
    """Draw what the address asks for; returns the names of what it asked for in vain."""
    params = read_params()
    selection, refused = read_selection(params, contents)
    choice, refused_choices = read_choice(params, list_trainings(contents.run))
    write_selection(selection)
    write_choice(choice)
    left, right = st.columns(2, gap=None)
    side = left.container(key="side-panel")
    with side:
        draw_run_choice(contents.run, runs)
    with right.container(key="page-stage"):
        with st.container(key="page-views", horizontal=True, gap=None):
            choose("network_view", "View", tuple(VIEWS), choice.network_view, VIEWS.__getitem__)
        stage = st.container(key=f"network-{choice.network_view}", gap="small")
    view = NetworkView(selection, choice, contents, side, stage)
    return refused + refused_choices + _DRAW[choice.network_view](view)
