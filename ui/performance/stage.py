"""The page's parts put together: choices and figures at the left, one view at the right."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from layerscope.errors import InputError
from ui.address import change, read_params
from ui.arrays import Unavailable
from ui.components.thumbnails import load_sheet, send_thumbnails
from ui.controls import choose
from ui.layouts import family
from ui.library import Contents
from ui.performance import calibration, classes, confusion, errors, layers, thresholds
from ui.performance.address import VIEWS, let_go, read_choice, write_choice
from ui.performance.evaluation import has_rest, load_evaluation, load_overall
from ui.performance.scene import PerformanceScene, write_figure
from ui.performance.sidebar import (
    draw_class_choice,
    draw_data_choices,
    draw_overall,
    draw_techniques,
)
from ui.performance.travel import depart
from ui.selection import read_selection, write_selection
from ui.shell import optional, show_problem, show_unavailable

_DRAW: dict[str, Callable[[PerformanceScene], None]] = {
    "confusion": confusion.draw,
    "classes": classes.draw,
    "thresholds": thresholds.draw,
    "calibration": calibration.draw,
    "errors": errors.draw,
    "layers": layers.draw,
}


def draw_stage(contents: Contents, runs: tuple[str, ...]) -> list[str]:
    """Draw what the address asks for; returns the names of what it asked for in vain."""
    depart()
    let_go(contents.run)
    selection, refused = read_selection(read_params(), contents)
    write_selection(selection)
    left, right = st.columns(2, gap=None)
    side = left.container(key="side-panel")
    with side:
        draw_data_choices(selection, contents, runs)
    stage = right.container(key="page-stage")
    try:
        evaluation = load_evaluation(selection.run, selection.size)
        rest = has_rest(evaluation.answers)
        choice, refused_choice = read_choice(read_params(), evaluation.answers, rest)
        write_choice(choice)
        scene = PerformanceScene(selection, contents, evaluation, choice)
        with side:
            draw_class_choice(scene)
            draw_overall(scene)
            draw_techniques(choice)
        with stage:
            _draw_view(scene)
    except Unavailable as unavailable:
        with stage.container(key="panel-missing"):
            show_unavailable(unavailable)
        return refused
    except InputError as problem:
        with stage.container(key="panel-problem"):
            show_problem(str(problem))
        return refused
    # Last, because a thousand pictures take a second.
    if choice.perf == "confusion" and choice.cell is not None:
        with st.container(key="unseen"), optional():
            sheet = load_sheet(selection.run, selection.size)
            send_thumbnails(sheet, family(selection), key="sheet")
    return refused + refused_choice


def _draw_view(scene: PerformanceScene) -> None:
    view = scene.choice.perf
    with st.container(key="page-views", horizontal=True, gap=None):
        choose(
            "perf",
            "View",
            tuple(VIEWS),
            view,
            VIEWS.__getitem__,
            lambda: change(perf=st.session_state["perf"], about=None),
        )
        st.html(_tell(scene), width="content")
    with st.container(key=f"performance-{view}", gap="small"):
        _DRAW[view](scene)


def _tell(scene: PerformanceScene) -> str:
    overall = load_overall(scene.evaluation)
    said = f"of {scene.selection.size} samples"
    if not overall.n_named:
        return f'<p class="told"><b>No output for these classes</b> <span>{said}</span></p>'
    wrong = overall.n_named - int(scene.answers.correct.sum())
    if overall.n_named < len(scene.answers):
        said = f"of {overall.n_named} samples whose class the model has an output for"
    figure = write_figure(overall.accuracy.value)
    errors = "error" if wrong == 1 else "errors"
    figures = f"accuracy <b>{figure}</b>, <b>{wrong}</b> {errors}"
    return f'<p class="told">{figures} <span>{escape(said)}</span></p>'
