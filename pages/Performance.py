"""Performance: which classes are mixed up, at which threshold, how surely, and with which pictures."""

from __future__ import annotations

import streamlit as st

from ui import performance
from ui.arrays import Unavailable
from ui.assets import read_asset
from ui.controls import draw_run_choice
from ui.library import list_runs, read_contents
from ui.performance.steps import STEPS
from ui.selection import choose_run
from ui.shell import open_page, show_no_runs, show_notices, show_unavailable


def main() -> None:
    """Draw the page."""
    style = read_asset(performance.__file__, "performance.css")
    unpacking = open_page("Performance", STEPS, style)
    runs, problem = list_runs()
    if not runs:
        show_no_runs(problem, unpacking)
        return
    # What it measures with takes a moment to import: the head of the page is out before.
    from ui.performance.address import recall_choice
    from ui.performance.stage import draw_stage

    run, refused = choose_run(st.query_params.to_dict(), runs)
    recall_choice(run)
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
