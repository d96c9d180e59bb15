"""How much of an explanation falls on the object that is really there."""

from __future__ import annotations

import numpy as np


def share_on_object(relevance: np.ndarray, mask: np.ndarray) -> float | None:
    """The share of an explanation's energy inside a mask.

    An explanation that is spread evenly has the share of the picture that the mask covers. The measure
    is the energy-based pointing game of Wang et al. (2020, Score-CAM), with absolute values.

    Parameters
    ----------
    relevance : ndarray, (H, W) or (H, W, C)
        Signed or not; channels are added up.
    mask : ndarray of bool, (S, S)

    Returns
    -------
    float or None
        Sum of absolute relevance inside the mask by the sum of all, in [0, 1]; None where relevance
        is zero everywhere.
    """
    if relevance.shape[:2] != mask.shape:
        raise ValueError(f"relevance is {relevance.shape[:2]}, the mask {mask.shape}")
    energy = np.abs(relevance, dtype=np.float64)
    total = energy.sum()
    return float(energy[mask].sum() / total) if total > 0 else None


def share_covered(mask: np.ndarray) -> float:
    """The share of a picture that a mask (S, S) of bool covers, in [0, 1]."""
    return float(mask.mean())
