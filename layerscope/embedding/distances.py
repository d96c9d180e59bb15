"""Exact distances of all samples, and who is near whom by them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerscope.embedding.pca import gram

_FEW_COLUMNS = 64  # whose differences are cheap, and lose no digit
_SLACK = 2**-20  # of squared norms, which Gram matrices are rounded by
_CHUNK_BYTES = 16 << 20  # of rows that are sorted at a time


def measure_distances(features: np.ndarray) -> np.ndarray:
    """Euclidean distances of all rows, in the unit that `gram` chooses.

    Of many columns by the Gram matrix, chunk by chunk of columns and never all of them as float32: a layer
    of 7,000 samples and 25,000 values needs 200 MB beside itself.

    Parameters
    ----------
    features : ndarray of floats, (n, d)
        float16 is fine.

    Returns
    -------
    ndarray of float32, (n, n)
        0 for rows that differ by no more than single precision tells.
    """
    from sklearn.metrics import pairwise_distances

    if features.shape[1] <= _FEW_COLUMNS:
        return pairwise_distances(features.astype(np.float64)).astype(np.float32)
    products = gram(features)
    norms = np.diag(products).copy()
    products *= -2
    products += norms
    products += norms[:, None]
    products[products <= _SLACK * (norms + norms[:, None])] = 0
    np.fill_diagonal(products, 0)
    return np.sqrt(products, out=products).astype(np.float32, copy=False)


def normalize_rows(features: np.ndarray) -> np.ndarray:
    """Rows of length 1, (n, d) float32: nearest to each other are those of the largest cosine.

    A row of zeros has no direction, and stays.
    """
    rows = features.astype(np.float32)
    peak = np.abs(rows).max(
        axis=1, keepdims=True
    )  # first, as squares may leave the range of float32
    rows /= np.where(peak > 0, peak, 1)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    rows /= np.where(lengths > 0, lengths, 1)
    return rows


def sort_by_distance(distances: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """For some rows at a time all samples by distance, itself first; equal ones by index.

    Parameters
    ----------
    distances : ndarray of float32, (n, n)
        At least 0.

    Yields
    ------
    (slice, ndarray of int64, (rows, n))
    """
    n = len(distances)
    step = max(1, _CHUNK_BYTES // (8 * n))
    for start in range(0, n, step):
        rows = np.arange(start, min(start + step, n))
        # Bits of positive floats sort as the floats do. With the index below them they are numbers
        # that are sorted in place, in a tenth of the time that a stable argsort takes.
        keys = distances[rows].view(np.uint32).astype(np.uint64)
        keys += 1  # so that a sample comes before its duplicates
        keys <<= 32
        keys |= np.arange(n, dtype=np.uint64)
        keys[rows - start, rows] = rows
        keys.sort(axis=1)
        yield slice(start, start + len(rows)), (keys & 0xFFFFFFFF).astype(np.int64)


def rank_distances(distances: np.ndarray) -> np.ndarray:
    """For each sample the rank of each other by distance: nearest 1, itself 0; (n, n) int32."""
    ranks = np.empty(distances.shape, dtype=np.int32)
    places = np.arange(len(distances), dtype=np.int32)[None]
    for rows, order in sort_by_distance(distances):
        np.put_along_axis(ranks[rows], order, places, axis=1)
    return ranks


def find_nearest(distances: np.ndarray, k: int) -> np.ndarray:
    """Each sample's k nearest others, nearest first, (n, k) int32; at most n - 1."""
    return np.concatenate(
        [order[:, 1 : k + 1].astype(np.int32) for _, order in sort_by_distance(distances)]
    )
