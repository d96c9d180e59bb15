"""How faithfully an embedding shows a layer, and how well classes come apart in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn import config_context
from sklearn.metrics import silhouette_score

from layerscope.embedding.defined import count_neighbors, plan_vote, tell_silhouette
from layerscope.embedding.distances import measure_distances, rank_distances
from layerscope.embedding.neighbors import count_kept, majority

_CHUNK_MB = 16  # of distances that are looked at a time


@dataclass(frozen=True)
class Quality:
    """
    Attributes
    ----------
    knn_accuracy : float
        Leave-one-out accuracy of the majority among the k nearest, in [0, 1], of the samples and by the
        neighbours that `plan_vote` says; NaN where it says none.
    neighbors_kept : float
        Share of each sample's k nearest in the layer that are among its k nearest here, in [0, 1].
    trustworthiness : float
        1 where no neighbour here is a stranger in the layer (Venna and Kaski 2001).
    continuity : float
        1 where no neighbour in the layer is a stranger here (Venna and Kaski 2001).
    q_local, q_global : float
        Shares of neighbours kept, averaged over all neighbourhoods up to the size at which the most is kept
        beyond chance, and over all larger ones (Lee and Verleysen 2009).
    r_nx : float
        What is kept beyond chance, averaged over neighbourhoods of all sizes by their logarithm: 0 by chance,
        1 for a perfect embedding (Lee, Peluffo-Ordonez and Verleysen 2015).
    silhouette : float
        Of the true classes, in [-1, 1] (Rousseeuw 1987); NaN where there is one, or one for each sample.
    """

    knn_accuracy: float
    neighbors_kept: float
    trustworthiness: float
    continuity: float
    q_local: float
    q_global: float
    r_nx: float
    silhouette: float


def distance_ranks(points: np.ndarray) -> np.ndarray:
    """Of points (n, d) for each the rank of each other by distance: see `rank_distances`."""
    return rank_distances(measure_distances(points))


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


@dataclass(frozen=True)
class CoRanking:
    """How many neighbours two spaces share in neighbourhoods of every size.

    Attributes
    ----------
    q_nx : ndarray of float64, (n - 2,)
        Share of neighbours that are kept in neighbourhoods of 1, 2, ... n - 2 samples, in [0, 1].
    r_nx : ndarray of float64, (n - 2,)
        The same beyond chance: 0 where as many are kept as by chance, 1 where all are.
    """

    q_nx: np.ndarray
    r_nx: np.ndarray

    @property
    def area(self) -> float:
        """The mean of `r_nx` by the logarithm of the neighbourhood's size."""
        return float(np.average(self.r_nx, weights=1 / np.arange(1, len(self.r_nx) + 1)))

    def split(self) -> tuple[float, float]:
        """`Quality.q_local` and `Quality.q_global`."""
        sizes = np.arange(1, len(self.q_nx) + 1)
        most = int((self.q_nx - sizes / (len(sizes) + 1)).argmax()) + 1
        beyond = self.q_nx[most:] if most < len(sizes) else self.q_nx[-1:]
        return float(self.q_nx[:most].mean()), float(beyond.mean())


def compare_ranks(first: np.ndarray, second: np.ndarray) -> CoRanking:
    """Co-ranking of two spaces of the same samples (Lee and Verleysen 2009).

    Parameters
    ----------
    first, second : ndarray of int, (n, n)
        Of `rank_distances`; n is at least 4.
    """
    n = len(first)
    counts = np.zeros(n, dtype=np.int64)
    for one, other in zip(first, second, strict=True):
        counts += np.bincount(np.maximum(one, other), minlength=n)
    sizes = np.arange(1, n - 1)
    q_nx = np.cumsum(counts[1:])[: n - 2] / (n * sizes)
    return CoRanking(q_nx, ((n - 1) * q_nx - sizes) / (n - 1 - sizes))


def measure_quality(
    distances: np.ndarray, ranks: np.ndarray, labels: np.ndarray, k: int
) -> Quality:
    """All figures of an embedding, or of a layer itself.

    Parameters
    ----------
    distances : ndarray of float32, (n, n)
        In the embedding: see `measure_distances`.
    ranks : ndarray of int, (n, n)
        In the layer: see `rank_distances`.
    labels : ndarray of int, (n,)
        True classes; -1 where there are none.
    k : int
        Neighbours; fewer where there are fewer than 2 k samples.
    """
    k = count_neighbors(k, len(distances))
    found = rank_distances(distances)
    neighbors, true = (_list_nearest(each, k) for each in (found, ranks))
    co_ranking = compare_ranks(ranks, found)
    local, beyond = co_ranking.split()
    silhouette = float("nan")
    if not tell_silhouette(labels):
        with config_context(working_memory=_CHUNK_MB):
            silhouette = float(silhouette_score(distances, labels, metric="precomputed"))
    return Quality(
        knn_accuracy=judge_neighbors(neighbors, labels, k),
        neighbors_kept=float(count_kept(neighbors, true).mean() / k),
        trustworthiness=trustworthiness(ranks, neighbors),
        continuity=trustworthiness(found, true),
        q_local=local,
        q_global=beyond,
        r_nx=co_ranking.area,
        silhouette=silhouette,
    )


def _list_nearest(ranks: np.ndarray, k: int) -> np.ndarray:
    """The k nearest (n, k), nearest first."""
    nearest = np.argpartition(ranks, k, axis=1)[:, : k + 1]
    order = np.take_along_axis(ranks, nearest, axis=1).argsort(axis=1)
    return np.take_along_axis(nearest, order, axis=1)[:, 1:]


def judge_neighbors(neighbors: np.ndarray, labels: np.ndarray, k: int) -> float:
    """The accuracy of `majority` as `plan_vote` has it; NaN where there is none."""
    k, judged = plan_vote(labels, k)
    if not k:
        return float("nan")
    return float((majority(neighbors, labels, k) == labels)[judged].mean())
