"""How much two embeddings of one layer differ by their seeds alone: what mere repetition gives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layerscope.embedding.alignment import align
from layerscope.embedding.similarity import compute_unit_cloud, measure_nuclear

HIGH = 0.95  # quantile of movements that a sample's must exceed


class Repetition(NamedTuple):
    """What is alike in two embeddings of the same samples and layer; nan where all samples are in one place.

    Attributes
    ----------
    similarity : float
        In the nuclear norm, in [0, 1]: see `layerscope.embedding.similarity.measure_nuclear`.
    movement, movement_high : float
        Mean and 95 % quantile over samples of `measure_movement`.
    neighbors : float
        The share of nearest neighbours that both have, in [0, 1]; by chance k / (n - 1).
    """

    similarity: float
    movement: float
    movement_high: float
    neighbors: float


def measure_movement(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How far each sample moves from one embedding to another, once that is turned onto the first.

    Parameters
    ----------
    points, others : ndarray, (n, k)

    Returns
    -------
    ndarray of float32, (n,)
        In units of the clouds' spread, the root of the mean squared distance from the centre. The root of
        their mean square is ``sqrt(2 - 2 similarity)``, 1.41 where embeddings have nothing in common.
    """
    first, second = compute_unit_cloud(points), compute_unit_cloud(others)
    return np.sqrt(len(points)) * np.linalg.norm(align(second, first) - first, axis=1)


def count_shared(first: np.ndarray, second: np.ndarray) -> float:
    """The share of nearest neighbours (n, k) that samples have in both of two embeddings, in [0, 1]."""
    shared = (first[:, :, None] == second[:, None, :]).any(axis=2)
    return float(shared.mean())


def measure_repetition(points: np.ndarray, again: np.ndarray, n_neighbors: int) -> Repetition:
    """All figures of a layer that was embedded twice.

    Parameters
    ----------
    points, again : ndarray, (n, k)
    n_neighbors : int
        Below n.
    """
    from layerscope.embedding.neighbors import nearest_neighbors

    first, second = compute_unit_cloud(points), compute_unit_cloud(again)
    if np.isnan(first).any() or np.isnan(second).any():
        return Repetition(np.nan, np.nan, np.nan, np.nan)
    moved = measure_movement(points, again)
    found = [nearest_neighbors(each, n_neighbors).indices for each in (points, again)]
    return Repetition(
        float(measure_nuclear(first[None], second[None])[0, 0]),
        float(moved.mean()),
        float(np.quantile(moved, HIGH)),
        count_shared(*found),
    )


def expect_similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How similar embeddings of two layers would be if the layers were the same, (a, b).

    Of each pair the geometric mean: no more alike than each is with its own repetition (Spearman 1904, on
    the attenuation of correlations).

    Parameters
    ----------
    first : ndarray, (a,)
        `Repetition.similarity` of each layer.
    second : ndarray, (b,)
    """
    return np.sqrt(np.outer(first, second)).astype(np.float32)
