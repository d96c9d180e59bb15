"""The Explorer: where the samples of a data set lie in each layer of a model."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from ui import view
from ui.arrays import Unavailable
from ui.components.scatter import draw_scatter
from ui.components.thumbnails import load_sheet, send_thumbnails
from ui.controls import draw_run_choice, draw_view_choices
from ui.inspector import draw_hint, draw_inspector
from ui.library import Contents, list_runs, read_contents
from ui.markup import heading, plot_head
from ui.selection import choose_run, read_selection, write_selection
from ui.shell import open_page, show_no_runs, show_notices, show_unavailable


def pin(uid: int | None) -> None:
    """Choose a sample, or none."""
    if uid is None:
        st.query_params.pop("sample", None)
    else:
        st.query_params["sample"] = str(uid)


@st.fragment
def draw_stage(contents: Contents) -> None:
    """The plot and the inspector: a click reruns these two and nothing else."""
    selection, _ = read_selection(st.query_params.to_dict(), contents)
    plot, inspector = st.columns(2, gap=None)
    with plot.container(key="plot-panel"):
        try:
            points = view.load_points(selection, contents)
            st.html(plot_head(*view.title(selection), view.figures(selection)))
            with st.container(key="scatter"):
                draw_scatter(points, selection.sample, key="points", on_pin=pin)
        except Unavailable as problem:
            show_unavailable(problem)
    with inspector.container(key="inspector-panel"):
        try:
            if selection.sample is None:
                draw_hint()
            else:
                near = view.load_neighbors(selection, contents.depth(selection.layer))
                draw_inspector(selection.run, selection.sample, near, on_release=lambda: pin(None))
        except Unavailable as problem:
            show_unavailable(problem)


def main() -> None:
    """Draw the page."""
    unpacking = open_page("Explorer")
    runs, problem = list_runs()
    if not runs:
        show_no_runs(problem, unpacking)
        return
    params = st.query_params.to_dict()
    run, refused = choose_run(params, runs)
    with st.container(key="board"):
        choices, stage = st.columns(2, gap=None)
    with choices.container(key="view-panel"):
        st.html(heading("View"))
        draw_run_choice(run, runs)
    try:
        contents = read_contents(run)
        selection, also_refused = read_selection(params, contents)
        write_selection(selection)
        with choices.container(key="view-choices"):
            draw_view_choices(selection, contents)
        with stage.container(key="stage"):
            draw_stage(contents)
        show_notices(refused + also_refused, problem, unpacking)
    except Unavailable as unavailable:
        with stage.container(key="empty-stage"):
            show_unavailable(unavailable)
        show_notices(refused, problem, unpacking)
        return
    # Last, because a thousand pictures take a second: the plot is there already.
    with st.container(key="unseen"), suppress(Unavailable):
        send_thumbnails(load_sheet(run, selection.size), view.family(selection), key="sheet")


main()
