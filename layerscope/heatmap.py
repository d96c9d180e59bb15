"""Maps drawn over pictures."""

from __future__ import annotations

import cv2
import numpy as np


def fit_to_picture(cam: np.ndarray, size: int) -> np.ndarray:
    """A map (h, w) scaled to [0, 1] and up to (size, size), bilinearly; float32."""
    peak = float(cam.max())
    scaled = cam.astype(np.float32) / peak if peak > 0 else np.zeros(cam.shape, np.float32)
    return cv2.resize(scaled, (size, size), interpolation=cv2.INTER_LINEAR)


def colorize(values: np.ndarray) -> np.ndarray:
    """Values in [0, 1], (h, w), as inferno colours (h, w, 3) uint8 RGB."""
    bytes_ = (np.clip(values, 0, 1) * 255).round().astype(np.uint8)
    return cv2.applyColorMap(bytes_, cv2.COLORMAP_INFERNO)[:, :, ::-1]


def overlay(picture: np.ndarray, cam: np.ndarray, opacity: float) -> np.ndarray:
    """A map (h, w) over a picture (S, S, 3) uint8, more opaque where it is stronger.

    Parameters
    ----------
    opacity : float
        In [0, 1], at the map's peak.
    """
    scaled = fit_to_picture(cam, picture.shape[0])
    weight = (opacity * (0.35 + 0.65 * scaled))[:, :, None]
    return (picture * (1 - weight) + colorize(scaled) * weight).round().astype(np.uint8)
