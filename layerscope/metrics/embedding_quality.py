"""How faithfully an embedding shows a layer, and how well classes come apart in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import pairwise_distances, silhouette_score

from layerscope.neighbors import knn_accuracy, nearest_neighbors


@dataclass(frozen=True)
class Quality:
    """
    Attributes
    ----------
    knn_accuracy : float
        Leave-one-out accuracy of the majority among the k nearest, in [0, 1].
    trustworthiness : float
        1 where no neighbour in the embedding is a stranger in the layer (Venna and Kaski 2001).
    silhouette : float
        Of the true classes, in [-1, 1] (Rousseeuw 1987).
    """

    knn_accuracy: float
    trustworthiness: float
    silhouette: float


def distance_ranks(points: np.ndarray) -> np.ndarray:
    """For each sample the rank of each other by distance: nearest 1, itself 0.

    Parameters
    ----------
    points : ndarray, (n, d)

    Returns
    -------
    ndarray of int32, (n, n)
    """
    distances = pairwise_distances(points)
    np.fill_diagonal(distances, -1.0)  # a duplicate must not come before the sample itself
    order = distances.argsort(axis=1, kind="stable")
    ranks = np.empty(order.shape, dtype=np.int32)
    np.put_along_axis(ranks, order, np.arange(len(points), dtype=np.int32)[None, :], axis=1)
    return ranks


def trustworthiness(ranks: np.ndarray, neighbors: np.ndarray) -> float:
    """As `sklearn.manifold.trustworthiness`, from ranks that serve many embeddings.

    Parameters
    ----------
    ranks : ndarray of int, (n, n)
        Of the layer: see `distance_ranks`.
    neighbors : ndarray of int, (n, k)
        The k nearest in the embedding, k < n / 2.
    """
    n, k = neighbors.shape
    excess = np.take_along_axis(ranks, neighbors, axis=1) - k
    penalty = np.maximum(excess, 0).sum(dtype=np.int64)
    return float(1 - penalty * 2 / (n * k * (2 * n - 3 * k - 1)))


def measure_quality(points: np.ndarray, ranks: np.ndarray, labels: np.ndarray, k: int) -> Quality:
    """All three figures of an embedding.

    Parameters
    ----------
    points : ndarray, (n, d)
        The embedding.
    ranks : ndarray of int, (n, n)
        Of the layer.
    labels : ndarray of int, (n,)
        True classes.
    k : int
        Neighbours; fewer where there are fewer than 2 k samples.
    """
    k = min(k, (len(points) - 1) // 2)
    neighbors = nearest_neighbors(points, k).indices
    return Quality(
        knn_accuracy(neighbors, labels, k),
        trustworthiness(ranks, neighbors),
        float(silhouette_score(points, labels)),
    )
