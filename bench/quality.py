"""How good an embedding is, by one yardstick for whoever made it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from openTSNE.affinity import PerplexityBasedNN
from scipy.sparse import csr_matrix
from scipy.spatial.distance import pdist

from layerscope.embedding.layouts import effective_perplexity
from layerscope.embedding.neighbors import knn_accuracy, nearest_neighbors
from layerscope.embedding.quality import distance_ranks, trustworthiness

# Figures, and which way is better.
FIGURES = {"knn_accuracy": 1, "trustworthiness": 1, "kl_divergence": -1}
_NEIGHBORS = 10


def find_affinities(reference: np.ndarray, perplexity: float) -> csr_matrix:
    """Joint probabilities from exact neighbours, (n, n), at the perplexity that n samples can carry."""
    effective = effective_perplexity(perplexity, len(reference))
    return csr_matrix(PerplexityBasedNN(reference, effective, method="exact", n_jobs=1).P)


def find_divergence(affinities: csr_matrix, points: np.ndarray) -> float:
    """Kullback-Leibler divergence in nats, over all pairs (van der Maaten and Hinton 2008)."""
    points = points.astype(np.float64)
    total = 2 * (1 / (1 + pdist(points, "sqeuclidean"))).sum()
    pairs = affinities.tocoo()
    there = pairs.data > 0
    p, row, column = pairs.data[there], pairs.row[there], pairs.col[there]
    apart = ((points[row] - points[column]) ** 2).sum(axis=1)
    return float((p * (np.log(p) + np.log1p(apart) + np.log(total))).sum())


def judge(
    reference: np.ndarray,
    embeddings: Mapping[str, Mapping[float, np.ndarray]],
    labels: np.ndarray,
) -> dict[str, list[dict[str, float]]]:
    """All figures of one layer.

    Parameters
    ----------
    reference : ndarray, (n, k)
        What embeddings should be faithful to, the same for all.
    embeddings : mapping
        By who made them and by perplexity, each (n, 2).
    labels : ndarray of int, (n,)

    Returns
    -------
    dict
        By who made them: a row a perplexity.
    """
    ranks = distance_ranks(reference)
    rows: dict[str, list[dict[str, float]]] = {side: [] for side in embeddings}
    k = min(_NEIGHBORS, (len(reference) - 1) // 2)
    for perplexity in next(iter(embeddings.values())):
        affinities = find_affinities(reference, perplexity)
        for side, by_perplexity in embeddings.items():
            points = by_perplexity[perplexity]
            near = nearest_neighbors(points, k).indices
            found = (
                knn_accuracy(near, labels, k),
                trustworthiness(ranks, near),
                find_divergence(affinities, points),
            )
            rows[side].append({"perplexity": perplexity, **dict(zip(FIGURES, found, strict=True))})
    return rows
