"""Signed gradients as pictures."""

from __future__ import annotations

import numpy as np


def shade(gradient: np.ndarray, percentile: float = 99.5) -> np.ndarray:
    """A signed gradient as grey levels: zero is mid grey, what is positive lighter.

    Each picture has a scale of its own, because gradients of different samples differ by orders of
    magnitude: its `percentile` of absolute values becomes black and white, and what lies beyond is
    cut off, so that a few strong pixels do not turn the rest grey.

    Parameters
    ----------
    gradient : ndarray, (S, S, 3)
    percentile : float
        In (0, 100].

    Returns
    -------
    ndarray of uint8, (S, S, 3)
        RGB; 128 everywhere for a gradient of zeros.
    """
    size = np.abs(gradient)
    limit = float(np.percentile(size, percentile)) or float(size.max()) or 1.0
    return (128 + 127 * np.clip(gradient / limit, -1, 1)).round().astype(np.uint8)
