"""Curves of all classes at once, beside what `layerscope.performance` offers one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerscope.performance.curves import ThresholdCurve, trace_precision_recall, trace_roc
from layerscope.performance.labeled_predictions import LabeledPredictions


@dataclass(frozen=True)
class EvaluationCurves:
    """Curves of classes that have an output and samples, by class."""

    roc: dict[int, ThresholdCurve]
    precision_recall: dict[int, ThresholdCurve]


def trace_curves(predictions: LabeledPredictions, labels: Sequence[int]) -> EvaluationCurves:
    """The curves of some classes."""
    taken = {label: take_scores(predictions, label) for label in labels}
    return EvaluationCurves(
        {label: trace_roc(*each) for label, each in taken.items()},
        {label: trace_precision_recall(*each) for label, each in taken.items()},
    )


def take_scores(predictions: LabeledPredictions, label: int) -> tuple[np.ndarray, np.ndarray]:
    """Whether each sample is of a class, and the probability that it was given for it."""
    scores = predictions.probabilities[:, predictions.outputs[label]].astype(float)
    return predictions.is_class(label), scores
