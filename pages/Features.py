"""Features: what the network learned, from its kernels to its classes, and what t-SNE makes of it."""

from __future__ import annotations

import streamlit as st

from ui.arrays import Unavailable
from ui.controls import draw_run_choice
from ui.features.address import recall_view
from ui.features.steps import STEPS
from ui.library import list_runs, read_contents
from ui.selection import choose_run
from ui.shell import open_page, show_no_runs, show_notices, show_unavailable


def main() -> None:
    """Draw the page."""
    unpacking = open_page("Features", STEPS)
    runs, problem = list_runs()
    if not runs:
        show_no_runs(problem, unpacking)
        return
    # Torch takes seconds to import: the head of the page is out before.
    from ui.features.stage import draw_stage

    recall_view()
    run, refused = choose_run(st.query_params.to_dict(), runs)
    board = st.container(key="page-board")
    try:
        contents = read_contents(run)
        with board:
            refused += draw_stage(contents, runs)
    except Unavailable as unavailable:
        with board.container(key="panel-empty"):
            draw_run_choice(run, runs)
            show_unavailable(unavailable)
    show_notices(refused, problem, unpacking)


main()
