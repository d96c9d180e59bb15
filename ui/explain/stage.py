"""The page's parts put together: the subject at the left, what explains it at the right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from layerscope.errors import InputError
from ui.address import read_params
from ui.arrays import Unavailable, load_predictions, load_samples
from ui.controls import choose, draw_run_choice
from ui.explain.address import SAMPLE, VIEWS, ExplainChoice, read_choice, write_choice
from ui.explain.methods import draw_methods, list_sides
from ui.explain.probe import draw_occlusion
from ui.explain.sidebar import draw_classes, draw_picture, draw_source
from ui.explain.subject import ExplainSubject, read_subject
from ui.explain.trust import draw_trust
from ui.library import Contents
from ui.selection import Selection, read_selection, write_selection
from ui.shell import show_problem, show_unavailable


@dataclass(frozen=True)
class _Asked:
    """What the address asks for, as far as it is there; `refused` names what is not."""

    selection: Selection
    choice: ExplainChoice
    subject: ExplainSubject | None
    problem: InputError | Unavailable | None
    refused: list[str]


def _read(contents: Contents) -> _Asked:
    params = read_params()
    selection, refused = read_selection(params, contents)
    choice, refused_choices = read_choice(params)
    refused = refused + refused_choices
    try:
        subject, refused_values = read_subject(selection, choice)
    except (InputError, Unavailable) as problem:
        return _Asked(selection, choice, None, problem, refused)
    if not choice.is_of_run:
        choice = replace(choice, target=_keep(choice.target, subject), rival=subject.contrast)
    choice = replace(choice, at=subject.at)
    return _Asked(selection, choice, subject, None, refused + refused_values)


def _keep(target: int | None, subject: ExplainSubject) -> int | None:
    """The output that was chosen, unless the model does not have it."""
    return None if target is None else subject.target


def draw_stage(contents: Contents, runs: tuple[str, ...]) -> list[str]:
    """Draw what the address asks for; returns the names of what it asked for in vain."""
    asked = _read(contents)
    write_selection(asked.selection)
    write_choice(asked.choice)
    left, right = st.columns(2, gap=None)
    with left.container(key="subject-panel"):
        draw_run_choice(contents.run, runs)
        draw_source(asked.selection, asked.choice, asked.selection.size)
        if asked.subject is not None:
            draw_picture(asked.subject, asked.choice)
            draw_classes(asked.subject, asked.choice, _find_true(asked))
    with right.container(key="explain-stage"):
        _draw_views(contents)
    return asked.refused


def _find_true(asked: _Asked) -> int | None:
    """The output of the picture's true class, where that is known."""
    if asked.choice.source != SAMPLE:
        return None
    run, uid = asked.selection.run, asked.selection.sample or 0
    (target,) = load_predictions(run).targets(load_samples(run).labels[uid : uid + 1]).tolist()
    return target if target >= 0 else None


@st.fragment
def _draw_views(contents: Contents) -> None:
    """One view of the subject: a fragment, drawn again and again while something is computed."""
    asked = _read(contents)
    write_choice(asked.choice)
    with st.container(key="explain-views", horizontal=True, gap=None):
        choose("view", "View", tuple(VIEWS), asked.choice.view, VIEWS.__getitem__)
        if asked.subject is not None and asked.choice.view != "trust":  # which is of no one picture
            st.html(_describe(asked.subject, asked.choice), width="content")
    if asked.choice.view == "trust":
        draw_trust(asked.choice, asked.selection.run)
    elif asked.subject is not None:
        draw = draw_methods if asked.choice.view == "methods" else draw_occlusion
        draw(asked.subject, asked.choice)
    elif asked.problem is not None:
        with st.container(key="empty-explain"):
            _show(asked.problem)


def _describe(subject: ExplainSubject, choice: ExplainChoice) -> str:
    sides = list_sides(subject, choice) if choice.view == "methods" else (subject,)
    asked = "</b>, and why <b>".join(escape(side.asked) for side in sides)
    name = subject.network.name
    return (
        f'<p class="explained">Why <b>{asked}</b>? '
        f"<span>{escape(subject.title)}, seen by {escape(name)}</span></p>"
    )


def _show(problem: InputError | Unavailable) -> None:
    if isinstance(problem, Unavailable):
        show_unavailable(problem)
    else:
        show_problem(str(problem))
