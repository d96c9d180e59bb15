"""What a map is like, whatever it is of: how many pixels carry it."""

from __future__ import annotations

import numpy as np
from scipy.stats import entropy

_BINS = 100  # as Quantus has them where nothing else is said


def measure_complexity(values: np.ndarray) -> float:
    """Complexity (Bhatt, Weller and Moura 2020): entropy of the shares of absolute relevance.

    Parameters
    ----------
    values : ndarray, (H, W)

    Returns
    -------
    float
        In nats, from 0, where a pixel has all, to the logarithm of their number, where all have the same;
        NaN for a map of zeros, which has no shares.
    """
    weights = np.abs(values, dtype=np.float64).ravel()
    return float(entropy(weights)) if weights.any() else float("nan")


def measure_sparseness(values: np.ndarray) -> float:
    """Sparseness (Chalasani et al. 2020): the Gini index of absolute relevance (H, W).

    Returns
    -------
    float
        From 0, where all pixels have the same, to 1 - 1 / n, where one of n has all; NaN for a map of zeros.
    """
    weights = np.sort(np.abs(values, dtype=np.float64), axis=None)
    n = len(weights)
    if not weights.any():
        return float("nan")
    return float((2 * np.arange(1, n + 1) - n - 1) @ weights / (n * weights.sum()))


def measure_histogram(values: np.ndarray) -> float:
    """Entropy in nats of a histogram of a map's values, of 100 bins from the least to the largest."""
    return float(entropy(np.histogram(values, bins=_BINS)[0]))


def measure_change(values: np.ndarray, changed: np.ndarray) -> float:
    """How far a map (H, W) differs from another, as a share of it, by the Frobenius norm; NaN for zeros."""
    norm = float(np.linalg.norm(values))
    return float(np.linalg.norm(changed - values)) / norm if norm else float("nan")
