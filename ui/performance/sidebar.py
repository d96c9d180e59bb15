"""The left column: run and size, the class that is looked at, overall figures, and the technique."""

from __future__ import annotations

import streamlit as st

from layerscope.performance.intervals import Estimate
from ui import markup
from ui.address import change
from ui.controls import change_size, choose, draw_run_choice
from ui.library import Contents
from ui.markup import Fact, facts
from ui.performance.address import PerformanceChoice, choose_focus
from ui.performance.classes import list_lines
from ui.performance.evaluation import load_overall
from ui.performance.scene import PerformanceScene, write_figure, write_interval
from ui.performance.techniques import TECHNIQUES
from ui.selection import Selection
from ui.techniques import draw_technique

_ALL = -1  # in the list of classes


def draw_data_choices(selection: Selection, contents: Contents, runs: tuple[str, ...]) -> None:
    """The run, and how many of its samples."""
    draw_run_choice(contents.run, runs)
    choose("size", "Samples", contents.sizes, selection.size, on_change=change_size)


def draw_class_choice(scene: PerformanceScene) -> None:
    """The class that every view looks at, or none."""
    labels = range(len(scene.answers.outputs))
    focus = scene.choice.focus_class
    st.session_state["focus_list"] = _ALL if focus is None else focus
    st.selectbox(
        "Class",
        (_ALL, *labels),
        key="focus_list",
        format_func=lambda label: "All classes" if label == _ALL else scene.name_class(label),
        on_change=lambda: choose_focus(_read_class()),
    )


def _read_class() -> int | None:
    label = int(st.session_state["focus_list"])
    return None if label == _ALL else label


def draw_overall(scene: PerformanceScene) -> None:
    """The scores of all classes together, each with its interval."""
    overall = load_overall(scene.evaluation)
    n = len(scene.answers)
    with st.container(key="overall"):
        among = f"{overall.n_named} of {n}" if overall.n_named < n else f"{n} samples"
        st.html(markup.heading("Overall", among))
        if not overall.n_named:
            st.html(
                '<p class="caution">Not defined: the model has no output for these classes.</p>'
            )
            return
        lines = list_lines(overall, scene.answers.probabilities.shape[1])
        st.html(facts(_fact(line.name, line.estimate, line.note) for line in lines))


def _fact(name: str, estimate: Estimate, note: str) -> Fact:
    interval = write_interval(estimate).replace(" to ", "–")
    title = f"{note} The 95 % interval is in grey." if interval else note
    return Fact(name, write_figure(estimate.value), "figure", title, interval)


def draw_techniques(choice: PerformanceChoice) -> None:
    """The open view's techniques: a list of them, and what is said of the one that is chosen."""
    techniques = {technique.key: technique for technique in TECHNIQUES[choice.perf]}
    with st.container(key="technique"):
        st.html(markup.heading("How it is computed"))
        if len(techniques) > 1:
            st.session_state["technique_list"] = choice.about
            st.selectbox(
                "Technique",
                tuple(techniques),
                key="technique_list",
                format_func=lambda key: techniques[key].name,
                label_visibility="collapsed",
                on_change=lambda: change(about=st.session_state["technique_list"]),
            )
        draw_technique(techniques[choice.about], named=False)
