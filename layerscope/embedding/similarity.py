"""How similar two layers are by what they make of the same samples, and how similar they would be anyway.

Layers are described to a measure by arrays of unit norm: by Gram matrices of their activations for
CKA, by low-dimensional clouds of the samples for the nuclear norm. Both measures are 1 where one layer is a
rotated (or reflected), shifted and isotropically scaled copy of the other. What unrelated layers give is
found by measuring again with the samples of the second layer permuted; what layers give that have nothing
in common but the classes, by permuting samples within their classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from layerscope.embedding.pca import gram, is_constant

# What the stage keeps of each measure: its value; mean and 99 % quantile with permuted samples, and with
# samples permuted within their classes (nan where classes say nothing); for CKA a 95 % interval over other
# samples.
STATISTICS = ("value", "null_mean", "null_high", "class_mean", "class_high", "low", "high")
HIGH = 0.99  # quantile of the values by chance that a similarity must exceed
LEVEL = 0.95  # of intervals
_ROWS = (
    32  # of Gram matrices that are permuted at a time: few enough to stay in the processor's cache
)
_NOTHING = 1e-5  # of a Gram matrix: what is left of it after centring is no more than rounding
_SAME = 1e-5  # as near to 1 as single precision tells

Measure = Callable[[np.ndarray, np.ndarray, np.ndarray | None], np.ndarray]


class Null(NamedTuple):
    """What a measure says of a layers and b layers whose samples are permuted.

    Attributes
    ----------
    mean, high : ndarray of float32, (a, b)
        Mean and 99 % quantile; nan where the measure is.
    """

    mean: np.ndarray
    high: np.ndarray


def compute_unit_gram(features: np.ndarray) -> np.ndarray:
    """U-centred Gram matrix of a layer, scaled to Frobenius norm 1.

    U-centring leaves out the diagonal, which is what biases CKA, and takes from each row and column what
    they have in common (Székely and Rizzo 2014): all rows sum to 0. The Frobenius product of two such
    matrices is n (n - 3) times the unbiased estimate of HSIC (Song et al. 2012, equation 5).

    Parameters
    ----------
    features : ndarray of floats, (n, d)
        Activations of at least four samples; float16 is fine.

    Returns
    -------
    ndarray of float32, (n, n)
        nan where samples have no pattern of distances to compare: all of them are equal up to rounding, or
        all but one, or all are equally far from each other.
    """
    n = len(features)
    undefined = np.full((n, n), np.nan, dtype=np.float32)
    if is_constant(features):
        return undefined
    products = gram(features)
    whole = np.linalg.norm(products)
    np.fill_diagonal(products, 0)
    sums = products.sum(axis=0) / (n - 2)
    products -= sums
    products -= sums[:, None]
    products += sums.sum() / (n - 1)
    np.fill_diagonal(products, 0)
    norm = np.linalg.norm(products)
    return undefined if norm <= _NOTHING * whole else (products / norm).astype(np.float32)


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
    """Debiased linear centred kernel alignment between all pairs of layers, in [-1, 1].

    CKA of Kornblith et al. (2019), HSIC in it being estimated without bias (Song et al. 2012; Murphy,
    Zylberberg and Fyshe 2024): the biased estimate calls unrelated layers the more similar the more units and
    the fewer samples there are. Of unrelated layers it is 0 on average, and so as often below 0 as above.

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
    return np.clip(values, -1, 1)  # rounding leaves it by some 1e-6


def bound_cka(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What CKA of other samples of the same kind would be: a 95 % interval for each pair of layers.

    By the jackknife (Efron and Stein 1981) of Fisher's z, which keeps within 1. A bootstrap would not do:
    it draws samples twice, and a sample beside itself is the bias that was taken out. Leaving out sample i
    of U-centred K and L takes ``2 (n - 2) / (n - 3)`` times the product of their rows i from <K, L>.

    Parameters
    ----------
    first : ndarray of float32, (a, n, n)
        Each from `compute_unit_gram`.
    second : ndarray of float32, (b, n, n)

    Returns
    -------
    low, high : ndarray of float32, (a, b)
        In [-1, 1]; both 1 where layers are the same.
    """
    from scipy.special import stdtrit

    n = first.shape[-1]
    own = [np.einsum("kij,kij->ik", each, each) for each in (first, second)]  # (n, layers)
    share = 2 * (n - 2) / (n - 3)
    values = np.empty((n, len(first), len(second)))
    for start in range(0, n, _ROWS):
        rows = slice(start, start + _ROWS)
        values[rows] = first[:, rows].swapaxes(0, 1) @ second[:, rows].transpose(1, 2, 0)
    whole = values.sum(axis=0)
    values = whole - share * values
    values /= np.sqrt((1 - share * own[0])[:, :, None] * (1 - share * own[1])[:, None, :])
    same = whole >= 1 - _SAME
    z = np.arctanh(np.clip(values, _SAME - 1, 1 - _SAME))
    error = np.sqrt((n - 1) * z.var(axis=0)) * stdtrit(n - 1, (1 + LEVEL) / 2)
    middle = np.arctanh(np.clip(whole, _SAME - 1, 1 - _SAME))
    low, high = (np.where(same, 1, np.tanh(middle + side * error)) for side in (-1, 1))
    return low.astype(np.float32), high.astype(np.float32)


def measure_nuclear(
    first: np.ndarray, second: np.ndarray, order: np.ndarray | None = None
) -> np.ndarray:
    """Similarity of aligned clouds between all pairs of layers (Li and Scheidegger 2021, UMAP Tour).

    |X'Y|_* / sqrt(|X'X|_* |Y'Y|_*) of centred clouds X and Y in the nuclear norm. The numerator is the
    inner product of X with Y when the orthogonal Procrustes problem is solved, that is when Y is turned
    onto X as well as it goes; the denominator is the product of their Frobenius norms.

    Parameters and result as of `measure_cka`, with clouds (a, n, k) and (b, n, l) from
    `compute_unit_cloud`; in [0, 1].
    """
    if order is not None:
        second = second.take(order, axis=1)
    cross = np.tensordot(first, second, axes=(1, 1)).swapaxes(1, 2)  # (a, b, k, l)
    undefined = np.isnan(cross).any(axis=(2, 3))
    values = np.linalg.svd(np.nan_to_num(cross), compute_uv=False).sum(axis=2)
    values[undefined] = np.nan
    return np.clip(values, 0, 1).astype(np.float32)  # rounding leaves it by some 1e-6


def permute_samples(
    n: int, n_permutations: int, random_state: int, labels: np.ndarray | None = None
) -> np.ndarray:
    """Random permutations of n samples, or of those of each class among themselves.

    Parameters
    ----------
    n, n_permutations, random_state : int
    labels : ndarray of int, (n,), optional
        Classes, which samples then do not leave.

    Returns
    -------
    ndarray of int64, (n_permutations, n)
    """
    rng = np.random.default_rng(random_state)
    labels = np.zeros(n, dtype=np.int64) if labels is None else labels
    orders = np.empty((n_permutations, n), dtype=np.int64)
    for order in orders:
        order[labels.argsort(kind="stable")] = np.lexsort((rng.random(n), labels))
    return orders


def find_null(
    measure: Measure, first: np.ndarray, second: np.ndarray, orders: Iterable[np.ndarray]
) -> Null:
    """What a measure says of all pairs of layers when samples of the second are permuted.

    Parameters
    ----------
    measure : callable
        `measure_cka` or `measure_nuclear`.
    first, second : ndarray
        Layers as the measure takes them, of the same samples in the same order.
    orders : iterable of ndarray of int, (n,)
        At least one, from `permute_samples`. Each is used for all pairs.
    """
    found = np.stack([measure(first, second, order) for order in orders])
    return Null(found.mean(axis=0), np.quantile(found, HIGH, axis=0).astype(np.float32))


def choose_size(first: Sequence[int], second: Sequence[int], size: int) -> int | None:
    """The largest number of samples, up to `size`, that both of two runs have; None without one."""
    return max((each for each in first if each in second and each <= size), default=None)
