"""The KL divergence that t-SNE minimises, and its gradient: exact, one thread, in single precision.

openTSNE approximates the sum over all pairs by a tree or a grid. Up to some ten thousand points the
whole sum costs less than either where a processor takes sixteen pairs at once, as it does here; nothing
is approximated, and openTSNE's optimiser is handed a function as its objective: `find_gradient`, or a
`DenseGradient` where most of the time would go into looking up neighbours. Sums over all pairs of 7000,
15,000, 30,000 and 45,000 points take 3, 16, 58 and 142 ms, where the tree takes 18, 62, 134 and 260 ms and
the grid 48, 123, 252 and 347 ms (one thread of a processor with AVX-512).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Without a check for a division by zero, which there cannot be, the loops become vector instructions.
_compile = njit(fastmath=True, error_model="numpy", cache=True)


def find_gradient(
    embedding: np.ndarray,
    P: csr_matrix,
    dof: float = 1,
    *,
    reference_embedding: np.ndarray | None = None,
    should_eval_error: bool = False,
    **_: Any,
) -> tuple[float, np.ndarray]:
    """Kullback-Leibler divergence of an embedding, and its gradient without the factor of four.

    What openTSNE takes as ``negative_gradient_method`` (van der Maaten and Hinton 2008, equation 5).

    Parameters
    ----------
    embedding : ndarray of floats, (n, 2)
    P : csr_matrix, (n, n)
        Joint probabilities, exaggerated or not.
    dof : float
        Degrees of freedom of Student's distribution; one.
    should_eval_error : bool
        Whether the divergence is wanted; else 0 is returned for it.

    Returns
    -------
    divergence : float
        In nats.
    gradient : ndarray of float64, (n, 2)

    Raises
    ------
    ValueError
        For other degrees of freedom, and for points that are placed among others.
    """
    _check(dof, reference_embedding)
    points = np.asarray(embedding)
    x, y = (np.ascontiguousarray(points[:, axis], dtype=np.float32) for axis in (0, 1))
    right, up = np.empty_like(x), np.empty_like(y)
    total = _repel(x, y, right, up)
    _attract(P.indptr, P.indices, P.data, x, y, right, up, np.float32(1 / total))
    divergence = 0.0
    if should_eval_error:
        divergence = _diverge(P.indptr, P.indices, P.data, x, y, np.log(total))
    return divergence, np.stack([right, up], axis=1).astype(np.float64)


class DenseGradient:
    """`find_gradient` of one P and its multiples, by a pass over the whole matrix.

    A neighbour that has to be looked up costs some forty times as much as a pair that is read in order:
    where more than about 3 % of all pairs are neighbours, reading the zeros too is faster, as long as
    the matrix stays in the processor's cache. A step of 1000 points takes 0.10 ms whatever the perplexity,
    where `find_gradient` takes 0.14, 0.26 and 0.59 ms at perplexity 10, 30 and 90.

    Parameters
    ----------
    P : csr_matrix, (n, n)
        Joint probabilities. A copy in single precision is kept, of 4 n² bytes.
    """

    def __init__(self, P: csr_matrix) -> None:
        self._given = P.copy()
        self._weights = P.astype(np.float32).toarray()
        self._probe = int(P.data.argmax())

    def __call__(
        self,
        embedding: np.ndarray,
        P: csr_matrix,
        dof: float = 1,
        *,
        reference_embedding: np.ndarray | None = None,
        should_eval_error: bool = False,
        **_: Any,
    ) -> tuple[float, np.ndarray]:
        """As `find_gradient`, of the same P or a multiple of it: openTSNE exaggerates in place.

        The factor is read from one entry. Whether it is that of all others is looked at whenever the
        divergence is wanted, which openTSNE does at the end of each phase.

        Raises
        ------
        ValueError
            Also for a P that is no multiple of the one given.
        """
        _check(dof, reference_embedding)
        factor = P.data[self._probe] / self._given.data[self._probe]
        points = np.ascontiguousarray(embedding, dtype=np.float64)
        gradient = np.empty_like(points)
        total = _descend(self._weights, points, np.float32(factor), gradient)
        divergence = 0.0
        if should_eval_error:
            self._check_multiple(P, factor)
            x, y = points.T.astype(np.float32)
            divergence = _diverge(P.indptr, P.indices, P.data, x, y, np.log(total))
        return divergence, gradient

    def _check_multiple(self, P: csr_matrix, factor: float) -> None:
        same = np.array_equal(P.indptr, self._given.indptr)
        same = same and np.array_equal(P.indices, self._given.indices)
        if not same or not np.allclose(P.data, factor * self._given.data, rtol=1e-6, atol=0):
            raise ValueError("this gradient is of another P, of which the one given is no multiple")


_DENSE_UP_TO = 2000  # points: 16 MB, so that two processes fit into a cache of 32 MB
_DENSE_FROM = 0.03  # share of pairs that are neighbours
_EXACT_UP_TO = (
    40_000  # points; half as fast, with eight pairs at once, it is still no slower than the grid
)


def choose_gradient(P: csr_matrix) -> Callable[..., tuple[float, np.ndarray]] | Literal["fft"]:
    """The fastest way to the gradient for these probabilities, as a ``negative_gradient_method``.

    A `DenseGradient` or `find_gradient`; openTSNE's grid (Linderman et al. 2019) beyond 40,000 points.
    """
    n = P.shape[0]
    if n > _EXACT_UP_TO:
        return "fft"
    return DenseGradient(P) if n <= _DENSE_UP_TO and P.nnz > _DENSE_FROM * n * n else find_gradient


def _check(dof: float, reference_embedding: np.ndarray | None) -> None:
    if dof != 1 or reference_embedding is not None:
        raise ValueError("this gradient is of t-SNE with one degree of freedom, of all its points")


@_compile
def _repel(x, y, right, up):
    """Sum over all other points of q² (difference), and of q over all pairs: q = 1 / (1 + distance²)."""
    one: Any = np.float32(1)
    total: Any = 0.0
    for i in range(x.size):
        at_x, at_y = x[i], y[i]
        row, across, down = np.float32(0), np.float32(0), np.float32(0)
        for j in range(x.size):
            dx, dy = at_x - x[j], at_y - y[j]
            q = one / (one + dx * dx + dy * dy)
            row += q
            q *= q
            across += q * dx
            down += q * dy
        total += row - one  # itself
        right[i], up[i] = across, down
    return total


@_compile
def _attract(indptr, indices, weights, x, y, right, up, scale):
    """Sum over neighbours of p q (difference), less what repels, which is in `right` and `up`."""
    one = np.float32(1)
    for i in range(x.size):
        at_x, at_y = x[i], y[i]
        across, down = np.float32(0), np.float32(0)
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            dx, dy = at_x - x[j], at_y - y[j]
            weight = np.float32(weights[k]) / (one + dx * dx + dy * dy)
            across += weight * dx
            down += weight * dy
        right[i] = across - scale * right[i]
        up[i] = down - scale * up[i]


@_compile
def _descend(weights, points, factor, gradient):
    """Both sums over all pairs at once, `weights` being a matrix, times `factor` where they attract.

    Half of the pairs would do, as each counts for both its points, but writing to both keeps the loop
    from becoming vector instructions: eleven times as slow.
    """
    n = len(points)
    x, y = points[:, 0].astype(np.float32), points[:, 1].astype(np.float32)
    right, up = np.empty_like(x), np.empty_like(y)
    one: Any = np.float32(1)
    total: Any = 0.0
    for i in range(n):
        at_x, at_y, weight = x[i], y[i], weights[i]
        row, across, down = np.float32(0), np.float32(0), np.float32(0)
        to_right, to_up = np.float32(0), np.float32(0)
        for j in range(n):
            dx, dy = at_x - x[j], at_y - y[j]
            q = one / (one + dx * dx + dy * dy)
            row += q
            pull = weight[j] * q
            across += pull * dx
            down += pull * dy
            q *= q
            to_right += q * dx
            to_up += q * dy
        total += row - one  # itself
        gradient[i, 0], gradient[i, 1] = factor * across, factor * down
        right[i], up[i] = to_right, to_up
    for i in range(n):
        gradient[i, 0] -= right[i] / total
        gradient[i, 1] -= up[i] / total
    return total


@_compile
def _diverge(indptr, indices, weights, x, y, log_total):
    """Sum over neighbours of p log(p / q), q being normalised."""
    found = 0.0
    for i in range(x.size):
        for k in range(indptr[i], indptr[i + 1]):
            p, j = weights[k], indices[k]
            if p > 0:
                dx, dy = float(x[i] - x[j]), float(y[i] - y[j])
                found += p * (np.log(p * (1 + dx * dx + dy * dy)) + log_total)
    return found
