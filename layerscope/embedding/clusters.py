"""Groups that a layer forms by itself, without being told the classes."""

from __future__ import annotations

import numpy as np


def cluster(points: np.ndarray, n_clusters: int, random_state: int) -> np.ndarray:
    """K-means (Lloyd 1982), ten starts, the best kept.

    Parameters
    ----------
    points : ndarray, (n, d)
    n_clusters : int
        At most as many are made as there are different points.
    random_state : int

    Returns
    -------
    ndarray of int32, (n,)
        The cluster of each point; the largest is 0.
    """
    from sklearn.cluster import KMeans  # takes a second to import

    n_different = len(np.unique(points, axis=0))
    model = KMeans(min(n_clusters, n_different), n_init=10, random_state=random_state)
    found = model.fit_predict(points)
    order = np.argsort(-np.bincount(found), kind="stable")
    return np.argsort(order)[found].astype(np.int32)
