"""Explanations of a subject, computed beside the page by the queue that all sessions share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerscope.explanation.method import Method, Setting
from layerscope.explanation.occlusion import OcclusionProgress, occlude
from layerscope.explanation.registry import attribute
from layerscope.explanation.windows import spread
from ui.explain.rendering import render
from ui.explain.subject import ExplainSubject
from ui.queue import Publish, session_id, shared


@dataclass(frozen=True)
class DrawnExplanation:
    """An explanation, ready to be sent.

    Attributes
    ----------
    layer : str
        What is laid over the picture, a data URL.
    low, high : float
        Smallest and largest value.
    total : tuple of float or None
        The sum of the values, and what they should sum to, where a method promises that.
    baseline : float
        Of a sweep, the probability of the class on the whole picture.
    """

    layer: str
    low: float
    high: float
    total: tuple[float, float] | None = None
    baseline: float = 0.0


def key_of(
    subject: ExplainSubject, name: str, at: str | None, options: Mapping[str, Setting]
) -> Hashable:
    """All that the result depends on."""
    return (
        subject.digest,
        subject.network.mark,
        subject.target,
        subject.contrast,
        name,
        at,
        tuple(sorted(options.items())),
    )


def ask_method(
    subject: ExplainSubject, method: Method, at: str | None, options: Mapping[str, Setting]
) -> str | None:
    """Have a method computed; one line where too much is waiting."""

    def work(publish: Publish[DrawnExplanation], cancelled: Callable[[], bool]) -> DrawnExplanation:
        contrast = None if subject.contrast is None else np.array([subject.contrast])
        found = attribute(
            method.key,
            subject.network.classifier,
            subject.picture[None],
            np.array([subject.target]),
            contrast=contrast,
            layer=at,
            progress=lambda done, total: publish(done, total, None),
            cancelled=cancelled,
            **dict[str, Any](options),
        )
        values = found.values[0]
        total = None if found.total is None else (float(values.sum()), float(found.total[0]))
        return _draw(values, method.signed, total)

    return shared.ask(key_of(subject, method.key, at, options), work, session_id(), method.long)


def ask_sweep(subject: ExplainSubject, name: str, options: Mapping[str, Setting]) -> str | None:
    """Have the whole picture occluded place by place; what is known by then is published."""

    def work(publish: Publish[DrawnExplanation], cancelled: Callable[[], bool]) -> DrawnExplanation:
        drawn = None
        for sweep in occlude(
            subject.network.classifier,
            subject.picture,
            subject.target,
            contrast=subject.contrast,
            cancelled=cancelled,
            **dict[str, Any](options),
        ):
            drawn = _draw_sweep(sweep, len(subject.picture), options)
            publish(sweep.done, sweep.drops.size, drawn)
        assert drawn is not None  # there is always a first place
        return drawn

    return shared.ask(key_of(subject, name, None, options), work, session_id(), True)


def _draw_sweep(
    sweep: OcclusionProgress, size: int, options: Mapping[str, Setting]
) -> DrawnExplanation:
    values = spread(sweep.drops, size, int(options["patch"]), int(options["stride"]))
    return _draw(values, True, baseline=sweep.probability)


def _draw(
    values: np.ndarray,
    signed: bool,
    total: tuple[float, float] | None = None,
    baseline: float = 0.0,
) -> DrawnExplanation:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return DrawnExplanation(render(values, signed), low, high, total, baseline)
