"""Explain: why a model answers as it does, by every method side by side, on any picture."""

from __future__ import annotations

import streamlit as st

from ui import explain
from ui.arrays import Unavailable
from ui.assets import read_asset
from ui.controls import draw_run_choice
from ui.explain.steps import STEPS
from ui.library import list_runs, read_contents
from ui.selection import choose_run
from ui.shell import open_page, show_no_runs, show_notices, show_unavailable


def main() -> None:
    """Draw the page."""
    unpacking = open_page("Explain", STEPS, read_asset(explain.__file__, "explain.css"))
    runs, problem = list_runs()
    if not runs:
        show_no_runs(problem, unpacking)
        return
    # Torch takes seconds to import: the head of the page is out before.
    from ui.explain.address import recall_choice
    from ui.explain.stage import draw_stage

    recall_choice()
    run, refused = choose_run(st.query_params.to_dict(), runs)
    board = st.container(key="explain-board")
    try:
        contents = read_contents(run)
        with board:
            refused += draw_stage(contents, runs)
    except Unavailable as unavailable:
        with board.container(key="empty-explain"):
            draw_run_choice(run, runs)
            show_unavailable(unavailable)
    show_notices(refused, problem, unpacking)


main()
