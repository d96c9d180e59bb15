"""Means with intervals, and rank correlation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

_RESAMPLES = 2000
_INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class SampleMean:
    """A mean over samples.

    Attributes
    ----------
    value : float
    low, high : float
        Its 95 % interval, by the percentile bootstrap (Efron and Tibshirani 1993).
    n : int
        How many samples it is of.
    """

    value: float
    low: float
    high: float
    n: int


def average(values: np.ndarray, random_state: int) -> SampleMean:
    """The mean of a figure per sample, (n,), with its interval."""
    n = len(values)
    drawn = np.random.default_rng(random_state).integers(n, size=(_RESAMPLES, n))
    low, high = np.quantile(values[drawn].mean(axis=1), _INTERVAL)
    return SampleMean(float(values.mean()), float(low), float(high), n)


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
