"""Which answers to look at first: the surest that are wrong, the least sure that are right."""

from __future__ import annotations

import numpy as np

from layerscope.performance.answers import Answers


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
