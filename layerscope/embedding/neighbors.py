"""Exact nearest neighbours, found once per layer and size and used by everything behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Neighbors:
    """Each sample's nearest others, nearest first, itself left out.

    Attributes
    ----------
    indices : ndarray of int32, (n, k)
    distances : ndarray of float32, (n, k)
        Euclidean.
    """

    indices: np.ndarray
    distances: np.ndarray


def nearest_neighbors(points: np.ndarray, n_neighbors: int) -> Neighbors:
    """Exact Euclidean neighbours by brute force.

    Parameters
    ----------
    points : ndarray, (n, d)
    n_neighbors : int
        At most n - 1 are returned.
    """
    from sklearn.neighbors import NearestNeighbors  # takes a second to import

    k = min(n_neighbors, len(points) - 1)
    search = NearestNeighbors(n_neighbors=k, algorithm="brute", n_jobs=1).fit(points)
    distances, indices = search.kneighbors()  # without an argument a point is not its own neighbour
    return Neighbors(indices.astype(np.int32), distances.astype(np.float32))


def count_kept(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """How many of each sample's true neighbours (n, k) are among those found (n, k): (n,) int64."""
    return (found[:, :, None] == true[:, None, :]).sum(axis=(1, 2))


def knn_accuracy(neighbors: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Leave-one-out accuracy of the majority among the k nearest.

    Ties go to the class of the nearer neighbour.

    Parameters
    ----------
    neighbors : ndarray of int, (n, at least k)
        Indices, nearest first.
    labels : ndarray of int, (n,)
        From 0.

    Returns
    -------
    float
        In [0, 1].
    """
    return float((majority(neighbors, labels, k) == labels).mean())


def majority(neighbors: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """The most frequent class among each sample's k nearest, (n,); ties go to the nearer."""
    votes = labels[neighbors[:, :k]]  # (n, k)
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)  # votes that agree with each
    return votes[np.arange(len(votes)), counts.argmax(axis=1)]
