"""The view of one class against the rest: two curves, and what a threshold makes of the samples."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import streamlit as st

from layerscope.performance.curves import (
    ThresholdCounts,
    average_precision_recall,
    average_roc,
    count_at_threshold,
)
from layerscope.performance.intervals import Estimate
from ui import markup
from ui.address import change, read_params
from ui.charts import draw_chart
from ui.glossary import define
from ui.performance.address import read_choice, write_choice
from ui.performance.curve_figures import draw_precision_recall, draw_roc, draw_scores
from ui.performance.estimates import EstimateLine, draw_estimates
from ui.performance.evaluation import has_rest, is_ranked, load_areas, load_curves, take_scores
from ui.performance.scene import PerformanceScene, write_figure, write_interval


def draw(scene: PerformanceScene) -> None:
    """Draw the view."""
    label = choose_class(scene)
    if label is None:
        with st.container(key="panel-no-curves"):
            st.html(markup.heading("One class against the rest"))
            st.html(f'<p class="caution">{escape(_tell_why_not(scene))}</p>')
        return
    _draw_class(scene, label)


def choose_class(scene: PerformanceScene) -> int | None:
    """The class that is chosen, else the first with curves; None where there are none to draw."""
    focus = scene.choice.focus_class
    if focus is not None:
        return focus if is_ranked(scene.answers, focus) else None
    labels = range(len(scene.answers.outputs))
    return next((label for label in labels if is_ranked(scene.answers, label)), None)


def _tell_why_not(scene: PerformanceScene) -> str:
    focus = scene.choice.focus_class
    if focus is None:
        return (
            "The curves need a class that the model has an output for, with samples of it and of others: "
            "there is none in this run."
        )
    name = scene.name_class(focus)
    if scene.answers.outputs[focus] < 0:
        return f"The model has no output for {name}, so there is no score to set a threshold on."
    if not scene.answers.is_class(focus).any():
        return (
            f"There is no sample of {name} among these {scene.selection.size}: choose more samples."
        )
    return f"All samples are of {name}: there are no others to compare with."


@st.fragment
def _draw_class(scene: PerformanceScene, label: int) -> None:
    """Curves, table and histogram: a fragment, drawn again at each move of the threshold."""
    choice, _ = read_choice(read_params(), scene.answers, has_rest(scene.answers))
    write_choice(choice)
    scene = replace(scene, choice=choice)
    positive, scores = take_scores(scene.answers, label)
    found = count_at_threshold(positive, scores, choice.cut)
    curves = load_curves(scene.evaluation, label)
    roc_area, average = load_areas(scene.evaluation, label)
    with st.container(key="panel-threshold"):
        name = scene.name_class(label)
        among = f"{int(positive.sum())} samples of it, {int((~positive).sum())} others"
        st.html(markup.heading(f"{name} against the rest", among))
        _draw_slider(choice.cut)
        with st.container(key="threshold-figures", horizontal=True, gap="large"):
            st.html(tabulate(found, name))
            st.html(draw_estimates(_list_rates(found)))
    with st.container(key="threshold-charts"):
        left, middle, right = st.columns(3, gap=None)
    roc_point = (found.false_positive_rate.value, found.recall.value)
    with left.container(key="panel-roc"):
        mean = average_roc(list(curves.roc.values()))
        _head("ROC curve", "area", roc_area, mean.area)
        with st.container(key="chart-of-roc"):
            draw_chart(draw_roc(curves.roc, label, mean, roc_point), "roc_chart", fill=True)
    with middle.container(key="panel-pr"):
        mean = average_precision_recall(list(curves.precision_recall.values()))
        _head("Precision over recall", "average precision", average, mean.area)
        point = (found.recall.value, found.precision.value)
        share = float(positive.mean())
        figure = draw_precision_recall(curves.precision_recall, label, mean, point, share)
        with st.container(key="chart-of-pr"):
            draw_chart(figure, "pr_chart", fill=True)
    with right.container(key="panel-scores-of"):
        st.html(markup.heading("Scores", "of the class, and of all others"))
        told = (
            "How often each probability was given, in shares of the group, on a square-root scale."
        )
        title = escape(define("square-root scale"))
        st.html(f'<p class="source" title="{title}">{told}</p>')
        with st.container(key="chart-of-scores"):
            draw_chart(draw_scores(positive, scores, choice.cut), "score_chart", fill=True)


def _draw_slider(threshold: float) -> None:
    st.session_state["threshold"] = threshold
    st.slider(
        "Predicted as the class at a probability of at least",
        0.0,
        1.0,
        step=0.005,
        key="threshold",
        format="%.3f",
        on_change=lambda: change(cut=f"{st.session_state['threshold']:.3f}"),
    )


def _head(title: str, name: str, area: Estimate, mean: float) -> None:
    st.html(markup.heading(title))
    interval = write_interval(area) or "no interval"
    st.html(
        f'<p class="source">{name} <b>{write_figure(area.value)}</b> ({interval}); '
        f"mean of the classes, dashed, {write_figure(mean)}</p>"
    )


def tabulate(found: ThresholdCounts, name: str) -> str:
    """The two by two table of a threshold."""
    rows = (
        (name, found.true_positives, "true positives", found.false_negatives, "false negatives"),
        (
            "another class",
            found.false_positives,
            "false positives",
            found.true_negatives,
            "true negatives",
        ),
    )
    body = ""
    for title, taken, taken_name, left, left_name in rows:
        right = ("good", "bad") if taken_name == "true positives" else ("bad", "good")
        body += (
            f'<tr><th scope="row">{escape(title)}</th>'
            f'<td class="{right[0]}"><b>{taken}</b>{taken_name}</td>'
            f'<td class="{right[1]}"><b>{left}</b>{left_name}</td></tr>'
        )
    return (
        '<table class="two-by-two"><thead><tr><th></th><th scope="col">predicted as it</th>'
        f'<th scope="col">not</th></tr></thead><tbody>{body}</tbody></table>'
    )


def _list_rates(found: ThresholdCounts) -> list[EstimateLine]:
    return [
        EstimateLine("Precision", found.precision, define("precision")),
        EstimateLine("Recall", found.recall, define("recall")),
        EstimateLine(
            "False positive rate", found.false_positive_rate, define("false positive rate")
        ),
        EstimateLine("F1", found.f1, define("F1")),
    ]
