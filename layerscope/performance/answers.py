"""What a model answered, set beside what was true: the ground that all figures stand on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from layerscope.errors import InputError

_SLACK = 1e-4  # what float16 and float32 make of one


@dataclass(frozen=True)
class Answers:
    """Probabilities of n samples, checked.

    Attributes
    ----------
    probabilities : ndarray of float, (n, K)
        In [0, 1].
    labels : ndarray of int, (n,)
        True classes of the data set, in [0, C).
    outputs : ndarray of int64, (C,)
        The model's output that stands for each class of the data set; -1 where there is none.

    Raises
    ------
    InputError
        Where they do not fit together, are not finite, or no probabilities.
    """

    probabilities: np.ndarray
    labels: np.ndarray
    outputs: np.ndarray

    def __post_init__(self) -> None:
        p, labels, outputs = self.probabilities, self.labels, self.outputs
        if p.ndim != 2 or len(p) != len(labels) or not p.size:
            raise InputError(
                f"predictions: probabilities {p.shape} do not fit {len(labels)} samples; "
                "they need a row a sample"
            )
        if not np.isfinite(p).all():
            bad = int((~np.isfinite(p).all(axis=1)).sum())
            raise InputError(
                f"predictions: probabilities of {bad} samples are not finite; predict anew"
            )
        if p.min() < -_SLACK or p.max() > 1 + _SLACK:
            raise InputError(
                "predictions: values outside [0, 1] are no probabilities; predict anew"
            )
        if labels.min() < 0 or labels.max() >= len(outputs):
            raise InputError(f"predictions: a label is not one of the {len(outputs)} classes")
        if outputs.min() < -1 or outputs.max() >= p.shape[1]:
            raise InputError(f"predictions: a class stands for none of the {p.shape[1]} outputs")

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def predicted(self) -> np.ndarray:
        """The most probable output of each sample, (n,) int64."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidence(self) -> np.ndarray:
        """Probability of the predicted output, (n,) float64."""
        return self.probabilities.max(axis=1).astype(float)

    @cached_property
    def targets(self) -> np.ndarray:
        """The output that would be right, (n,) int64; -1 where the model has none."""
        return self.outputs[self.labels]

    @cached_property
    def named(self) -> np.ndarray:
        """Whether the model has an output for a sample's class, (n,) bool: else it cannot be right."""
        return self.targets >= 0

    @cached_property
    def correct(self) -> np.ndarray:
        """Whether the predicted output is the right one, (n,) bool; False where there is none."""
        return self.predicted == self.targets

    @cached_property
    def losses(self) -> np.ndarray:
        """Minus the logarithm of the right output's probability, (n,) float64 nats; NaN without one.

        A probability of zero counts as the smallest one of single precision, 87 nats.
        """
        rows = np.arange(len(self))
        right = self.probabilities[rows, np.maximum(self.targets, 0)].astype(float)
        lost = -np.log(np.clip(right, np.finfo(np.float32).tiny, 1.0))
        return np.where(self.named, lost, np.nan)

    def is_class(self, label: int) -> np.ndarray:
        """Whether a sample is of a class of the data set, (n,) bool."""
        return self.labels == label


def rank_errors(answers: Answers) -> np.ndarray:
    """Wrong answers to samples whose class the model knows, the most confident first, (m,) int."""
    return _rank(np.flatnonzero(answers.named & ~answers.correct), -answers.confidence)


def rank_unsure(answers: Answers) -> np.ndarray:
    """Correct answers, the least confident first, (m,) int."""
    return _rank(np.flatnonzero(answers.correct), answers.confidence)


def rank_unnamed(answers: Answers) -> np.ndarray:
    """Answers to samples of classes that the model has no output for, the most confident first."""
    return _rank(np.flatnonzero(~answers.named), -answers.confidence)


def _rank(found: np.ndarray, values: np.ndarray) -> np.ndarray:
    return found[np.argsort(values[found], kind="stable")]
