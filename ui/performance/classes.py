"""The view of each class: precision, recall and F1 as a table, all together, and one class in detail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import log

import numpy as np
import streamlit as st

from layerscope.performance.intervals import Estimate
from layerscope.performance.scores import ClassScores, Overall
from ui import markup
from ui.address import change
from ui.components.class_table import ClassRow, ScoreCell, ScoreColumn, draw_class_table
from ui.glossary import define
from ui.performance.address import choose_focus
from ui.performance.estimates import EstimateLine, draw_estimates
from ui.performance.evaluation import load_classes, load_overall, load_weights
from ui.performance.scene import PerformanceScene, count, write_figure, write_interval

_STARTS = (0.9, 0.8, 0.5, 0.0)  # of the axes: as late as all intervals allow
_WILSON = "Wilson's interval."
_EFFECTIVE = "Wilson's interval at the effective number of samples."
_MEASURES = {
    "precision": ("Precision", define("precision")),
    "recall": ("Recall", define("recall")),
    "f1": ("F1", define("F1")),
}


def draw(scene: PerformanceScene) -> None:
    """Draw the view."""
    scores = load_classes(scene.evaluation)
    left, right = st.columns(2, gap=None)
    with left.container(key="panel-classes"):
        _draw_table(scores, scene)
    with right.container(key="panel-scores"):
        _draw_overall(load_overall(scene.evaluation), scene)
        _draw_focus(scene)


# --- the table -------------------------------------------------------------------------------


def _draw_table(scores: list[ClassScores], scene: PerformanceScene) -> None:
    with_output = sum(each.has_output for each in scores)
    st.html(markup.heading("Each class against the rest", f"{len(scores)} classes"))
    start = find_start([each for one in scores for each in (one.precision, one.recall, one.f1)])
    heads = [
        ScoreColumn("class", "Class", "In the order of the data set."),
        ScoreColumn("support", "Samples", "How many samples there are of the class."),
        *(ScoreColumn(key, name, title, start) for key, (name, title) in _MEASURES.items()),
    ]
    ordered = sort_scores(scores, scene.choice.ranked)
    draw_class_table(
        heads,
        [_row(each, scene) for each in ordered],
        scene.choice.ranked,
        scene.choice.focus_class,
        key="class_table",
        on_sort=lambda key: change(ranked=turn(scene.choice.ranked, key)),
        on_choose=lambda label: choose_focus(None if label == scene.choice.focus_class else label),
    )
    axis = f" Axes begin at {start:g}." if start else ""
    st.html(
        f'<p class="source">A tick is the value, and the bar behind it the 95 % interval.{axis} '
        "Click the head of a column to sort, and a class to choose it in all views.</p>"
    )
    if with_output < len(scores):
        st.html(
            f'<p class="caution">The model has an output for {with_output} of the {len(scores)} classes; '
            "precision, recall and F1 are defined for these only. A sample that is predicted as one of them "
            "and is of another class is a false positive, whatever that class is. Macro F1 at the right is "
            "over the same samples as accuracy, those of classes with an output: it is not this column's "
            "mean.</p>"
        )


def find_start(estimates: Iterable[Estimate]) -> float:
    """Where axes that end at one begin, so that every interval is seen whole."""
    ends = [each.low if each.has_interval else each.value for each in estimates if each.is_defined]
    lowest = min(ends, default=0.0)
    return next((start for start in _STARTS if lowest >= start), _STARTS[-1])


def turn(ranked: str, key: str) -> str:
    """The next order when the head of a column is clicked: names rise first, figures fall."""
    first, second = (key, f"-{key}") if key == "class" else (f"-{key}", key)
    return second if ranked == first else first


def sort_scores(scores: list[ClassScores], ranked: str) -> list[ClassScores]:
    """Classes in one of the orders `RANKED`; those without the figure come last in both directions."""
    key, falls = ranked.removeprefix("-"), ranked.startswith("-")
    if key == "class":
        return scores[::-1] if falls else scores

    def value(each: ClassScores) -> float:
        found = getattr(each, key)
        return found.value if isinstance(found, Estimate) else float(found)

    defined = [each for each in scores if np.isfinite(value(each))]
    rest = [each for each in scores if not np.isfinite(value(each))]
    return sorted(defined, key=value, reverse=falls) + rest


def _row(scores: ClassScores, scene: PerformanceScene) -> ClassRow:
    label = scores.label
    reasons = {
        "precision": "never predicted" if scores.has_output else "no output",
        "recall": "no samples" if scores.has_output else "no output",
        "f1": "not defined" if scores.has_output else "no output",
    }
    cells = [ScoreCell(str(scores.support), f"{scores.predicted} samples are predicted as it.")]
    cells += [_cell(getattr(scores, key), reason) for key, reason in reasons.items()]
    return ClassRow(label, scene.name_class(label), scene.color_class(label), tuple(cells))


def _cell(estimate: Estimate, reason: str) -> ScoreCell:
    if not estimate.is_defined:
        return ScoreCell(reason, "Not defined: there are no samples to take a share of.")
    text, interval = write_figure(estimate.value), write_interval(estimate)
    title = f"{text}, 95 % interval {interval}" if interval else text
    if not estimate.has_interval:
        return ScoreCell(text, title, estimate.value)
    return ScoreCell(text, title, estimate.value, estimate.low, estimate.high)


# --- all classes together --------------------------------------------------------------------


def list_lines(overall: Overall, n_outputs: int) -> list[EstimateLine]:
    """The scores of all classes together, with what each means."""
    log_loss = rule_log_loss(overall.log_loss, n_outputs)
    return [
        EstimateLine("Accuracy", overall.accuracy, f"{define('accuracy')} {_WILSON}"),
        EstimateLine("Top-5", overall.top5, f"{define('top-5 accuracy')} {_WILSON}"),
        EstimateLine("Macro F1", overall.macro_f1, f"{define('macro F1')} {_EFFECTIVE}"),
        EstimateLine("Kappa", overall.kappa, f"{define('kappa')} {_EFFECTIVE}"),
        EstimateLine("MCC", overall.mcc, f"{define('MCC')} {_EFFECTIVE}"),
        log_loss,
    ]


def rule_log_loss(estimate: Estimate, n_outputs: int) -> EstimateLine:
    """Log loss on an axis to what guessing gives, the logarithm of the number of outputs, or further."""
    guess = log(max(n_outputs, 2))
    ends = [guess, estimate.high if estimate.has_interval else estimate.value]
    note = f"{define('log loss')} Guessing gives {guess:.2f}. Bootstrap-t interval."
    return EstimateLine("Log loss", estimate, note, max(end for end in ends if end == end))


def _draw_overall(overall: Overall, scene: PerformanceScene) -> None:
    n = len(scene.answers)
    among = (
        f"{overall.n_named} samples"
        if overall.n_named == n
        else f"{overall.n_named} of {n} samples"
    )
    st.html(markup.heading("All classes together", among))
    if not overall.n_named:
        st.html(
            '<p class="caution">The model has no output for any of these classes: no prediction '
            "can be correct, and none of these figures is defined.</p>"
        )
        return
    lines = list_lines(overall, scene.answers.probabilities.shape[1])
    start = find_start([line.estimate for line in lines[:-1]])
    st.html(
        draw_estimates(
            [replace(line, start=start) for line in lines[:-1]] + lines[-1:], with_intervals=False
        )
    )
    n_resamples = len(load_weights(n))
    st.html(
        f'<p class="source">Axes from {start:g} to 1, of log loss from 0 to that of guessing. '
        f"Always predicting the most frequent class has an accuracy of {overall.commonest:.3f}. "
        f"Bootstrap: {n_resamples} resamples.</p>"
    )


# --- one class -------------------------------------------------------------------------------


def _draw_focus(scene: PerformanceScene) -> None:
    label = scene.choice.focus_class
    if label is None:
        st.html(markup.heading("One class"))
        st.html(
            '<p class="said">Choose a class in the table to see what its samples are predicted as, and '
            "which samples are predicted as it.</p>"
        )
        return
    answers, output = scene.answers, int(scene.answers.outputs[label])
    of_class = answers.is_class(label)
    st.html(markup.heading(scene.name_class(label), count(int(of_class.sum()), "sample")))
    given, times = np.unique(answers.predicted[of_class], return_counts=True)
    order = np.argsort(-times, kind="stable")[:6]
    st.html('<p class="said">Its samples are predicted as</p>')
    st.html(
        markup.counts(
            (scene.name_output(int(given[i])), int(times[i]), scene.color_output(int(given[i])))
            for i in order
        )
        if len(given)
        else '<p class="source">There is no sample of it at this size.</p>'
    )
    if output >= 0:
        _draw_predicted_as(label, output, scene)
    st.button(
        "Its thresholds",
        key="focus_thresholds",
        disabled=output < 0,
        on_click=lambda: change(perf="thresholds", about=None),
    )


def _draw_predicted_as(label: int, output: int, scene: PerformanceScene) -> None:
    answers = scene.answers
    found, times = np.unique(answers.labels[answers.predicted == output], return_counts=True)
    st.html('<p class="said">Samples that are predicted as it are of</p>')
    order = np.argsort(-times, kind="stable")[:6]
    st.html(
        markup.counts(
            (scene.name_class(int(found[i])), int(times[i]), scene.color_class(int(found[i])))
            for i in order
        )
        if len(found)
        else '<p class="source">None: it is never predicted, so its precision is not defined.</p>'
    )
