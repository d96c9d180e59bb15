"""Means with intervals, differences of methods on the same pictures, and rank correlation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata, spearmanr

from layerscope.performance.intervals import LEVEL, wilson

_RESAMPLES = 2000
_FLIPS = 9999
_SAME = 1e-9  # relative difference of what only rounding tells apart
_NONE = float("nan")


@dataclass(frozen=True)
class SampleMean:
    """A mean over samples.

    Attributes
    ----------
    value : float
    low, high : float
        Its 95 % interval; NaN where there is none.
    n : int
        How many samples it is of.
    """

    value: float
    low: float
    high: float
    n: int


def average_share(values: np.ndarray) -> SampleMean:
    """The mean of what each sample is or is not, (n,), with Wilson's interval.

    A value between 0 and 1, as a tie gives, counts as that part of a success. It varies less than a coin
    of the same mean, so that the interval is rather too wide than too narrow.
    """
    total, n = float(values.sum()), len(values)
    low, high = wilson(total, n)
    return SampleMean(total / n, float(low), float(high), n)


def average(
    values: np.ndarray, random_state: int, low: float = -np.inf, high: float = np.inf
) -> SampleMean:
    """The mean of a figure per sample, (n,), with its interval by the studentised bootstrap.

    Each resample's mean is measured in its own standard errors (Efron and Tibshirani 1993, chapter 12),
    so that skewed figures of few samples are covered as often as the interval says; BCa and percentiles
    are too narrow for them.

    Parameters
    ----------
    values : ndarray, (n,)
    random_state : int
    low, high : float
        What a figure can be: the interval ends there.

    Returns
    -------
    SampleMean
        Without an interval where there are fewer than two samples, where all are the same, which the
        bootstrap takes for certainty, and where an end would be infinite.
    """
    n, mean, least = len(values), float(values.mean()), _SAME * float(np.ptp(values))
    if n < 2 or least <= _SAME**2 * abs(mean):
        return SampleMean(mean, _NONE, _NONE, n)
    drawn = values[np.random.default_rng(random_state).integers(n, size=(_RESAMPLES, n))]
    differences, errors = drawn.mean(axis=1) - mean, drawn.std(axis=1, ddof=1) / n**0.5
    flat = errors <= least  # a resample of one value, infinitely many standard errors off
    studentized = differences / np.where(flat, 1.0, errors)
    away = np.abs(differences) > least
    studentized[flat & away] = np.copysign(np.inf, differences[flat & away])
    ends = np.quantile(studentized, [(1 + LEVEL) / 2, (1 - LEVEL) / 2], method="inverted_cdf")
    first, last = np.clip(mean - ends * values.std(ddof=1) / n**0.5, low, high)
    if not np.isfinite([first, last]).all():
        return SampleMean(mean, _NONE, _NONE, n)
    return SampleMean(mean, float(first), float(last), n)


def compare_methods(values: np.ndarray, random_state: int) -> np.ndarray:
    """Whether methods can be told apart on the same samples.

    For each pair the sign of each sample's difference is flipped at random (the paired permutation test
    of Fisher and Pitman), which asks whether the means differ; the p-values of all pairs are corrected
    together by Holm (1979), so that the best of many methods may be chosen after looking.

    Parameters
    ----------
    values : ndarray, (methods, n)
        NaN where a sample has no figure; of a pair, the samples that both have are compared.
    random_state : int

    Returns
    -------
    ndarray of float64, (methods, methods)
        Corrected p-values, in (0, 1]; 1 on the diagonal, and where a pair has no sample.
    """
    n_methods, n = values.shape
    first, second = np.triu_indices(n_methods, 1)
    differences = np.nan_to_num(values[first] - values[second])  # what is missing moves no sum
    signs = np.random.default_rng(random_state).choice([-1.0, 1.0], size=(_FLIPS, n))
    found = np.abs(differences.sum(axis=1))
    flipped = np.abs(signs @ differences.T)  # (flips, pairs)
    reached = flipped >= found * (1 - _SAME) - _SAME
    p_values = correct_by_holm((1 + reached.sum(axis=0)) / (1 + _FLIPS))
    table = np.ones((n_methods, n_methods))
    table[first, second] = table[second, first] = p_values
    return table


def correct_by_holm(p_values: np.ndarray) -> np.ndarray:
    """p-values (m,) of m tests, corrected together (Holm 1979).

    The smallest is taken m times, the next m - 1 times, and so on; none is smaller than one before it,
    none larger than 1.
    """
    order = np.argsort(p_values, kind="stable")
    corrected = np.empty(len(p_values))
    factors = np.arange(len(p_values), 0, -1)
    corrected[order] = np.maximum.accumulate(p_values[order] * factors)
    return np.minimum(corrected, 1.0)


def correlate_ranks(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of all entries of two arrays of one shape.

    Returns
    -------
    float
        In [-1, 1]; 0 where one of them is constant, and so tells no order.
    """
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first.ravel(), second.ravel()).statistic)


def correlate_ranks_given(first: np.ndarray, second: np.ndarray, given: np.ndarray) -> float:
    """Partial rank correlation of two arrays (n,), given a third.

    The correlation of what is left of either's ranks after a straight line over the ranks of the third
    (Kendall 1942).

    Returns
    -------
    float
        In [-1, 1]; 0 where nothing is left of the first, NaN where nothing is left of the second, and for
        fewer than four entries, of which three are always in line.
    """
    if len(first) < 4:
        return _NONE
    ranks = [rankdata(each) for each in (first, second, given)]
    line = np.stack([np.ones(len(first)), ranks[2]], axis=1)
    left = [each - line @ np.linalg.lstsq(line, each, rcond=None)[0] for each in ranks[:2]]
    one, other = (float(np.linalg.norm(each)) for each in left)
    if other < _SAME * len(first):
        return _NONE
    return 0.0 if one < _SAME * len(first) else float(left[0] @ left[1]) / (one * other)
