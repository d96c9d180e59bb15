"""Principal components of matrices with far more columns than rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_CHUNK_BYTES = 64 << 20  # of float32; 256 MB take a fifth longer
_DOUBLE_UP_TO = 2000  # rows or columns; beyond, float32 halves time and memory of the solver


@dataclass(frozen=True)
class Components:
    """The leading principal components of a matrix (n, d).

    Attributes
    ----------
    scores : ndarray of float32, (n, k)
        Coordinates of the rows, by falling variance. In each column the entry of largest magnitude
        is positive.
    explained_variance_ratio : ndarray of float32, (k,)
        Shares of the total variance.
    """

    scores: np.ndarray
    explained_variance_ratio: np.ndarray


def principal_components(features: np.ndarray, variance: float) -> Components:
    """Exact PCA that keeps a share of the variance.

    The same scores as ``sklearn.decomposition.PCA(variance, svd_solver="full")`` up to signs, by the
    eigenvectors of whichever is smaller: the Gram matrix of the rows (n, n) or the covariance of the
    columns (d, d). The Gram matrix is summed over chunks of columns, so that only a chunk is ever
    held as float32.

    Parameters
    ----------
    features : ndarray of floats, (n, d)
        float16 is fine.
    variance : float
        In (0, 1]. The fewest components that reach it are kept, and at least two.
    """
    n, d = features.shape
    if d < n:
        centred = features.astype(np.float32)
        centred -= centred.mean(axis=0)
        values, vectors = _falling_eigenvectors(_product(centred.T))
        keep = _count(values, variance)
        scores = centred @ vectors[:, :keep].astype(np.float32)
    else:
        values, vectors = _falling_eigenvectors(gram(features))
        keep = _count(values, variance)
        scores = vectors[:, :keep] * np.sqrt(values[:keep])
    largest = scores[np.abs(scores).argmax(axis=0), np.arange(scores.shape[1])]
    scores = scores * np.where(largest < 0, -1, 1)
    total = max(float(values.sum()), np.finfo(np.float32).tiny)
    ratio = (values[:keep] / total).astype(np.float32)
    return Components(np.ascontiguousarray(scores, dtype=np.float32), ratio)


def _product(matrix: np.ndarray) -> np.ndarray:
    """``matrix @ matrix.T``, in double precision where that is cheap."""
    precise = matrix.astype(np.float64) if len(matrix) <= _DOUBLE_UP_TO else matrix
    return precise @ precise.T


def gram(features: np.ndarray) -> np.ndarray:
    """Inner products of the centred rows, summed over chunks of columns.

    Parameters
    ----------
    features : ndarray of floats, (n, d)
        float16 is fine.

    Returns
    -------
    ndarray, (n, n)
        float64; float32 beyond 2000 rows.
    """
    n, d = features.shape
    dtype = np.float64 if n <= _DOUBLE_UP_TO else np.float32
    products = np.zeros((n, n), dtype=dtype)
    step = max(1, _CHUNK_BYTES // (4 * n))
    for start in range(0, d, step):
        chunk = features[:, start : start + step].astype(np.float32)
        chunk -= chunk.mean(axis=0)
        products += chunk @ chunk.T
    return products


def _falling_eigenvectors(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Divide and conquer: of 7000 rows in 23 s, where SciPy's usual driver takes 40 s. The transpose is the
    # same matrix in LAPACK's order, so that it is overwritten and not copied.
    from scipy.linalg import eigh  # scipy takes long to import, and the app only names what is here

    values, vectors = eigh(matrix.T, driver="evd", overwrite_a=True)
    return np.maximum(values[::-1], 0), vectors[:, ::-1]


def _count(values: np.ndarray, variance: float) -> int:
    if not values.any():  # all rows are equal
        return 2
    share = np.cumsum(values) / float(values.sum())
    wanted = int(np.searchsorted(share, variance, side="right")) + 1
    # The last eigenvalue of centred data is zero: no direction belongs to it.
    return min(max(2, wanted), max(2, len(values) - 1))
