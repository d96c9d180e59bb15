"""Principal components of matrices with far more columns than rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CONSTANT = "All samples give the same values in this layer."  # where `is_constant` says so
_CHUNK_BYTES = 64 << 20  # of float32; 256 MB take a fifth longer
_SLACK = 2**-20  # of the largest value: sixteen steps of float32
_RANGE = (2**-14, 2**16)  # of float16's normal numbers
_DOUBLE_UP_TO = 2000  # rows or columns; beyond, float32 halves time and memory of the solver


@dataclass(frozen=True)
class Components:
    """The leading principal components of a matrix (n, d).

    Attributes
    ----------
    scores : ndarray of float32, (n, k)
        Coordinates of the rows, by falling variance. In each column the entry of largest magnitude
        is positive. Of features beyond what float16 can tell apart they are in a unit of their own, a
        power of two, so that distances neither vanish nor overflow.
    explained_variance_ratio : ndarray of float32, (k,)
        Shares of the total variance; all 0, as the scores are, where `is_constant` says so.
    """

    scores: np.ndarray
    explained_variance_ratio: np.ndarray


def is_constant(features: np.ndarray) -> bool:
    """Whether all rows (n, ...) are equal, or differ by no more than sums in float32 are rounded by.

    The mean of equal numbers may differ from them in the last place, and what is left after centring would
    be taken for data.
    """
    first = features[0].astype(np.float32)
    slack = _SLACK * np.abs(first).max()
    return all(np.abs(row.astype(np.float32) - first).max() <= slack for row in features[1:])


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
        In (0, 1]. The fewest components that reach it are kept, and at least two; of a single column
        the second is 0.
    """
    if features.shape[1] == 1:
        features = np.pad(features, ((0, 0), (0, 1)))
    n, d = features.shape
    if is_constant(features):
        return Components(np.zeros((n, 2), np.float32), np.zeros(2, np.float32))
    if d < n:
        centred = _centre(features, _choose_unit(features))
        values, vectors = _falling_eigenvectors(_product(centred.T))
        keep = _count(values, variance)
        scores = centred @ vectors[:, :keep].astype(np.float32)
    else:
        values, vectors = _falling_eigenvectors(gram(features))
        keep = _count(values, variance)
        scores = vectors[:, :keep] * np.sqrt(values[:keep])
    largest = scores[np.abs(scores).argmax(axis=0), np.arange(scores.shape[1])]
    scores = scores * np.where(largest < 0, -1, 1)
    ratio = (values[:keep] / float(values.sum())).astype(np.float32)
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
        float64; float32 beyond 2000 rows. In the square of the unit that `Components.scores` are in.
    """
    n, d = features.shape
    unit = _choose_unit(features)
    dtype = np.float64 if n <= _DOUBLE_UP_TO else np.float32
    products = np.zeros((n, n), dtype=dtype)
    step = max(1, _CHUNK_BYTES // (4 * n))
    for start in range(0, d, step):
        chunk = _centre(features[:, start : start + step], unit)
        products += chunk @ chunk.T
    return products


def _choose_unit(features: np.ndarray) -> float:
    """1, or the power of two that brings rows, less the first, to 1 where their squares leave float32."""
    if features.dtype == np.float16:
        return 1.0
    first = features[0].astype(np.float64)
    peak = max(float(np.abs(row - first).max()) for row in features)
    return 1.0 if _RANGE[0] <= peak <= _RANGE[1] else 2.0 ** np.frexp(peak)[1]


def _centre(features: np.ndarray, unit: float) -> np.ndarray:
    """Rows about their mean, as float32.

    What is not float16 may differ by less than the mean of equal numbers is rounded by: the first row
    is taken off beforehand.
    """
    centred = features.astype(np.float32)
    if features.dtype != np.float16:
        centred /= np.float32(unit)
        centred -= centred[0].copy()
    centred -= centred.mean(axis=0)
    return centred


def _falling_eigenvectors(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Divide and conquer: of 7000 rows in 23 s, where SciPy's usual driver takes 40 s. The transpose is the
    # same matrix in LAPACK's order, so that it is overwritten and not copied.
    from scipy.linalg import eigh  # scipy takes long to import, and the app only names what is here

    values, vectors = eigh(matrix.T, driver="evd", overwrite_a=True)
    return np.maximum(values[::-1], 0), vectors[:, ::-1]


def _count(values: np.ndarray, variance: float) -> int:
    share = np.cumsum(values) / float(values.sum())
    wanted = int(np.searchsorted(share, variance, side="right")) + 1
    # The last eigenvalue of centred data is zero: no direction belongs to it.
    return min(max(2, wanted), max(2, len(values) - 1))
