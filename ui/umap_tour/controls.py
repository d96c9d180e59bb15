"""The row of choices above the tour."""

from __future__ import annotations

import streamlit as st

from ui.address import change
from ui.coloring import cluster_layer
from ui.controls import change_size, choose, select
from ui.library import Contents, name_run
from ui.selection import Selection, name_coloring, offers
from ui.umap_tour.address import TourChoice

_ALONE = "none"
_MOVED = "moved"


def draw_choices(
    selection: Selection, contents: Contents, tour: TourChoice, partners: tuple[str, ...]
) -> None:
    """The run at the side, the number of samples, and the colouring."""
    _draw_second(tour, partners)
    choose("size", "Samples", contents.sizes, selection.size, on_change=change_size)
    _draw_coloring(selection, contents, tour)


def _draw_second(tour: TourChoice, partners: tuple[str, ...]) -> None:
    st.session_state["second"] = tour.second or _ALONE
    st.selectbox(
        "Compare with",
        (_ALONE, *partners),
        key="second",
        format_func=lambda each: "nothing" if each == _ALONE else name_run(each),
        help=None
        if partners
        else "No other run of the same samples is built. `make run DATASET=... MODEL=...` adds one.",
        on_change=_change_second,
    )


def _change_second() -> None:
    second = st.session_state["second"]
    change(second=None if second == _ALONE else second, second_layer=None)


def _draw_coloring(selection: Selection, contents: Contents, tour: TourChoice) -> None:
    colors = (*offers(contents), _MOVED)
    st.session_state["tour_color"] = _MOVED if tour.moved else selection.color
    st.selectbox(
        "Colour by",
        colors,
        key="tour_color",
        format_func=lambda key: "Movement between layers" if key == _MOVED else name_coloring(key),
        on_change=_change_coloring,
    )
    if selection.color == "cluster" and not tour.moved:
        keys = [layer.key for layer in contents.layers]
        select("cluster", "Clusters of", keys, cluster_layer(selection, contents), str, only=None)


def _change_coloring() -> None:
    chosen = st.session_state["tour_color"]
    if chosen == _MOVED:
        change(moved=1)
    else:
        change(moved=None, color=chosen, only=None)
