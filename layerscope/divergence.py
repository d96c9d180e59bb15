"""The divergence that t-SNE descends, and its gradient: exact, one thread, in single precision.

openTSNE approximates the sum over all pairs by a tree or a grid. Up to some ten thousand points the
whole sum costs less than either where a processor takes sixteen pairs at once, as it does here; nothing
is approximated, and openTSNE's optimiser is handed the function as its objective.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
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
    if dof != 1 or reference_embedding is not None:
        raise ValueError("this gradient is of t-SNE with one degree of freedom, of all its points")
    points = np.asarray(embedding)
    x, y = (np.ascontiguousarray(points[:, axis], dtype=np.float32) for axis in (0, 1))
    right, up = np.empty_like(x), np.empty_like(y)
    total = _repel(x, y, right, up)
    weights = P.data.astype(np.float32, copy=False)
    _attract(P.indptr, P.indices, weights, x, y, right, up, np.float32(1 / total))
    divergence = 0.0
    if should_eval_error:
        divergence = _diverge(P.indptr, P.indices, P.data, x, y, np.log(total))
    return divergence, np.stack([right, up], axis=1).astype(np.float64)


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
            weight = weights[k] / (one + dx * dx + dy * dy)
            across += weight * dx
            down += weight * dy
        right[i] = across - scale * right[i]
        up[i] = down - scale * up[i]


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
