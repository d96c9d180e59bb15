"""Network: what the model is made of, operator by operator, and how its weights came to be."""

from __future__ import annotations

import streamlit as st

from ui import network
from ui.arrays import Unavailable
from ui.assets import read_asset
from ui.controls import draw_run_choice
from ui.library import list_runs, read_contents
from ui.network.address import recall_choice
from ui.network.stage import draw_stage
from ui.network.steps import STEPS
from ui.selection import choose_run
from ui.shell import open_page, show_no_runs, show_notices, show_unavailable


def main() -> None:
    """Draw the page."""
    unpacking = open_page("Network", STEPS, read_asset(network.__file__, "network.css"))
    runs, problem = list_runs()
    if not runs:
        show_no_runs(problem, unpacking)
        return
    recall_choice()
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
