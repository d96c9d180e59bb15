"""The Explorer: where the samples of a data set lie in each layer of a model, and why."""

from __future__ import annotations

import streamlit as st

from ui.address import change, read_params
from ui.arrays import Unavailable, tell_damaged_figures
from ui.components.model_map import draw_model_map
from ui.components.thumbnails import load_sheet, send_thumbnails
from ui.controls import draw_run_choice
from ui.explorer import stage
from ui.explorer.controls import draw_color_choices, draw_view_choices
from ui.explorer.view import list_curves
from ui.layouts import family
from ui.library import Contents, list_runs, read_contents, tell_reading
from ui.markup import heading
from ui.sample.explainer import warm_up
from ui.selection import Selection, choose_run, read_selection, write_selection
from ui.shell import open_page, optional, show_no_runs, show_notices, show_unavailable
from ui.tour import STEPS


def draw_map(selection: Selection, contents: Contents) -> None:
    """The model, to choose a layer from."""
    with st.container(key="model-map"):
        draw_model_map(
            contents.layers,
            selection.layer,
            list_curves(selection),
            key="model_map",
            on_pick=lambda key: change(layer=key, channel=None),
        )


def main() -> None:
    """Draw the page."""
    unpacking = open_page("Explorer", STEPS)
    runs, problem = list_runs()
    if not runs:
        show_no_runs(problem, unpacking)
        return
    params = read_params()
    run, refused = choose_run(params, runs)
    map_place = st.container(key="map-place")
    with st.container(key="board"):
        choices, rest = st.columns(2, gap=None)
    panel = choices.container(key="view-panel")
    with panel:
        st.html(heading("View"))
        draw_run_choice(run, runs)
    try:
        contents = read_contents(run)
        selection, also_refused = read_selection(params, contents)
        write_selection(selection)
        with map_place:
            draw_map(selection, contents)
        with panel.container(key="view-choices"):
            draw_view_choices(selection, contents)
            with st.container(key="color-choices"):
                draw_color_choices(selection, contents)
        with rest.container(key="stage"):
            stage.draw_stage(contents)
        told = tell_damaged_figures(run), *tell_reading(run)
        show_notices(refused + also_refused, problem, unpacking, *told)
    except Unavailable as unavailable:
        with rest.container(key="empty-stage"):
            show_unavailable(unavailable)
        show_notices(refused, problem, unpacking)
        return
    # Last, because a thousand pictures take a second: the plot is there already.
    with st.container(key="unseen"), optional():
        send_thumbnails(load_sheet(run, selection.size), family(selection), key="sheet")
    warm_up(run)


main()
