"""How far two layouts of the same samples agree on who is near whom."""

from __future__ import annotations

from math import comb

import numpy as np

from layerscope.embedding.neighbors import nearest_neighbors


def share_neighbors(first: np.ndarray, second: np.ndarray, k: int) -> np.ndarray:
    """For each sample, how much its nearest ones in two layouts have in common.

    The Jaccard index (1901) of the two sets: those in both by those in either. It knows neither scale
    nor orientation, so that layouts need not be turned onto each other.

    Parameters
    ----------
    first, second : ndarray, (n, d) and (n, e)
        The same samples in the same order.
    k : int
        Neighbours in a set; n - 1 at most.

    Returns
    -------
    ndarray of float64, (n,)
        In [0, 1]; 1 where the sets are the same.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} samples beside {len(second)}")
    k = min(k, len(first) - 1)
    one, other = (nearest_neighbors(each, k).indices for each in (first, second))  # (n, k)
    common = (one[:, :, None] == other[:, None, :]).sum(axis=(1, 2))  # (n,)
    return common / (2 * k - common)


def expect_shared(n: int, k: int) -> float:
    """What `share_neighbors` gives on average where the second layout is drawn at random.

    The number in common of two random sets of k out of n - 1 others is hypergeometric; this is the
    mean of its Jaccard index.
    """
    k = min(k, n - 1)
    ways = comb(n - 1, k)
    shares = (comb(k, m) * comb(n - 1 - k, k - m) / ways * m / (2 * k - m) for m in range(1, k + 1))
    return float(sum(shares))
