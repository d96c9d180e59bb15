"""How similar two layers are by what they make of the same samples, and how similar by chance.

Layers are described to a measure by arrays of unit norm: by Gram matrices of their activations for
CKA, by low-dimensional clouds of the samples for the nuclear norm. Both measures are in [0, 1], 1 where
one layer is a rotated (or reflected), shifted and isotropically scaled copy of the other. What a measure
says of unrelated layers is not 0 but depends on their shape and on the number of samples; it is found by
measuring again with the samples of the second layer permuted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from layerscope.embedding.pca import gram, is_constant

HIGH = 0.99  # quantile of the values by chance that a similarity must exceed
_ROWS = (
    32  # of Gram matrices that are permuted at a time: few enough to stay in the processor's cache
)

Measure = Callable[[np.ndarray, np.ndarray, np.ndarray | None], np.ndarray]


@dataclass(frozen=True)
class Compared:
    """Similarities of a layers with b layers; nan in all where one of the two layers is constant.

    Attributes
    ----------
    values : ndarray of float32, (a, b)
        In [0, 1].
    null_mean, null_high : ndarray of float32, (a, b)
        Mean and 99 % quantile of the values with permuted samples.
    """

    values: np.ndarray
    null_mean: np.ndarray
    null_high: np.ndarray


def compute_unit_gram(features: np.ndarray) -> np.ndarray:
    """Centred Gram matrix of a layer, scaled to Frobenius norm 1.

    Parameters
    ----------
    features : ndarray of floats, (n, d)
        Activations of n samples; float16 is fine.

    Returns
    -------
    ndarray of float32, (n, n)
        nan where all rows of `features` are equal up to rounding: such a layer has no direction to compare.
    """
    if is_constant(features):
        return np.full((len(features), len(features)), np.nan, dtype=np.float32)
    products = gram(features)
    return (products / np.linalg.norm(products)).astype(np.float32)


def compute_unit_cloud(points: np.ndarray) -> np.ndarray:
    """Centred cloud (n, k), scaled to Frobenius norm 1; float32, nan where all points are equal."""
    if is_constant(points):
        return np.full(points.shape, np.nan, dtype=np.float32)
    centred = points.astype(np.float64)
    centred -= centred.mean(axis=0)
    return (centred / np.linalg.norm(centred)).astype(np.float32)


def measure_cka(
    first: np.ndarray, second: np.ndarray, order: np.ndarray | None = None
) -> np.ndarray:
    """Linear centred kernel alignment between all pairs of layers (Kornblith et al. 2019).

    With K and L the centred Gram matrices of two layers it is <K, L> / (|K| |L|) in Frobenius' product
    and norm, which equals |Y'X|^2 / (|X'X| |Y'Y|) of their centred activations X and Y.

    Parameters
    ----------
    first : ndarray of float32, (a, n, n)
        Each from `compute_unit_gram`.
    second : ndarray of float32, (b, n, n)
    order : ndarray of int, (n,), optional
        A permutation of the samples of `second`.

    Returns
    -------
    ndarray of float32, (a, b)
    """
    n = first.shape[-1]
    order = np.arange(n) if order is None else order
    values = np.zeros((len(first), len(second)), dtype=np.float32)
    for start in range(0, n, _ROWS):
        rows = slice(start, start + _ROWS)
        permuted = second[:, order[rows]].take(order, axis=2)  # (b, rows, n)
        values += first[:, rows].reshape(len(first), -1) @ permuted.reshape(len(second), -1).T
    return _into_range(values)


def measure_nuclear(
    first: np.ndarray, second: np.ndarray, order: np.ndarray | None = None
) -> np.ndarray:
    """Similarity of aligned clouds between all pairs of layers (Li and Scheidegger 2021, UMAP Tour).

    |X'Y|_* / sqrt(|X'X|_* |Y'Y|_*) of centred clouds X and Y in the nuclear norm. The numerator is the
    inner product of X with Y when the orthogonal Procrustes problem is solved, that is when Y is turned
    onto X as well as it goes; the denominator is the product of their Frobenius norms.

    Parameters and result as of `measure_cka`, with clouds (a, n, k) and (b, n, l) from
    `compute_unit_cloud`.
    """
    if order is not None:
        second = second.take(order, axis=1)
    cross = np.tensordot(first, second, axes=(1, 1)).swapaxes(1, 2)  # (a, b, k, l)
    undefined = np.isnan(cross).any(axis=(2, 3))
    values = np.linalg.svd(np.nan_to_num(cross), compute_uv=False).sum(axis=2)
    values[undefined] = np.nan
    return _into_range(values)


def _into_range(values: np.ndarray) -> np.ndarray:
    return np.clip(values, 0, 1).astype(np.float32)  # rounding leaves it by some 1e-6


def permute_samples(n: int, n_permutations: int, random_state: int) -> np.ndarray:
    """Random permutations of n samples, (n_permutations, n) int64."""
    rng = np.random.default_rng(random_state)
    return np.stack([rng.permutation(n) for _ in range(n_permutations)])


def compare(
    measure: Measure, first: np.ndarray, second: np.ndarray, orders: Iterable[np.ndarray]
) -> Compared:
    """Measure all pairs of layers, and what the measure says when samples are permuted.

    Parameters
    ----------
    measure : callable
        `measure_cka` or `measure_nuclear`.
    first, second : ndarray
        Layers as the measure takes them, of the same samples in the same order.
    orders : iterable of ndarray of int, (n,)
        At least one, from `permute_samples`. Each is used for all pairs.
    """
    null = np.stack([measure(first, second, order) for order in orders])
    high = np.quantile(null, HIGH, axis=0).astype(np.float32)
    return Compared(measure(first, second, None), null.mean(axis=0), high)


def choose_size(first: Sequence[int], second: Sequence[int], size: int) -> int | None:
    """The largest number of samples, up to `size`, that both of two runs have; None without one."""
    return max((each for each in first if each in second and each <= size), default=None)
