"""Experiments: the pipeline under other parameters, compared; any two side by side."""

from __future__ import annotations

import streamlit as st

from ui import experiments
from ui.arrays import Unavailable
from ui.assets import read_asset
from ui.controls import draw_run_choice
from ui.experiments.steps import STEPS
from ui.library import list_runs, read_contents
from ui.selection import choose_run
from ui.shell import open_page, show_no_runs, show_notices, show_unavailable


def main() -> None:
    """Draw the page."""
    style = read_asset(experiments.__file__, "experiments.css")
    unpacking = open_page("Experiments", STEPS, style)
    runs, problem = list_runs()
    if not runs:
        show_no_runs(problem, unpacking)
        return
    # Neighbours need scikit-learn, which takes a second to import: the head of the page is out before.
    from ui.experiments.address import recall_choice
    from ui.experiments.stage import draw_stage

    recall_choice()
    run, refused = choose_run(st.query_params.to_dict(), runs)
    problems: list[str] = []
    try:
        contents = read_contents(run)
        refused_choices, problems = draw_stage(contents, runs)
        refused += refused_choices
    except Unavailable as unavailable:
        with st.container(key="panel-empty"):
            draw_run_choice(run, runs)
            show_unavailable(unavailable)
    show_notices(refused, problem, unpacking, *problems)


main()
