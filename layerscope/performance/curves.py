"""One class against the rest: the curves over all thresholds, their areas, and one threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerscope.errors import InputError
from layerscope.performance.intervals import Estimate, estimate, estimate_share


@dataclass(frozen=True)
class Curve:
    """What changes with the threshold.

    Attributes
    ----------
    x, y : ndarray of float64, (m,)
        False alarm rate and recall of a ROC curve; recall and precision of the other.
    thresholds : ndarray of float64, (m,)
        Samples that score as high or higher are taken for the class; infinite where none is.
    area : float
        Under the ROC curve; or the average precision.
    """

    x: np.ndarray
    y: np.ndarray
    thresholds: np.ndarray
    area: float


@dataclass(frozen=True)
class Cut:
    """What a threshold makes of the samples.

    Attributes
    ----------
    hits, false_alarms, misses, rejections : int
        True positives, false positives, false negatives, true negatives.
    """

    hits: int
    false_alarms: int
    misses: int
    rejections: int

    @property
    def precision(self) -> Estimate:
        """Of what is taken for the class, the share that is of it."""
        return estimate_share(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> Estimate:
        """Of the class, the share that is found."""
        return estimate_share(self.hits, self.hits + self.misses)

    @property
    def false_alarm_rate(self) -> Estimate:
        """Of all others, the share that is taken for the class."""
        return estimate_share(self.false_alarms, self.false_alarms + self.rejections)

    @property
    def f1(self) -> Estimate:
        """Harmonic mean of precision and recall; no interval."""
        among = 2 * self.hits + self.false_alarms + self.misses
        return Estimate(2 * self.hits / among if among else float("nan"))


def _check(positive: np.ndarray, scores: np.ndarray) -> None:
    if positive.shape != scores.shape or not np.isfinite(scores).all():
        raise InputError("curves: each sample needs a finite score")
    if positive.all() or not positive.any():
        raise InputError("curves: there must be samples of the class and others")


def trace_roc(positive: np.ndarray, scores: np.ndarray) -> Curve:
    """Recall over the false alarm rate (Fawcett 2006).

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
    return Curve(x, y, thresholds, float(auc(x, y)))


def trace_precision_recall(positive: np.ndarray, scores: np.ndarray) -> Curve:
    """Precision over recall, from the lowest threshold to the highest; area is the average precision.

    Parameters and errors as of `trace_roc`.
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    _check(positive, scores)
    precision, recall, thresholds = precision_recall_curve(positive, scores, drop_intermediate=True)
    area = float(average_precision_score(positive, scores))
    return Curve(recall, precision, np.append(thresholds, np.inf), area)


def average_roc(curves: Sequence[Curve], n: int = 201) -> Curve:
    """The mean of curves at equal false alarm rates, and the mean of their areas."""
    grid = np.linspace(0, 1, n)
    heights = [np.interp(grid, curve.x, curve.y) for curve in curves]
    for height, curve in zip(heights, curves, strict=True):
        height[0] = curve.y[curve.x == 0].max()  # where it leaves the axis, not where it starts
    x, y = np.append(0.0, grid), np.append(0.0, np.mean(heights, axis=0))
    return Curve(x, y, np.full(n + 1, np.nan), float(np.mean([curve.area for curve in curves])))


def average_precision_recall(curves: Sequence[Curve], n: int = 201) -> Curve:
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
    return Curve(grid, y, np.full(n, np.nan), float(np.mean([curve.area for curve in curves])))


def estimate_areas(
    positive: np.ndarray, scores: np.ndarray, weights: np.ndarray
) -> tuple[Estimate, Estimate]:
    """Area under the ROC curve and average precision, with bootstrap intervals.

    Parameters
    ----------
    positive : ndarray of bool, (n,)
    scores : ndarray of float, (n,)
    weights : ndarray, (n_resamples, n)
        From `draw_weights`.
    """
    areas = [trace_roc(positive, scores).area, trace_precision_recall(positive, scores).area]
    resampled = weigh_areas(positive, scores, weights)
    return estimate(areas[0], resampled[0]), estimate(areas[1], resampled[1])


def weigh_areas(
    positive: np.ndarray, scores: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Area under the ROC curve and average precision under each row of weights, (n_resamples,).

    NaN where no weight is on one of the two sides.
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # of equal scores; they come together
    sorted_weights = weights[:, order].astype(float)
    hits = np.cumsum(sorted_weights * positive[order], axis=1)[:, last]
    alarms = np.cumsum(sorted_weights * ~positive[order], axis=1)[:, last]
    n_positive, n_negative = hits[:, -1:], alarms[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, false_rate = hits / n_positive, alarms / n_negative
        steps = np.diff(recall, axis=1, prepend=0)
        heights = (recall + np.pad(recall[:, :-1], ((0, 0), (1, 0)))) / 2
        roc = (np.diff(false_rate, axis=1, prepend=0) * heights).sum(axis=1)
        taken = hits + alarms
        precision = np.where(taken > 0, hits / np.maximum(taken, 1e-12), 0.0)
        average = (steps * precision).sum(axis=1)
    there = (n_positive[:, 0] > 0) & (n_negative[:, 0] > 0)
    return np.where(there, roc, np.nan), np.where(there, average, np.nan)


def cut(positive: np.ndarray, scores: np.ndarray, threshold: float) -> Cut:
    """Take those that score `threshold` or more for the class.

    Parameters
    ----------
    positive : ndarray of bool, (n,)
    scores : ndarray of float, (n,)
    threshold : float
    """
    taken = scores >= threshold
    return Cut(
        int((positive & taken).sum()),
        int((~positive & taken).sum()),
        int((positive & ~taken).sum()),
        int((~positive & ~taken).sum()),
    )
