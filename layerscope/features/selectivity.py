"""How much a channel prefers one class to the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Selectivity:
    """
    Attributes
    ----------
    index : ndarray of float64, (C,)
        From 0, the same mean for all classes, to 1, active for one class only; nan where it is not
        defined.
    preferred : ndarray of int64, (C,)
        Class of the largest mean, the first of equal ones; -1 where the index is not defined.
    """

    index: np.ndarray
    preferred: np.ndarray


def measure_selectivity(class_mean: np.ndarray) -> Selectivity:
    """Class selectivity index (Morcos et al. 2018, "On the importance of single directions").

    With mu_max the largest of a channel's mean activations by class, and mu_rest the mean of those of
    all other classes, it is (mu_max - mu_rest) / (mu_max + mu_rest).

    Parameters
    ----------
    class_mean : ndarray of floats, (C, K)
        Mean activation of each channel by true class, such as ``class_mean`` of
        `layerscope.activations.top_samples.TopSamples`; nan for a class without samples, which is left out.

    Returns
    -------
    Selectivity
        Not defined for a channel with a negative mean (the index is made for rectified activations),
        for one that is zero for every class, and with fewer than two classes.
    """
    means = class_mean.astype(np.float64)
    known = ~np.isnan(means)
    n_known = known.sum(axis=1)
    filled = np.where(known, means, 0)  # changes neither the sum nor a positive maximum
    highest = filled.max(axis=1, initial=0)  # of no class at all, too
    rest = (filled.sum(axis=1) - highest) / np.maximum(n_known - 1, 1)
    defined = (n_known > 1) & (filled >= 0).all(axis=1) & (highest > 0)
    index = np.full(len(means), np.nan)
    np.divide(highest - rest, highest + rest, out=index, where=defined)
    preferred = filled.argmax(axis=1) if filled.shape[1] else -1
    return Selectivity(index, np.where(defined, preferred, -1))


def rank_selectivity(index: np.ndarray) -> np.ndarray:
    """Where each channel stands among the others of its layer.

    Parameters
    ----------
    index : ndarray of float64, (C,)
        As `Selectivity.index`.

    Returns
    -------
    ndarray of int64, (C,)
        1 for the most selective channel; equal ones share the smaller number; 0 where the index is not
        defined.
    """
    rising = np.sort(index[np.isfinite(index)])
    above = len(rising) - np.searchsorted(rising, index, side="right")
    return np.where(np.isfinite(index), above + 1, 0)
