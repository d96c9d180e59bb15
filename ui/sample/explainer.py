"""Explanations of samples by the model itself, which the queue of the process makes beside the page.

A page never waits: it asks, and looks later whether there is an answer. Answers are small files, ready
to be sent.
"""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from layerscope.errors import InputError
from layerscope.explanation.heatmap import colorize, fit_to_picture, shade
from layerscope.explanation.object_share import share_on_object
from layerscope.models.layers import Layer
from ui.arrays import (
    Stamp,
    Unavailable,
    explaining,
    load_array,
    load_attributes,
    load_predictions,
    load_samples,
    stamp,
)
from ui.library import load_params
from ui.live_model import computing, load_live_model
from ui.markup import embed_pixels
from ui.queue import session_id, shared

if TYPE_CHECKING:
    from layerscope.explanation.cam import Explain
    from layerscope.models.registry import Classifier

_TARGETS = ("predicted", "true")  # what maps are stored of, along the second axis of cam.zarr


@dataclass(frozen=True)
class Question:
    """What is to be explained.

    Attributes
    ----------
    run : str
    uid : int
    output : int
        Index of the model's output.
    made : tuple
        Changes when the samples or the model's weights are replaced.
    """

    run: str
    uid: int
    output: int
    made: tuple[Stamp, int]


@dataclass(frozen=True)
class Explained:
    """An answer.

    Attributes
    ----------
    layers : dict of str to str
        Methods to pictures as data URLs.
    shares : dict of str to float or None
        Methods to the share that falls on the object, where that is known.
    problem : str or None
        One line, where some methods are not made for the model.
    """

    layers: dict[str, str]
    shares: dict[str, float | None]
    problem: str | None = None


@dataclass(frozen=True)
class _ExplainedSample:
    """What an explanation is made from, read before it goes to the thread."""

    picture: np.ndarray  # (S, S, 3) uint8
    mask: np.ndarray | None  # (S, S) bool
    cam: np.ndarray | None  # (h, w), where one is stored
    layer: str | None  # that maps are stored of
    layers: tuple[Layer, ...]  # of the model


def pose(run: str, uid: int, output: int) -> Question:
    """The question why a sample should be of an output's class. Raises `Unavailable`."""
    changed = 0
    try:
        file = load_params().run(run).weights_file
        changed = file.stat().st_mtime_ns if file is not None else 0
    except (InputError, OSError):
        pass  # which the answer will say
    return Question(run, uid, output, (stamp(run, "samples"), changed))


def read_stored_cam(run: str, uid: int, output: int) -> np.ndarray | None:
    """The Grad-CAM of the pipeline, (h, w), where it made one for this output. Raises `Unavailable`."""
    samples, predictions = load_samples(run), load_predictions(run)
    outputs = (int(predictions.predicted[uid]), int(predictions.targets(samples.labels)[uid]))
    if output not in outputs:
        return None
    with explaining(run, "cam"):
        cam = load_array(run, "cam", "cam")[uid, outputs.index(output)]
        if cam.ndim != 2:
            raise ValueError("not a map")
    return cam if np.isfinite(cam).all() else None


def show_cam(cam: np.ndarray, side: int, mask: np.ndarray | None) -> Explained:
    """A Grad-CAM alone, for which no model is needed."""
    large = fit_to_picture(cam, side)
    shares = {} if mask is None else {"cam": share_on_object(large, mask)}
    return Explained({"cam": embed_pixels(colorize(large))}, shares)


# --- asking --------------------------------------------------------------------------------------


def ask(questions: Sequence[Question], given_up: Sequence[Question] = ()) -> None:
    """Have questions answered; what was asked before and is wanted no more need not be begun.

    Raises
    ------
    Unavailable
        Where the samples cannot be read.
    """
    session = session_id()
    for question in set(given_up) - set(questions):
        shared.cancel(question, session)
    for question in questions:
        if shared.look(question) is None:
            subject = _read_subject(question)
            shared.ask(question, lambda *_, q=question, s=subject: _answer(q, s), session, False)


def answer(question: Question, wait: float = 0.0) -> Explained | str | None:
    """The explanation if there is one, one line if it failed, None if it is not there yet.

    Parameters
    ----------
    question : Question
    wait : float
        Seconds to wait for what was asked.
    """
    report = shared.look(question, wait)
    if report is None or report.is_open:
        return None
    return report.problem or report.result


def _read_subject(question: Question) -> _ExplainedSample:
    run, uid = question.run, question.uid
    samples, layers = load_samples(run), load_predictions(run).layers
    cam, layer = None, None
    with suppress(Unavailable, KeyError):  # which the page says; the map is made anew then
        cam = read_stored_cam(run, uid, question.output)
        layer = str(load_attributes(run, "cam")["layer"])
    with explaining(run, "samples"):
        part_map = samples.part_map(uid)
        mask = None if part_map is None else part_map > 0
        return _ExplainedSample(samples.picture(uid), mask, cam, layer, layers)


# --- answering, beside the page --------------------------------------------------------------------


def _answer(question: Question, subject: _ExplainedSample) -> Explained:
    try:
        return _explain(question, subject)
    except InputError:
        raise
    except Exception as error:  # a model of anyone's may fail in any way
        problem = f"The model could not be explained: {type(error).__name__}"
        raise InputError(problem) from error


def _explain(question: Question, subject: _ExplainedSample) -> Explained:
    classifier = load_live_model(question.run)
    from layerscope.explanation.cam import choose_layer
    from layerscope.explanation.guided import guided_backprop, guided_grad_cam

    pictures, outputs = subject.picture[None], np.array([question.output])
    with computing:
        if subject.cam is None:
            layer = subject.layer or choose_layer(subject.layers, load_params().cam.layer).key
            cams = _open_cam(classifier, layer)[1](pictures, outputs)
        else:
            cams = subject.cam[None]
        shown = show_cam(cams[0], len(subject.picture), subject.mask)
        try:
            gradients = guided_backprop(classifier, pictures, outputs)
        except InputError as error:  # it is not made for this model; Grad-CAM is
            return Explained(shown.layers, shown.shares, str(error))
    products = guided_grad_cam(gradients, cams)
    signed = {"guided": gradients[0], "product": products[0]}
    layers = {key: embed_pixels(shade(values)) for key, values in signed.items()}
    shares: dict[str, float | None] = {}
    if subject.mask is not None:
        shares = {key: share_on_object(values, subject.mask) for key, values in signed.items()}
    return Explained(shown.layers | layers, shown.shares | shares)


@lru_cache(maxsize=1)
def _open_cam(classifier: Classifier, layer: str) -> tuple[ExitStack, Explain]:
    """Grad-CAM on its private copy of the model, which takes too long to make for each sample."""
    from layerscope.explanation.cam import grad_cam

    stack = ExitStack()
    return stack, stack.enter_context(grad_cam(classifier, layer))


atexit.register(
    _open_cam.cache_clear
)  # it takes its hooks off, while there is a library to do that
