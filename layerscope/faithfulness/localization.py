"""Whether relevance lies on the object, where it is known to the pixel."""

from __future__ import annotations

import cv2
import numpy as np

from layerscope.explanation.object_share import share_covered, share_on_object


def widen(mask: np.ndarray, tolerance: float) -> np.ndarray:
    """An object's mask (H, W) of bool, with all that lies at most `tolerance` pixels from it.

    Raises
    ------
    ValueError
        For an empty mask.
    """
    if not mask.any():
        raise ValueError("the mask of the object is empty")
    distance = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance <= tolerance


def play_pointing_game(values: np.ndarray, mask: np.ndarray, tolerance: float) -> float:
    """Whether the maximum lies on the object or near it (Zhang et al. 2018).

    Parameters
    ----------
    values : ndarray, (H, W)
    mask : ndarray of bool, (H, W)
    tolerance : float
        In pixels.

    Returns
    -------
    float
        1 or 0; where several pixels share the maximum, the share of them that hit. By chance it is
        what the widened mask covers of the picture.
    """
    return float(widen(mask, tolerance)[values == values.max()].mean())


def measure_mass(values: np.ndarray, mask: np.ndarray) -> float:
    """Relevance mass accuracy (Arras et al. 2022): the object's share of positive relevance.

    Returns
    -------
    float
        In [0, 1]. Spread evenly, it is what the mask covers of the picture; so it is where there is no
        positive relevance.
    """
    share = share_on_object(np.maximum(values, 0), mask)
    return share_covered(mask) if share is None else share


def measure_rank(values: np.ndarray, mask: np.ndarray) -> float:
    """Relevance rank accuracy (Arras et al. 2022).

    Returns
    -------
    float
        Of the K largest values, the share that lies on the object, whose pixels number K; in [0, 1].
        By chance it is what the mask covers of the picture.
    """
    k = int(mask.sum())
    least = np.partition(values, -k, axis=None)[-k]
    above, tied = values > least, values == least
    hits = (above & mask).sum() + (k - above.sum()) * mask[tied].mean()
    return float(hits / k)
