"""Maps drawn as pictures: heatmaps in colours and over a picture, signed maps in grey levels."""

from __future__ import annotations

import cv2
import numpy as np


def fit_to_picture(cam: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """A map (h, w) scaled to [0, 1] and up to a size (H, W), bilinearly; float32."""
    peak = float(cam.max())
    scaled = cam.astype(np.float32) / peak if peak > 0 else np.zeros(cam.shape, np.float32)
    return cv2.resize(scaled, size[::-1], interpolation=cv2.INTER_LINEAR)


def colorize(values: np.ndarray) -> np.ndarray:
    """Values in [0, 1], (h, w), as inferno colours (h, w, 3) uint8 RGB."""
    bytes_ = (np.clip(values, 0, 1) * 255).round().astype(np.uint8)
    return cv2.applyColorMap(bytes_, cv2.COLORMAP_INFERNO)[:, :, ::-1]


def overlay(picture: np.ndarray, cam: np.ndarray, opacity: float) -> np.ndarray:
    """A map (h, w) over a picture (H, W, C) uint8, more opaque where it is stronger.

    Parameters
    ----------
    opacity : float
        In [0, 1], at the map's peak.
    """
    scaled = fit_to_picture(cam, picture.shape[:2])
    weight = (opacity * (0.35 + 0.65 * scaled))[:, :, None]
    return (picture * (1 - weight) + colorize(scaled) * weight).round().astype(np.uint8)


def shade(gradient: np.ndarray, percentile: float = 99.5) -> np.ndarray:
    """A signed gradient as grey levels: zero is mid grey, what is positive lighter.

    Each picture has a scale of its own, because gradients of different samples differ by orders of
    magnitude: its `percentile` of absolute values becomes black and white, and what lies beyond is
    cut off, so that a few strong pixels do not turn the rest grey.

    Parameters
    ----------
    gradient : ndarray, (H, W, C)
    percentile : float
        In (0, 100].

    Returns
    -------
    ndarray of uint8, (H, W, C)
        RGB; 128 everywhere for a gradient of zeros.
    """
    size = np.abs(gradient)
    limit = float(np.percentile(size, percentile)) or float(size.max()) or 1.0
    return (128 + 127 * np.clip(gradient / limit, -1, 1)).round().astype(np.uint8)
