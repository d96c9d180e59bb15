"""Activation maximisation, step by step: pictures, and what the network makes of the last one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from layerscope.explanation.method import Cancelled
from layerscope.features.ascent import MaximizationSettings, MaximizationStep, State
from layerscope.features.unit import Unit
from ui.live.engine import Publish
from ui.live.models import Source, load
from ui.live.turns import computing
from ui.markup import embed

if TYPE_CHECKING:
    from layerscope.models.registry import Classifier

MOST_FRAMES = 32  # of an ascent, besides the start
_QUALITY = [cv2.IMWRITE_WEBP_QUALITY, 80]
_TOP = 3


@dataclass(frozen=True)
class MaximizationTask:
    """What is maximised, and what the result is compared with.

    Attributes
    ----------
    run : str
    unit : Unit
    ascent : MaximizationSettings
    start : int or None
        Uid of the sample to start from; None for noise.
    strongest : tuple of int
        Uids of the samples that drive the unit's channel most.
    """

    run: str
    unit: Unit
    ascent: MaximizationSettings
    start: int | None
    strongest: tuple[int, ...]


@dataclass(frozen=True)
class Verdict:
    """What the model makes of the picture that was found, seen as it is.

    Attributes
    ----------
    value, peak : float
        Of the unit, and the largest of its channel: see `layerscope.features.units.measure_response`.
    best_value, best_peak : tuple of (float, int), or None
        The same of samples: the largest of the top-activating images, and whose it is. None without samples.
    classes : tuple of (int, float)
        The most probable outputs with their probabilities, falling.
    """

    value: float
    peak: float
    best_value: tuple[float, int] | None
    best_peak: tuple[float, int] | None
    classes: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Maximization:
    """An ascent as far as it has come.

    Attributes
    ----------
    frames : tuple of (int, str)
        Steps with their pictures as data URLs.
    objective, variation : tuple of float
        One of each step.
    states : tuple of str
        The same, see `layerscope.features.maximization.MaximizationStep`.
    seconds : float
        A step takes, on average; without what others computed between two.
    verdict : Verdict or None
        Once it has come to its end.
    """

    frames: tuple[tuple[int, str], ...] = ()
    objective: tuple[float, ...] = ()
    variation: tuple[float, ...] = ()
    states: tuple[State, ...] = ()
    seconds: float = 0.0
    verdict: Verdict | None = None


def count_between(n_steps: int) -> int:
    """Steps from one frame to the next, so that there are `MOST_FRAMES` at most after the start."""
    return -(-n_steps // MOST_FRAMES)


def run_maximization(
    source: Source,
    task: MaximizationTask,
    start: np.ndarray | None,
    rivals: dict[int, np.ndarray],
    publish: Publish,
    is_unwanted: Callable[[], bool],
) -> Maximization:
    """Seek a picture and tell of each step.

    Parameters
    ----------
    source : Source
        Of the network, which others use between any two steps.
    task : MaximizationTask
    start : ndarray of uint8, (H, W, C), or None
        To start from; None for noise.
    rivals : dict of int to ndarray
        Pictures of ``task.strongest``.
    publish : callable
        Of steps done, all steps, and the ascent by now.
    is_unwanted : callable
        Whether to stop.

    Raises
    ------
    Cancelled
    InputError
        Where the model has no such unit.
    """
    from layerscope.features.maximization import maximize

    classifier, n_steps = load(source), task.ascent.n_steps
    steps = maximize(classifier, task.unit, task.ascent, start=start, every=count_between(n_steps))
    trail = _Trail()
    for step in _take_turns(steps, trail, is_unwanted):
        trail.add(step)
        publish(step.index, n_steps, trail.tell())
    assert trail.picture is not None  # the last step always has one
    verdict = _judge(classifier, task.unit, trail.picture, rivals, is_unwanted)
    return trail.tell(verdict)


@dataclass
class _Trail:
    """What an ascent has left behind."""

    frames: list[tuple[int, str]] = field(default_factory=list)
    objective: list[float] = field(default_factory=list)
    variation: list[float] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    picture: np.ndarray | None = None
    seconds: float = 0.0

    def add(self, step: MaximizationStep) -> None:
        self.objective.append(step.objective)
        self.variation.append(step.total_variation)
        self.states.append(step.state)
        if step.picture is not None:
            self.picture = step.picture
            self.frames.append((step.index, _encode(step.picture)))

    def tell(self, verdict: Verdict | None = None) -> Maximization:
        return Maximization(
            tuple(self.frames),
            tuple(self.objective),
            tuple(self.variation),
            tuple(self.states),
            self.seconds / max(1, len(self.states)),
            verdict,
        )


def _take_turns(
    steps: Iterator[MaximizationStep], trail: _Trail, cancelled: Callable[[], bool]
) -> Iterator[MaximizationStep]:
    """The steps one by one, the model free for others in between."""
    while True:
        if cancelled():
            raise Cancelled
        with computing:
            begun = time.perf_counter()
            step = next(steps, None)
            trail.seconds += time.perf_counter() - begun
        if step is None:
            return
        yield step


def _judge(
    classifier: Classifier,
    unit: Unit,
    picture: np.ndarray,
    rivals: dict[int, np.ndarray],
    cancelled: Callable[[], bool],
) -> Verdict:
    """The picture's values beside those of the top-activating images, and what the model predicts for it."""
    values, peaks = [], []
    value, peak = _measure(classifier, unit, picture)
    for uid, rival in rivals.items():
        if cancelled():
            raise Cancelled
        found = _measure(classifier, unit, rival)
        values.append((found[0], uid))
        peaks.append((found[1], uid))
    return Verdict(
        value,
        peak,
        max(values, default=None),
        max(peaks, default=None),
        _classify(classifier, picture),
    )


def _measure(classifier: Classifier, unit: Unit, picture: np.ndarray) -> tuple[float, float]:
    import torch

    from layerscope.features.units import measure_response
    from layerscope.models.registry import to_pixels

    with computing, torch.inference_mode():
        pixels = to_pixels(picture[None], classifier.device)
        value, peak = measure_response(classifier, unit, pixels)
        return value.item(), peak.item()


def _classify(classifier: Classifier, picture: np.ndarray) -> tuple[tuple[int, float], ...]:
    import torch

    with computing, torch.inference_mode():
        found = classifier.module(classifier.to_inputs(picture[None]))[0].float().softmax(dim=0)
        top = found.topk(min(_TOP, len(found)))
    return tuple(zip(top.indices.tolist(), top.values.tolist(), strict=True))


def _encode(picture: np.ndarray) -> str:
    _, encoded = cv2.imencode(".webp", picture[:, :, ::-1], _QUALITY)
    return embed(encoded.tobytes(), "image/webp")
