"""Explanations as pictures to lay over what they explain."""

from __future__ import annotations

import cv2
import numpy as np

from layerscope.explanation.heatmap import colorize
from ui.markup import embed

AGAINST, NEUTRAL, FOR = (74, 184, 181), (14, 17, 20), (255, 180, 84)
_PERCENTILE = 99.0  # of absolute values: what lies beyond is cut off, so that the rest is not dark
_QUALITY = [cv2.IMWRITE_WEBP_QUALITY, 90]


def render(values: np.ndarray, signed: bool) -> str:
    """Values (H, W) as a picture, a data URL.

    Parameters
    ----------
    values : ndarray of float32, (H, W)
        NaN where nothing is known; that stays transparent.
    signed : bool
        Whether zero is in the middle. Then what speaks for the class is amber and what speaks against
        it teal, on the dark of the page; else inferno from zero to most.
    """
    known = np.isfinite(values)
    scaled = scale(values)
    colors = blend(scaled) if signed else colorize(scaled)
    pixels = np.dstack([colors[:, :, ::-1], np.where(known, 255, 0).astype(np.uint8)])
    _, encoded = cv2.imencode(".webp", pixels, _QUALITY)
    return embed(encoded.tobytes(), "image/webp")


def scale(values: np.ndarray) -> np.ndarray:
    """Values to [-1, 1], zero staying where it is; 0 where nothing is known."""
    filled = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    size = np.abs(filled[np.isfinite(values)])
    limit = float(np.percentile(size, _PERCENTILE)) if size.size else 0.0
    limit = limit or float(size.max(initial=0.0)) or 1.0
    return np.clip(filled / limit, -1, 1)


def blend(scaled: np.ndarray) -> np.ndarray:
    """Values in [-1, 1], (h, w), as colours (h, w, 3) uint8 RGB."""
    weight = np.abs(scaled)[:, :, None]
    ends = np.where(scaled[:, :, None] >= 0, np.array(FOR), np.array(AGAINST))
    return (np.array(NEUTRAL) * (1 - weight) + ends * weight).round().astype(np.uint8)
