"""Turning one embedding onto another."""

from __future__ import annotations

import numpy as np


def align(points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Rotate (and reflect) a cloud so that it lies closest to another of the same samples.

    Solves the orthogonal Procrustes problem (Schoenemann 1966) on centred clouds; shape and scale
    of `points` stay as they are, and so does its centre.

    Parameters
    ----------
    points, reference : ndarray, (n, k)

    Returns
    -------
    ndarray of float32, (n, k)
    """
    from scipy.linalg import orthogonal_procrustes  # takes long to import

    centre = points.mean(axis=0)
    rotation, _ = orthogonal_procrustes(points - centre, reference - reference.mean(axis=0))
    return ((points - centre) @ rotation + centre).astype(np.float32)
