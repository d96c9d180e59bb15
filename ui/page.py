"""The frame of a page of panels: its head, the run, what it draws, and what could not be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext

import streamlit as st

from ui.address import read_params
from ui.arrays import Unavailable, tell_damaged_figures
from ui.controls import draw_run_choice
from ui.library import Contents, list_runs, read_contents
from ui.selection import choose_run
from ui.shell import open_page, show_no_runs, show_notices, show_unavailable
from ui.tour import TourStep

# Draws what the address asks for, of a run among all runs; returns the names of what it asked for in vain.
Stage = Callable[[Contents, tuple[str, ...]], list[str]]


def run_page(
    title: str,
    steps: Sequence[TourStep],
    load: Callable[[], Stage],
    style: str = "",
    board: str | None = "page-board",
    empty: str = "panel-empty",
) -> None:
    """Draw a page.

    Parameters
    ----------
    title : str
        Of an entry in `ui.shell.PAGES`.
    steps : sequence of TourStep
        Of the page's guided tour.
    load : callable
        Imports what takes long, recalls the page's part of the address, and returns what draws the
        stage. It is called when the head of the page is out.
    style : str, optional
        What the page adds to the one style sheet.
    board : str, optional
        Key of the container of it all; None for a page that has none.
    empty : str, optional
        Key of the container of the message where arrays are missing.
    """
    unpacking = open_page(title, steps, style)
    runs, problem = list_runs()
    if not runs:
        show_no_runs(problem, unpacking)
        return
    draw_stage = load()
    run, refused = choose_run(read_params(), runs)
    place = nullcontext() if board is None else st.container(key=board)
    try:
        contents = read_contents(run)
        with place:
            refused += draw_stage(contents, runs)
    except Unavailable as unavailable:
        with place, st.container(key=empty):
            draw_run_choice(run, runs)
            show_unavailable(unavailable)
    show_notices(refused, problem, unpacking, tell_damaged_figures(run))
