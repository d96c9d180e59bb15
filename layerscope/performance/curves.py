"""One class against the rest: the curves over all thresholds, their areas, and one threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerscope.errors import InputError
from layerscope.performance.intervals import Estimate, estimate_f1, estimate_score, estimate_share


@dataclass(frozen=True)
class ThresholdCurve:
    """What changes with the threshold.

    Attributes
    ----------
    x, y : ndarray of float64, (m,)
        False positive rate and recall of a ROC curve; recall and precision of a precision-recall curve.
    thresholds : ndarray of float64, (m,)
        Samples that score as high or higher are predicted as the class; infinite where none is.
    area : float
        Under the ROC curve; or the average precision.
    """

    x: np.ndarray
    y: np.ndarray
    thresholds: np.ndarray
    area: float


@dataclass(frozen=True)
class ThresholdCounts:
    """How many samples a threshold classifies rightly and wrongly.

    Attributes
    ----------
    true_positives, false_positives, false_negatives, true_negatives : int
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def precision(self) -> Estimate:
        """The share of the samples predicted as the class that belong to it."""
        return estimate_share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Estimate:
        """The share of the class that is predicted as it."""
        return estimate_share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def false_positive_rate(self) -> Estimate:
        """The share of the other samples that are predicted as the class."""
        return estimate_share(self.false_positives, self.false_positives + self.true_negatives)

    @property
    def f1(self) -> Estimate:
        """Harmonic mean of precision and recall."""
        return estimate_f1(self.true_positives, self.false_positives + self.false_negatives)


def _check(positive: np.ndarray, scores: np.ndarray) -> None:
    if positive.shape != scores.shape or not np.isfinite(scores).all():
        raise InputError("curves: each sample needs a finite score")
    if positive.all() or not positive.any():
        raise InputError("curves: there must be samples of the class and others")


def trace_roc(positive: np.ndarray, scores: np.ndarray) -> ThresholdCurve:
    """Recall over the false positive rate (Fawcett 2006).

    Parameters
    ----------
    positive : ndarray of bool, (n,)
    scores : ndarray of float, (n,)

    Raises
    ------
    InputError
        Where all samples are of the class or none is, or a score is not finite.
    """
    from sklearn.metrics import auc, roc_curve

    _check(positive, scores)
    x, y, thresholds = roc_curve(positive, scores)
    return ThresholdCurve(x, y, thresholds, float(auc(x, y)))


def trace_precision_recall(positive: np.ndarray, scores: np.ndarray) -> ThresholdCurve:
    """Precision over recall, from the lowest threshold to the highest; area is the average precision.

    Parameters and errors as of `trace_roc`.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    _check(positive, scores)
    precision, recall, thresholds = precision_recall_curve(positive, scores, drop_intermediate=True)
    area = float(average_precision_score(positive, scores))
    return ThresholdCurve(recall, precision, np.append(thresholds, np.inf), area)


def average_roc(curves: Sequence[ThresholdCurve], n: int = 201) -> ThresholdCurve:
    """The mean of curves at equal false positive rates, and the mean of their areas."""
    grid = np.linspace(0, 1, n)
    heights = [np.interp(grid, curve.x, curve.y) for curve in curves]
    for height, curve in zip(heights, curves, strict=True):
        height[0] = curve.y[curve.x == 0].max()  # where it leaves the axis, not where it starts
    x, y = np.append(0.0, grid), np.append(0.0, np.mean(heights, axis=0))
    return ThresholdCurve(
        x, y, np.full(n + 1, np.nan), float(np.mean([curve.area for curve in curves]))
    )


def average_precision_recall(curves: Sequence[ThresholdCurve], n: int = 201) -> ThresholdCurve:
    """The mean of curves at equal recall, and the mean of their average precisions.

    Between two thresholds precision is that of the one that reaches the recall: a straight line between
    them would promise what no threshold gives (Davis and Goadrich 2006).
    """
    grid = np.linspace(0, 1, n)
    heights = []
    for curve in curves:
        recall, precision = curve.x[::-1], curve.y[::-1]  # rising
        heights.append(precision[np.searchsorted(recall, grid - 1e-12)])
    y = np.mean(heights, axis=0)
    return ThresholdCurve(
        grid, y, np.full(n, np.nan), float(np.mean([curve.area for curve in curves]))
    )


def estimate_areas(
    positive: np.ndarray, scores: np.ndarray, weights: np.ndarray
) -> tuple[Estimate, Estimate]:
    """Area under the ROC curve and average precision, each with its interval, also where it is 1.

    The area varies at most like a share of as many samples as its smaller side has (Birnbaum and Klose
    1957), whatever the distributions of the scores: so does its interval, Wilson's, which therefore
    covers the truth in 95 % of the cases at least. Standard errors estimated from the samples (DeLong et
    al. 1988) are zero where the sides are well apart, and a model of the scores (Hanley and McNeil 1982)
    does not hold where a few samples of the class score like the others. Average precision is
    at most of as many samples as the class has (Boyd, Eng and Page 2013): see `estimate_score`.

    Parameters
    ----------
    positive : ndarray of bool, (n,)
    scores : ndarray of float, (n,)
    weights : ndarray, (n_resamples, n)
        From `draw_weights`.
    """
    area = trace_roc(positive, scores).area
    average = trace_precision_recall(positive, scores).area
    n = int(positive.sum())
    smaller = min(n, len(positive) - n)
    return (
        estimate_share(area * smaller, smaller),
        estimate_score(average, weigh_average_precision(positive, scores, weights), n),
    )


def weigh_average_precision(
    positive: np.ndarray, scores: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Average precision under each row of weights, (n_resamples,); NaN where none is on the class."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # of equal scores; they come together
    sorted_weights = weights[:, order].astype(float)
    hits = np.cumsum(sorted_weights * positive[order], axis=1)[:, last]
    taken = np.cumsum(sorted_weights, axis=1)[:, last]
    with np.errstate(invalid="ignore"):
        steps = np.diff(hits / hits[:, -1:], axis=1, prepend=0)
    return np.asarray((steps * hits / np.maximum(taken, 1e-12)).sum(axis=1))


def count_at_threshold(
    positive: np.ndarray, scores: np.ndarray, threshold: float
) -> ThresholdCounts:
    """Predict the class for samples that score `threshold` or more, and count how often that is right.

    Parameters
    ----------
    positive : ndarray of bool, (n,)
    scores : ndarray of float, (n,)
    threshold : float
    """
    taken = scores >= threshold
    return ThresholdCounts(
        int((positive & taken).sum()),
        int((~positive & taken).sum()),
        int((positive & ~taken).sum()),
        int((~positive & ~taken).sum()),
    )
