"""The calibration view: whether confidence matches accuracy, and what temperature scaling improves."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from layerscope.performance.calibration import (
    Bins,
    Scaling,
    bin_confidences,
    expect_error,
    score_brier,
)
from layerscope.performance.intervals import Estimate, estimate_loss
from ui import markup
from ui.charts import draw_chart
from ui.controls import choose
from ui.glossary import define
from ui.library import load_params
from ui.performance.address import BINNED, N_BINS
from ui.performance.classes import rule_log_loss
from ui.performance.estimates import EstimateLine, draw_estimates
from ui.performance.evaluation import (
    load_overall,
    load_scaling,
    load_weights,
    take_scores,
)
from ui.performance.reliability_figures import draw_reliability, draw_scaled
from ui.performance.scene import PerformanceScene, write_figure

_DRAWS = 400  # of what a perfectly calibrated model would show


@dataclass(frozen=True)
class _Claims:
    """What is claimed with which confidence, (n,) each, and whether it was so; how axes are called."""

    confidence: np.ndarray
    held: np.ndarray
    title: str
    names: tuple[str, str]


def draw(scene: PerformanceScene) -> None:
    """Draw the view."""
    claims = _list_claims(scene)
    left, right = st.columns(2, gap=None)
    with left.container(key="panel-reliability"):
        _draw_diagram(claims, scene)
    with right.container(key="panel-calibration"):
        _draw_scores(claims, scene)
        _draw_scaling(scene)


def _list_claims(scene: PerformanceScene) -> _Claims | None:
    """What the model claims: that its prediction is correct, or how probable the chosen class is."""
    answers, focus = scene.answers, scene.choice.focus_class
    if focus is not None and answers.outputs[focus] >= 0:
        positive, scores = take_scores(answers, focus)
        name = scene.name_class(focus)
        # Their own names, for the probability of a class is low most of the time.
        names = ("probability of the class", "share of the class")
        return _Claims(np.minimum(scores, 1), positive, f"The probability of {name}", names)
    named = answers.named
    if not named.any():
        return None
    confidence = np.minimum(answers.confidence[named], 1)
    title = "Confidence of the prediction"
    return _Claims(confidence, answers.correct[named], title, ("confidence", "accuracy"))


def _bin(confidence: np.ndarray, held: np.ndarray, scene: PerformanceScene) -> Bins:
    return bin_confidences(confidence, held, scene.choice.n_bins, scene.choice.binned)


def _draw_diagram(claims: _Claims | None, scene: PerformanceScene) -> None:
    choice = scene.choice
    if claims is None:
        st.html(markup.heading("Reliability"))
        st.html(
            '<p class="caution">The model has no output for any of these classes: no prediction can '
            "be correct, and confidence cannot be compared with accuracy.</p>"
        )
        return
    st.html(markup.heading(claims.title, f"{len(claims.held)} samples"))
    with st.container(key="bin-choices", horizontal=True, gap="small"):
        choose("binned", "Bins", tuple(BINNED), choice.binned, BINNED.__getitem__)
        choose("n_bins", "How many", N_BINS, choice.n_bins)
    bins = _bin(claims.confidence, claims.held, scene)
    with st.container(key="reliability"):
        draw_chart(draw_reliability(bins, claims.names), "reliability_chart", fill=True)
    focus = choice.focus_class
    if focus is not None and scene.answers.outputs[focus] < 0:
        st.html(
            f'<p class="caution">The model has no output for {escape(scene.name_class(focus))}: '
            "this is the confidence of all predictions.</p>"
        )


def _draw_scores(claims: _Claims | None, scene: PerformanceScene) -> None:
    if claims is None:
        return
    bins = _bin(claims.confidence, claims.held, scene)
    choice = scene.choice
    mean, high = expect_error(
        claims.confidence,
        choice.n_bins,
        choice.binned,
        _DRAWS,
        load_params().performance.random_state,
    )
    st.html(markup.heading("Calibration error", f"{choice.n_bins} bins"))
    lines = [
        EstimateLine("ECE", Estimate(bins.expected_error), define("calibration error")),
        EstimateLine(
            "MCE", Estimate(bins.largest_error), "The largest such difference of a single bin."
        ),
    ]
    if claims.names[0] == "confidence":
        brier, overall = _estimate_brier(scene), load_overall(scene.evaluation)
        lines += [
            EstimateLine(
                "Brier score", brier, f"{define('Brier score')} Bootstrap-t interval.", 2.0
            ),
            rule_log_loss(overall.log_loss, scene.answers.probabilities.shape[1]),
        ]
    st.html(draw_estimates(lines))
    error = bins.expected_error
    verdict = "more than chance explains" if error > high else "no more than chance explains"
    st.html(
        f'<p class="said">A perfectly calibrated model with the same confidences shows an ECE of '
        f"{mean:.3f} on the average, and below {high:.3f} in 95 of 100 cases: {error:.3f} is {verdict}.</p>"
    )


def _estimate_brier(scene: PerformanceScene) -> Estimate:
    answers = scene.answers
    named = answers.named
    scores = score_brier(answers.probabilities[named], answers.targets[named])
    return estimate_loss(scores, load_weights(len(answers))[:, named])


# --- temperature -----------------------------------------------------------------------------


def _draw_scaling(scene: PerformanceScene) -> None:
    scaling = load_scaling(scene.evaluation)
    if scaling is None:
        return
    st.html(markup.heading("Temperature scaling", f"T = {scaling.temperature:.3f}"))
    st.html(f'<p class="said">{_tell_scaling(scaling)}</p>')
    if scaling.is_bound:
        return
    answers = scene.answers
    rows = np.flatnonzero(answers.named)[scaling.held_out]
    before, after = answers.probabilities[rows].astype(float), scaling.probabilities
    correct = answers.correct[rows]
    bins = [_bin(np.minimum(p.max(axis=1), 1), correct, scene) for p in (before, after)]
    st.html(tabulate_scaling(before, after, answers.targets[rows], (bins[0], bins[1])))
    with st.container(key="scaled"):
        draw_chart(draw_scaled(bins[0], bins[1]), "scaled_chart", fill=True)


def _tell_scaling(scaling: Scaling) -> str:
    halves = (
        f"The temperature is fitted on {len(scaling.fitted)} samples and evaluated on the other "
        f"{len(scaling.held_out)}."
    )
    if scaling.is_bound:
        return (
            f"{halves} There is no best temperature: on the fitted half the log loss still falls at the "
            "end of the search, as it does where every prediction is correct."
        )
    if abs(np.log(scaling.temperature)) < 0.05:
        return f"{halves} The model is well calibrated."
    sure = (
        "overconfident: scaling lowers its confidence"
        if scaling.temperature > 1
        else "underconfident: scaling raises its confidence"
    )
    return f"{halves} The model is {sure}."


def tabulate_scaling(
    before: np.ndarray, after: np.ndarray, targets: np.ndarray, bins: tuple[Bins, Bins]
) -> str:
    """ECE, log loss and Brier score of the held-out half, before and after."""
    at = np.arange(len(targets)), targets
    tiny = np.finfo(np.float32).tiny
    rows = {
        "ECE": [each.expected_error for each in bins],
        "Log loss": [float(-np.log(np.maximum(p[at], tiny)).mean()) for p in (before, after)],
        "Brier score": [float(score_brier(p, targets).mean()) for p in (before, after)],
    }
    body = ""
    for name, (old, new) in rows.items():
        change = round(new, 3) - round(old, 3)  # as they are written
        kind = "good" if change < 0 else "bad" if change > 0 else ""
        body += (
            f'<tr><th scope="row">{name}</th><td>{write_figure(old)}</td>'
            f'<td class="{kind}">{write_figure(new)}</td></tr>'
        )
    return (
        '<table class="before-after"><thead><tr><th></th><th scope="col">before</th>'
        f'<th scope="col">after</th></tr></thead><tbody>{body}</tbody></table>'
    )
