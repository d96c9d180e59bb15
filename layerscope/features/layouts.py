"""What a layout of few samples in the plane keeps of the space that it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from layerscope.errors import InputError
from layerscope.metrics.embedding_quality import trustworthiness
from layerscope.neighbors import knn_accuracy


def nearest_in_plane(points: np.ndarray, k: int) -> np.ndarray:
    """Each sample's k nearest others, nearest first, of few samples in few dimensions.

    By all differences, in this thread: for a film with a hundred frames, threads of a linear algebra
    library would take longer to meet than to compute.

    Parameters
    ----------
    points : ndarray, (n, 2)
    k : int
        At most n - 1.

    Returns
    -------
    ndarray of int64, (n, k)
    """
    distances = np.zeros((len(points), len(points)))
    for axis in points.T.astype(np.float64):
        distances += np.subtract.outer(axis, axis) ** 2
    np.fill_diagonal(distances, np.inf)
    return distances.argsort(axis=1, kind="stable")[:, :k]


def count_neighbors(wanted: int, n: int) -> int:
    """How many neighbours of n samples are looked at: fewer than wanted where there are few samples."""
    return max(1, min(wanted, (n - 1) // 2))


def judge_layout(
    points: np.ndarray, ranks: np.ndarray, labels: np.ndarray, k: int
) -> tuple[float, float]:
    """Trustworthiness of a layout, and leave-one-out accuracy of the k nearest in it.

    Parameters
    ----------
    points : ndarray, (n, 2)
    ranks : ndarray of int, (n, n)
        Of the features: see `layerscope.metrics.embedding_quality.distance_ranks`.
    labels : ndarray of int, (n,)
    k : int
        Less than n / 2.

    Returns
    -------
    tuple of float
        The first 1 where no neighbour in the layout is a stranger in the features (Venna and Kaski
        2001), the second in [0, 1].
    """
    near = nearest_in_plane(points, k)
    return trustworthiness(ranks, near), knn_accuracy(near, labels, k)


def chance_accuracy(
    points: np.ndarray,
    labels: np.ndarray,
    k: int,
    *,
    n_permutations: int = 200,
    random_state: int = 0,
) -> float:
    """The accuracy of the k nearest in a layout where classes are dealt out at random.

    Leaving a sample out leaves one fewer of its class among the voters: chance is a little less than
    one in as many as there are classes, which is why it is measured.

    Parameters
    ----------
    points : ndarray, (n, 2)
    labels : ndarray of int, (n,)
    k : int
    n_permutations : int
        Times that classes are dealt out.
    random_state : int
    """
    near = nearest_in_plane(points, k)
    rng = np.random.default_rng(random_state)
    dealt = (rng.permutation(labels) for _ in range(n_permutations))
    return float(np.mean([knn_accuracy(near, each, k) for each in dealt]))


def neighbor_agreement(layouts: Sequence[np.ndarray], k: int) -> float:
    """The share of k nearest neighbours that two layouts of the same samples agree on.

    Parameters
    ----------
    layouts : sequence of ndarray, each (n, 2)
        At least two; all pairs are averaged.
    k : int

    Returns
    -------
    float
        In [0, 1]; by chance k / (n - 1).

    Raises
    ------
    InputError
        For fewer than two.
    """
    if len(layouts) < 2:
        raise InputError("agreement needs two layouts at least")
    sets = []
    for points in layouts:
        known = np.zeros((len(points), len(points)), dtype=bool)
        np.put_along_axis(known, nearest_in_plane(points, k), True, axis=1)
        sets.append(known)
    shared = [(a & b).sum(axis=1).mean() / k for a, b in combinations(sets, 2)]
    return float(np.mean(shared))
