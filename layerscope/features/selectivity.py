"""How much a channel prefers one class to the others, and how much it would seem to by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_CHANNELS = 256  # at a time, so that few copies of activations are in memory


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


@dataclass(frozen=True)
class SelectivityNull:
    """What a channel's index would be if it told no class from another.

    Attributes
    ----------
    expected : ndarray of float64, (C,)
        Mean over shuffled labels; nan where the index is not defined.
    high : ndarray of float64, (C,)
        95 % of shuffles stay at or below it.
    p : ndarray of float64, (C,)
        Share of shuffles, the labels as they are among them, whose index is as large; in (0, 1].
    """

    expected: np.ndarray
    high: np.ndarray
    p: np.ndarray


def average_by_class(values: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Mean activation of each channel by class.

    Parameters
    ----------
    values : ndarray of float, (C, n)
        Activation of each channel for each sample, averaged over its map.
    labels : ndarray of int, (n,)
        Classes, -1 for none.
    n_classes : int

    Returns
    -------
    ndarray of float64, (C, n_classes)
        nan for a class without samples.
    """
    from scipy.sparse import csr_array

    known = np.flatnonzero(labels >= 0)
    counts = np.bincount(labels[known], minlength=n_classes)
    member = csr_array(
        (np.ones(len(known)), (labels[known], known)), shape=(n_classes, len(labels))
    )
    means = np.empty((len(values), n_classes))
    for start in range(0, len(values), _CHANNELS):
        some = values[start : start + _CHANNELS].T.astype(np.float64)  # (n, c)
        means[start : start + _CHANNELS] = (member @ some).T
    return means / np.where(counts > 0, counts, np.nan)


def measure_selectivity(class_mean: np.ndarray) -> Selectivity:
    """Class selectivity index (Morcos et al. 2018, "On the importance of single directions").

    With mu_max the largest of a channel's mean activations by class, and mu_rest the mean of those of
    all other classes, it is (mu_max - mu_rest) / (mu_max + mu_rest).

    Parameters
    ----------
    class_mean : ndarray of floats, (C, K)
        Mean activation of each channel by true class, of `average_by_class`; nan for a class without
        samples, which is left out.

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


def expect_selectivity(
    values: np.ndarray, labels: np.ndarray, n_classes: int, n_permutations: int, random_state: int
) -> SelectivityNull:
    """The index under shuffled labels: a permutation test (Fisher 1935; Ernst 2004).

    Of several class means one is always the largest, and the further above the others the fewer samples
    a class has and the more seldom a channel is active: the index of a channel that tells nothing is not 0.
    Each shuffle keeps the sizes of classes and the channel's activations, and looks for the largest
    mean anew.

    Parameters
    ----------
    values, labels, n_classes
        As `average_by_class` takes them.
    n_permutations : int
        The same ones for all channels.
    random_state : int

    Returns
    -------
    SelectivityNull
        nan where the index is not defined, or not for half of the shuffles.
    """
    rng = np.random.default_rng(random_state)
    known = np.flatnonzero(labels >= 0)
    shuffled = np.tile(labels, (n_permutations, 1))
    shuffled[:, known] = rng.permuted(shuffled[:, known], axis=1)
    found = np.full((3, len(values)), np.nan)
    for start in range(0, len(values), _CHANNELS):
        some = np.asarray(values[start : start + _CHANNELS], dtype=np.float64)
        index = _measure(some, labels, n_classes)
        by_chance = np.stack([_measure(some, each, n_classes) for each in shuffled])
        defined = np.isfinite(by_chance)
        there = np.isfinite(index) & (2 * defined.sum(axis=0) >= n_permutations)
        by_chance, index = by_chance[:, there], index[there]
        as_large = (by_chance >= index - 1e-9).sum(axis=0)  # sums in another order differ a little
        places = start + np.flatnonzero(there)
        found[0, places] = np.nanmean(by_chance, axis=0)
        found[1, places] = np.nanquantile(by_chance, 0.95, axis=0, method="higher")
        found[2, places] = (as_large + 1) / (defined[:, there].sum(axis=0) + 1)
    return SelectivityNull(*found)


def _measure(values: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    return measure_selectivity(average_by_class(values, labels, n_classes)).index


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
