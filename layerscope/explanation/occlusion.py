"""Occlusion: what the score loses when a square of the picture is covered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from layerscope.explanation.filling import cover, fill_picture
from layerscope.explanation.method import Attribution, Setting, check_options
from layerscope.explanation.task import BATCH, ExplanationTask, prepare, score_of
from layerscope.explanation.windows import (
    OCCLUSION_OPTIONS,
    check_geometry,
    find_windows,
    spread,
)
from layerscope.models.registry import Classifier


@dataclass(frozen=True)
class OcclusionProgress:
    """How far an occlusion has come.

    Attributes
    ----------
    drops : ndarray of float32, (rows, columns)
        What the score loses with the square of each place covered, in logits; NaN where that is not
        known yet. Places are visited row by row.
    probabilities : ndarray of float32, (rows, columns)
        Of the output, with the square covered.
    score, probability : float
        Of the whole picture.
    done : int
        Places that are known.
    """

    drops: np.ndarray
    probabilities: np.ndarray
    score: float
    probability: float
    done: int


def sweep(task: ExplanationTask, patch: int, stride: int, fill: str) -> Iterator[OcclusionProgress]:
    """Cover a task's one picture place by place; after each batch, what is known by then."""
    picture, size = task.pictures[0], task.pictures.shape[1:3]
    check_geometry(size, patch, stride)
    tops, lefts = ([start for start, _ in find_windows(side, patch, stride)] for side in size)
    corners = [(top, left) for top in tops for left in lefts]
    task.watch.expect(len(corners) + 1)
    filling = fill_picture(picture, fill, task.random_state)
    score, probability = _look(task, task.pictures)
    drops, probabilities = np.full((2, len(corners)), np.nan, dtype=np.float32)
    shape = (len(tops), len(lefts))
    for begin in range(0, len(corners), BATCH):
        batch = corners[begin : begin + BATCH]
        covered = np.stack([cover(picture, filling, *corner, patch) for corner in batch])
        scores, found = _look(task, covered)
        known = slice(begin, begin + len(batch))
        drops[known], probabilities[known] = score - scores, found
        yield OcclusionProgress(
            drops.reshape(shape).copy(),
            probabilities.reshape(shape).copy(),
            float(score[0]),
            float(probability[0]),
            known.stop,
        )


def _look(task: ExplanationTask, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores and probabilities (n,) of pictures (n, H, W, C)."""
    with torch.no_grad():
        logits = task.classifier.module(task.classifier.to_inputs(pictures))
    task.watch.advance(len(pictures))
    probabilities = logits.softmax(dim=1)[:, task.targets[0, 0]]
    scores = score_of(logits, task.targets.expand(len(pictures), -1))
    return scores.float().cpu().numpy(), probabilities.float().cpu().numpy()


def occlude(
    classifier: Classifier,
    picture: np.ndarray,
    output: int,
    *,
    contrast: int | None = None,
    random_state: int = 0,
    cancelled: Callable[[], bool] | None = None,
    **options: object,
) -> Iterator[OcclusionProgress]:
    """Occlusion of one picture as it comes about, for a live view.

    Parameters
    ----------
    classifier : Classifier
        Left as it is.
    picture : ndarray of uint8, (H, W, C)
    output : int
        Whose logit is explained.
    contrast : int, optional
        Whose logit is subtracted from it.
    random_state : int
        Of the noise.
    cancelled : callable, optional
        Asked after each batch whether to stop, with `layerscope.explanation.method.Cancelled`.
    **options
        ``patch``, ``stride`` and ``fill``, as in the registry.

    Yields
    ------
    OcclusionProgress
        After each batch. The last one is complete.

    Raises
    ------
    InputError
        At once, for what cannot be computed.
    """
    settings: dict[str, Setting] = check_options(OCCLUSION_OPTIONS, options)
    task = prepare(
        classifier,
        np.asarray(picture)[None],
        np.array([output]),
        contrast=None if contrast is None else np.array([contrast]),
        random_state=random_state,
        cancelled=cancelled,
    )
    check_geometry(picture.shape[:2], int(settings["patch"]), int(settings["stride"]))
    return sweep(task, **settings)  # type: ignore[arg-type]


def occlusion(task: ExplanationTask, patch: int, stride: int, fill: str) -> Attribution:
    """The complete `OcclusionProgress`, and its mean over the squares that cover a pixel."""
    *_, last = sweep(task, patch, stride, fill)
    values = spread(last.drops, task.pictures.shape[1:3], patch, stride)
    return Attribution(values[None], maps=last.drops[None])
