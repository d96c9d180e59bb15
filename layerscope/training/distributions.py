"""Distributions that are known as counts in bins: what can be told of them, and how surely.

Counts and ranges are as `layerscope.training.histograms` writes them: equal bins between two edges, the
edges of each distribution being its smallest and its largest value. Functions take any leading axes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from layerscope.storage.store import Store

N_BINS = 64
WEIGHT = "weight"


@dataclass(frozen=True)
class Distributions:
    """Distributions by epoch, quantity and layer.

    The first are those before training, so that those after an epoch have its number.

    Attributes
    ----------
    layers, quantities : tuple of str
        L keys and Q names.
    counts : ndarray of int, (E, Q, L, B)
        How many values lie in each bin.
    ranges : ndarray of float32, (E, Q, L, 2)
        Lower edge of the first bin and upper edge of the last.
    """

    layers: tuple[str, ...]
    quantities: tuple[str, ...]
    counts: np.ndarray
    ranges: np.ndarray

    @property
    def last(self) -> int:
        """Number of the last epoch; 0 is before training."""
        return len(self.counts) - 1

    def of(self, quantity: str, layer: str) -> tuple[np.ndarray, np.ndarray]:
        """Counts (E, B) and ranges (E, 2) of one quantity of one layer."""
        q, i = self.quantities.index(quantity), self.layers.index(layer)
        return self.counts[:, q, i], self.ranges[:, q, i]

    def at(self, epoch: int, quantity: str) -> tuple[np.ndarray, np.ndarray]:
        """Counts (L, B) and ranges (L, 2) of one quantity after one epoch; 0 is before training."""
        q = self.quantities.index(quantity)
        return self.counts[epoch, q], self.ranges[epoch, q]


def read_distributions(path: Path) -> Distributions:
    """What a training left, as `layerscope.training.fit.write_history` wrote it.

    Raises
    ------
    InputError
        In one line, where there is no such store or it is damaged.
    """
    store = Store(path)
    attributes = store.attributes
    return Distributions(
        tuple(attributes["layers"]),
        tuple(attributes["quantities"]),
        store.read("counts"),
        store.read("ranges"),
    )


def count_weights(weights: Mapping[str, np.ndarray]) -> Distributions:
    """Distributions of weights as they are, in one epoch: a layer for each array.

    Parameters
    ----------
    weights : mapping of str to ndarray
        By the key of the layer.
    """
    counts, ranges = [], []
    for values in weights.values():
        count, edges = np.histogram(values.ravel(), bins=N_BINS)
        counts.append(count)
        ranges.append(edges[[0, -1]])
    return Distributions(
        tuple(weights),
        (WEIGHT,),
        np.array(counts)[None, None],
        np.array(ranges, dtype=np.float32)[None, None],
    )


def find_edges(ranges: np.ndarray, n_bins: int) -> np.ndarray:
    """Edges (..., n_bins + 1) of equal bins, from ranges (..., 2)."""
    low, high = ranges[..., :1].astype(np.float64), ranges[..., 1:].astype(np.float64)
    return low + (high - low) * np.linspace(0, 1, n_bins + 1)


def find_moments(counts: np.ndarray, ranges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations, as if all values of a bin lay in its middle.

    A mean is off by at most half a bin. Sheppard's correction of the deviation is left out: it holds for
    smooth densities that end softly, which gradients are not.
    """
    edges = find_edges(ranges, counts.shape[-1])
    middles = (edges[..., 1:] + edges[..., :-1]) / 2
    n = np.maximum(1, counts.sum(axis=-1))
    mean = (counts * middles).sum(axis=-1) / n
    variance = (counts * (middles - mean[..., None]) ** 2).sum(axis=-1) / n
    return mean, np.sqrt(variance)


def find_quantiles(counts: np.ndarray, ranges: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Values (..., K) below which given shares (K,) lie, as if values were even within a bin."""
    edges = find_edges(ranges, counts.shape[-1])
    flat_counts = counts.reshape(-1, counts.shape[-1])
    flat_edges = edges.reshape(-1, edges.shape[-1])
    found = np.empty((len(flat_counts), len(shares)))
    for i, (count, edge) in enumerate(zip(flat_counts, flat_edges, strict=True)):
        below = np.concatenate([[0], np.cumsum(count)]) / max(1, count.sum())
        found[i] = np.interp(shares, below, edge)
    return found.reshape(*counts.shape[:-1], len(shares))


def find_share_below(counts: np.ndarray, ranges: np.ndarray, limit: float = 0.0) -> np.ndarray:
    """Share of values below a limit, as if values were even within its bin."""
    edges = find_edges(ranges, counts.shape[-1])
    width = np.maximum(np.diff(edges, axis=-1), np.finfo(np.float64).tiny)
    inside = np.clip((limit - edges[..., :-1]) / width, 0, 1)
    return (counts * inside).sum(axis=-1) / np.maximum(1, counts.sum(axis=-1))


def bound_norms(
    counts: np.ndarray, ranges: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Euclidean norm of all values: the least and the most that it can be, and as if in the middle.

    Returns
    -------
    low, middle, high : ndarray, (...)
        With all values of a bin at its edge nearer to zero (at zero where it holds that), in its middle,
        at the edge farther away. The true norm lies between the first and the last.
    """
    edges = find_edges(ranges, counts.shape[-1])
    left, right = edges[..., :-1], edges[..., 1:]
    far = np.maximum(np.abs(left), np.abs(right))
    near = np.where((left <= 0) & (right >= 0), 0.0, np.minimum(np.abs(left), np.abs(right)))
    low, middle, high = (
        np.sqrt((counts * each**2).sum(axis=-1)) for each in (near, (left + right) / 2, far)
    )
    return low, middle, high


def spread(counts: np.ndarray, ranges: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Density on common bins: each count is spread evenly over its bin.

    Parameters
    ----------
    counts : ndarray, (N, B)
    ranges : ndarray, (N, 2)
    edges : ndarray, (K + 1,)
        Rising.

    Returns
    -------
    ndarray of float64, (N, K)
        Share of values per unit; each row integrates to the share that lies between the outer edges.
    """
    own = find_edges(ranges, counts.shape[-1])
    density = np.empty((len(counts), len(edges) - 1))
    for i, (count, edge) in enumerate(zip(counts, own, strict=True)):
        below = np.concatenate([[0], np.cumsum(count)]) / max(1, count.sum())
        density[i] = np.diff(np.interp(edges, edge, below)) / np.diff(edges)
    return density
