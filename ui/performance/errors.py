"""The view of single predictions: the most confident errors, and what else is worth a look."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from layerscope.performance.labeled_predictions import rank_errors, rank_unnamed, rank_unsure
from ui import markup
from ui.components.prediction_tiles import PredictionTile, draw_prediction_tiles
from ui.performance.sample_card import load_picture
from ui.performance.scene import PerformanceScene, count
from ui.performance.travel import plan_explanation, plan_explorer

_FEW = 10  # errors; with fewer, there is room for correct predictions of low confidence
_MOST = 36  # tiles of a kind


def draw(scene: PerformanceScene) -> None:
    """Draw the view."""
    errors = _keep_focus(rank_errors(scene.answers), scene)
    with st.container(key="panel-errors"):
        _draw_errors(errors, scene)
        if len(errors) < _FEW and scene.answers.correct.any():
            _draw_unsure(len(errors), scene)
        _draw_unnamed(scene)


def _keep_focus(uids: np.ndarray, scene: PerformanceScene) -> np.ndarray:
    """Those that the chosen class has to do with: it is their true or their predicted class."""
    focus, answers = scene.choice.focus_class, scene.answers
    if focus is None:
        return uids
    concerned = answers.is_class(focus)
    if answers.outputs[focus] >= 0:
        concerned = concerned | (answers.predicted == answers.outputs[focus])
    return uids[concerned[uids]]


def _about(scene: PerformanceScene) -> str:
    focus = scene.choice.focus_class
    return "" if focus is None else f" with {scene.name_class(focus)}"


def _draw_errors(errors: np.ndarray, scene: PerformanceScene) -> None:
    n_named = int(scene.answers.named.sum())
    st.html(
        markup.heading(
            f"Most confident errors{_about(scene)}", f"{len(errors)} of {n_named} samples"
        )
    )
    if not n_named:
        st.html(
            '<p class="caution">The model has no output for any of these classes: no prediction can '
            "be correct, so that none counts as an error.</p>"
        )
    elif not len(errors):
        said = f"There is no error{_about(scene)}: every prediction is correct at this size."
        st.html(f'<p class="said">{escape(said)}</p>')
    _draw_tiles("errors", errors, "Most confident errors", scene)


def _draw_unsure(n_errors: int, scene: PerformanceScene) -> None:
    unsure = _keep_focus(rank_unsure(scene.answers), scene)[:12]
    if not len(unsure):
        return
    st.html(
        markup.heading(f"Least confident, and correct{_about(scene)}", f"the first {len(unsure)}")
    )
    few = f"With {count(n_errors, 'error')}" if n_errors else "Without an error"
    st.html(
        f'<p class="said">{few} there is little to learn from errors alone: these predictions are '
        "correct, but of the lowest confidence.</p>"
    )
    _draw_tiles("unsure", unsure, "Least confident correct predictions", scene)


def _draw_unnamed(scene: PerformanceScene) -> None:
    unnamed = _keep_focus(rank_unnamed(scene.answers), scene)
    if not len(unnamed):
        return
    st.html(
        markup.heading(
            f"Most confident on classes without an output{_about(scene)}",
            f"{len(unnamed)} samples",
        )
    )
    st.html(
        '<p class="said">The model has no output for the class of these samples: no prediction can be '
        "correct, so that none counts as an error. The most confident come first.</p>"
    )
    _draw_tiles("unnamed", unnamed, "Predictions for classes without an output", scene)


def _draw_tiles(key: str, uids: np.ndarray, label: str, scene: PerformanceScene) -> None:
    shown = [int(uid) for uid in uids[:_MOST]]
    if not shown:
        return

    draw_prediction_tiles(
        [_tile(uid, scene) for uid in shown],
        label,
        key=f"tiles_{key}",
        on_open=lambda uid: plan_explorer(scene, shown, uid),
        on_explain=lambda uid: plan_explanation(scene, uid),
    )
    if len(uids) > len(shown):
        st.html(f'<p class="source">The first {len(shown)} of {len(uids)}.</p>')


def _tile(uid: int, scene: PerformanceScene) -> PredictionTile:
    answers = scene.answers
    label, predicted = int(answers.labels[uid]), int(answers.predicted[uid])
    return PredictionTile(
        uid,
        load_picture(scene.selection.run, uid),
        scene.name_class(label),
        scene.name_output(predicted),
        scene.color_class(label),
        scene.color_output(predicted),
        float(answers.confidence[uid]),
        not answers.correct[uid],
    )
