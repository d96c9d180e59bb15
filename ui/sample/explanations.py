"""Why a sample is of a class, drawn as tiles: at once what is stored, and the rest when it is there."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import streamlit as st

from layerscope.explanation.object_share import share_covered
from ui import markup
from ui.arrays import Stamp, Unavailable, explaining, load_predictions, load_samples, stamp
from ui.components.explanation_tiles import ExplanationColumn, TruthOverlay, draw_explanation_tiles
from ui.live.explanations import Explained, show_cam
from ui.memory import keep
from ui.sample import explainer
from ui.sample.explainer import Question
from ui.sample.parts import dim_outside, list_parts, outline_parts
from ui.shell import optional, show_unavailable

_PATIENCE = 0.25  # seconds that a question may hold the session back; the browser asks again


@st.fragment
def draw_explanations(run: str, uid: int, outputs: tuple[int, ...]) -> None:
    """The tiles of one output, or of two side by side.

    A fragment of its own, because it is drawn again when the explanation is there: the browser asks for
    that once it has the rest of the page, so that nothing waits for a model.
    """
    try:
        with explaining(run, "samples"):
            _draw(run, uid, outputs)
    except Unavailable as problem:
        show_unavailable(problem)


def _draw(run: str, uid: int, outputs: tuple[int, ...]) -> None:
    questions = [explainer.pose(run, uid, output) for output in outputs]

    def ask() -> None:
        with suppress(Unavailable):  # which drawing will say
            explainer.ask(questions, st.session_state.get("asked", ()))
        st.session_state["asked"] = questions

    ground = _keep_ground(run, uid, stamp(run, "samples"))
    deadline = time.monotonic() + _PATIENCE
    columns = []
    for question in questions:
        found = explainer.answer(question, max(0.0, deadline - time.monotonic()))
        cam: np.ndarray | None = None
        with optional():
            cam = explainer.read_stored_cam(run, uid, question.output)
        columns.append(_fill_column(question, found, cam, ground))
    draw_explanation_tiles(
        ground.picture,
        columns,
        ground.truth,
        name=f"sample {uid:04d}",
        token=f"{run}/{uid}/{outputs}",
        key="explanations",
        on_ask=ask,
    )


@dataclass(frozen=True)
class _Ground:
    """What explanations are laid over, ready to be sent."""

    picture: str
    size: tuple[int, ...]
    mask: np.ndarray | None
    truth: TruthOverlay | None


@keep
def _keep_ground(run: str, uid: int, made: Stamp) -> _Ground:
    samples = load_samples(run)
    picture = markup.embed(samples.encoded(uid), "image/webp")
    size = samples.picture(uid).shape[:2]
    part_map = samples.part_map(uid)
    if part_map is None:
        return _Ground(picture, size, None, None)
    mask = part_map > 0
    truth = TruthOverlay(
        markup.embed(outline_parts(part_map, samples.part_names), "image/svg+xml"),
        markup.embed(dim_outside(part_map), "image/svg+xml"),
        [(name, color) for _, name, color in list_parts(part_map, samples.part_names)],
        share_covered(mask),
    )
    return _Ground(picture, size, mask, truth)


def _fill_column(
    question: Question, found: Explained | str | None, cam: np.ndarray | None, ground: _Ground
) -> ExplanationColumn:
    """What is there: the explanation, or for the time being a stored heatmap."""
    predictions = load_predictions(question.run)
    name = predictions.categories[question.output].name
    probability = float(predictions.probabilities[question.uid, question.output])
    problem = found if isinstance(found, str) else None
    if not isinstance(found, Explained):
        if cam is None:
            return ExplanationColumn(name, probability, problem=problem)
        found = show_cam(cam, ground.size, ground.mask)
    return ExplanationColumn(
        name, probability, found.layers, found.shares, problem or found.problem
    )
