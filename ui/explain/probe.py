"""Manual occlusion: a patch that is dragged over the picture, and the sweep of all its places."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
import streamlit as st

from layerscope.errors import InputError
from layerscope.explanation.filling import cover, fill_picture
from layerscope.explanation.method import Setting
from layerscope.explanation.windows import OCCLUSION_OPTIONS, check_geometry, find_windows
from ui import markup
from ui.components.occlusion_probe import OcclusionProbe, PatchPlace, draw_probe
from ui.explain.address import PROBE, ExplainChoice, change_option
from ui.explain.explanations import ask_sweep, key_of
from ui.explain.networks import run_network
from ui.explain.options import draw_options, fill_options
from ui.explain.subject import ExplainSubject
from ui.glossary import define
from ui.live.explanations import DrawnExplanation
from ui.markup import embed_pixels
from ui.queue import Report, session_id, shared

_HINT = (
    f"{define('manual occlusion')} A sweep covers every place in turn, and shows in amber where the class's "
    "logit falls (with a contrast class, the difference of both logits), in teal where it rises."
)


def draw_occlusion(subject: ExplainSubject, choice: ExplainChoice) -> None:
    """The picture with the patch, and what can be set."""
    left, right = st.columns(2, gap=None)
    settings = fill_options(OCCLUSION_OPTIONS, choice.options.get(PROBE, {}))
    problem = _check(subject.picture.shape[:2], settings)
    with right.container(key="method-panel"):
        st.html(markup.heading("Manual occlusion", subject.categories[subject.target].name))
        st.html(f'<p class="said">{_HINT}</p>')
        draw_options(
            PROBE,
            OCCLUSION_OPTIONS,
            settings,
            lambda key, value: change_option(choice.options, PROBE, key, value),
        )
        if problem is None:
            sides = subject.picture.shape[:2]
            n = prod(len(find_windows(side, *_geometry(settings))) for side in sides)
            st.html(f'<p class="source">{n} places in a sweep.</p>')
    with left.container(key="methods-panel"):
        _draw_probe(subject, settings, problem)


def _geometry(settings: Mapping[str, Setting]) -> tuple[int, int]:
    return int(settings["patch"]), int(settings["stride"])


def _check(size: tuple[int, ...], settings: Mapping[str, Setting]) -> str | None:
    """Why a sweep with these settings is impossible; None where it is possible."""
    try:
        check_geometry(size, *_geometry(settings))
    except InputError as error:
        return str(error)
    return None


def _draw_probe(
    subject: ExplainSubject, settings: Mapping[str, Setting], problem: str | None
) -> None:
    key = key_of(subject, PROBE, None, settings)
    token = hashlib.blake2b(repr(key).encode(), digest_size=8).hexdigest()
    report = shared.look(key)

    def sweep() -> None:
        refusal = problem or ask_sweep(subject, PROBE, settings)
        if refusal:
            st.toast(markup.escape_markdown(refusal))

    def answer(places: Sequence[PatchPlace]) -> None:
        st.session_state["probe_answers"] = (token, compute_covered(subject, settings, places))

    of, answers = st.session_state.get("probe_answers", ("", ()))
    draw_probe(
        _describe(subject, settings, report, answers if of == token else (), problem),
        token=token,
        key="occlusion_probe",
        on_probe=answer,
        on_sweep=sweep,
        on_cancel=lambda: shared.cancel(key, session_id()),
    )


def _describe(
    subject: ExplainSubject,
    settings: Mapping[str, Setting],
    report: Report[DrawnExplanation] | None,
    answers: Sequence[tuple[int, int, float]],
    problem: str | None,
) -> OcclusionProbe:
    patch, stride = _geometry(settings)
    height, width = subject.picture.shape[:2]
    result = report.result if report else None
    return OcclusionProbe(
        embed_pixels(subject.picture),
        embed_pixels(fill_picture(subject.picture, str(settings["fill"]))),
        height,
        width,
        min(patch, height, width),
        stride,
        float(subject.probabilities[subject.target]),
        answers,
        result.layer if result else "",
        bool(report and report.is_open),
        report.done if report else 0,
        report.total if report else 0,
        problem or (report.problem if report else ""),
    )


def compute_covered(
    subject: ExplainSubject, settings: Mapping[str, Setting], places: Sequence[PatchPlace]
) -> list[tuple[int, int, float]]:
    """Left, top, and the probability of the explained class with the patch there, all in one pass."""
    patch, _ = _geometry(settings)
    filling = fill_picture(subject.picture, str(settings["fill"]))
    covered = np.stack([cover(subject.picture, filling, top, left, patch) for left, top in places])
    found = run_network(subject.network, covered)[:, subject.target]
    return [(left, top, float(p)) for (left, top), p in zip(places, found, strict=True)]
