"""Explanations of samples by the model itself, which the queue of the process makes beside the page.

A page never waits: it asks, and looks later whether there is an answer. Answers are small files, ready
to be sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import streamlit as st

from layerscope.errors import InputError
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
from ui.library import find_source, load_params
from ui.live import engine, models
from ui.live.explanations import Explained, ExplainedSample, explain_sample
from ui.live.models import Source
from ui.queue import session_id, shared

_WARM_UP_DELAY = 1.5  # seconds, in which the first page is drawn


@dataclass(frozen=True)
class Question:
    """What is to be explained.

    Attributes
    ----------
    run : str
    uid : int
    output : int
        Index of the model's output.
    source : Source or None
        Of the run's model; None where ``params.yaml`` does not say, which the answer will say.
    made : tuple
        Changes when the samples are replaced.
    """

    run: str
    uid: int
    output: int
    source: Source | None
    made: Stamp


def pose(run: str, uid: int, output: int) -> Question:
    """The question why a sample should be of an output's class. Raises `Unavailable`."""
    source = None
    with suppress(InputError):
        source = find_source(run)
    return Question(run, uid, output, source, stamp(run, "samples"))


def read_stored_cam(run: str, uid: int, output: int) -> np.ndarray | None:
    """The Grad-CAM of the pipeline, (h, w), where it made one for this output. Raises `Unavailable`."""
    samples, predictions = load_samples(run), load_predictions(run)
    outputs = (int(predictions.predicted[uid]), int(predictions.targets(samples.labels)[uid]))
    if output not in outputs:
        return None
    if "skipped" in load_attributes(run, "cam"):  # no layer has maps, which the answer says
        return None
    with explaining(run, "cam"):
        cam = load_array(run, "cam", "cam")[uid, outputs.index(output)]
        if cam.ndim != 2:
            raise ValueError("not a map")
    return cam if np.isfinite(cam).all() else None


def warm_up(run: str) -> None:
    """Have a run's model ready for the first question, once a session; never one that might be downloaded."""
    warmed = st.session_state.setdefault("warmed", set())
    if run in warmed:
        return
    warmed.add(run)
    with suppress(InputError):
        source = find_source(run)
        if source.changed:
            timer = threading.Timer(_WARM_UP_DELAY, _warm_up, [source])
            timer.daemon = True
            timer.start()


def _warm_up(source: Source) -> None:
    with suppress(InputError):  # which the first question will meet
        engine.networks.call(models.warm_up, source)


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
            shared.ask(question, partial(_explain, question, subject), session, False)


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


def _explain(
    question: Question,
    subject: ExplainedSample,
    publish: engine.Publish,
    is_unwanted: Callable[[], bool],
) -> Explained:
    """The queue's work: what is wrong with ``params.yaml`` is an answer, too."""
    source = find_source(question.run)
    chosen = replace(subject, layer=subject.layer or load_params().cam.layer)
    work = engine.networks.work(explain_sample, source, chosen, question.output)
    return work(publish, is_unwanted)


def _read_subject(question: Question) -> ExplainedSample:
    run, uid = question.run, question.uid
    samples, layers = load_samples(run), load_predictions(run).layers
    cam, layer = None, ""
    with suppress(Unavailable, KeyError):  # which the page says; the map is made anew then
        cam = read_stored_cam(run, uid, question.output)
        layer = str(load_attributes(run, "cam")["layer"])
    with explaining(run, "samples"):
        part_map = samples.part_map(uid)
        mask = None if part_map is None else part_map > 0
        return ExplainedSample(samples.picture(uid), mask, cam, layer, layers)
