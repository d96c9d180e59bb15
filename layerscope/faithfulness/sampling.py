"""Which samples are explained."""

from __future__ import annotations

import numpy as np


def choose_samples(
    labels: np.ndarray, eligible: np.ndarray, n: int, random_state: int
) -> np.ndarray:
    """Some samples of each class, as evenly as there are.

    Parameters
    ----------
    labels : ndarray of int, (N,)
    eligible : ndarray of bool, (N,)
        Which may be chosen.
    n : int
        How many; fewer where there are not as many.
    random_state : int

    Returns
    -------
    ndarray of int64, (n,)
        Class after class in turn, so that the beginning of the choice is balanced as well.
    """
    drawn = np.random.default_rng(random_state).permutation(np.flatnonzero(eligible))
    turns = np.empty(len(drawn), dtype=np.int64)
    for label in np.unique(labels):
        own = labels[drawn] == label
        turns[own] = np.arange(own.sum())
    return drawn[np.lexsort((labels[drawn], turns))][:n]
