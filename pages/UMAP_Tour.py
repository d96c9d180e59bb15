"""The UMAP Tour: a layer's 15-dimensional UMAP in motion, one network or two side by side."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from ui import umap_tour
from ui.address import read_params
from ui.arrays import Unavailable, tell_damaged_figures
from ui.assets import read_asset
from ui.components.thumbnails import load_sheet, send_thumbnails
from ui.controls import draw_run_choice
from ui.layouts import family
from ui.library import list_runs, load_params, read_contents
from ui.selection import choose_run, read_selection, write_selection
from ui.shell import open_page, optional, show_no_runs, show_notices, show_unavailable
from ui.umap_tour.address import choose_second, read_tour, recall_tour, write_tour
from ui.umap_tour.controls import draw_choices
from ui.umap_tour.networks import list_partners, send_networks
from ui.umap_tour.stage import ShownTour, draw_stage
from ui.umap_tour.steps import STEPS


def main() -> None:
    """Draw the page."""
    unpacking = open_page("UMAP Tour", STEPS, read_asset(umap_tour.__file__, "umap_tour.css"))
    runs, problem = list_runs()
    if not runs:
        show_no_runs(problem, unpacking)
        return
    recall_tour()
    params = read_params()
    run, refused = choose_run(params, runs)
    choices = st.container(key="tour-choices", horizontal=True, gap="small")
    stage = st.container(key="tour-stage")
    with choices:
        draw_run_choice(run, runs)
    try:
        contents = read_contents(run)
        selection, refused_choices = read_selection(params, contents)
        with stage:
            partners = list_partners(run, selection.size, runs)
        partner, refused_run = choose_second(params, partners)
        second = read_contents(partner) if partner else None
        n_components = load_params().umap.n_components
        tour, refused_tour = read_tour(params, second, n_components)
        write_selection(selection)
        write_tour(tour)
        with choices:
            draw_choices(selection, contents, tour, partners)
        with stage:
            draw_stage(ShownTour(contents, second, n_components))
        refused += refused_choices + refused_run + refused_tour
        show_notices(refused, problem, unpacking, tell_damaged_figures(run))
    except Unavailable as unavailable:
        with stage.container(key="empty-stage"):
            show_unavailable(unavailable)
        show_notices(refused, problem, unpacking)
        return
    with st.container(key="unseen"):
        with suppress(Unavailable):  # which the stage says
            send_networks(selection, tour, contents, second)
        with optional():
            send_thumbnails(load_sheet(run, selection.size), family(selection), key="sheet")


main()
