"""What takes the place of a part of a picture, so that it counts as not there."""

from __future__ import annotations

import cv2
import numpy as np

from layerscope.explanation.method import Option

FILLS = ("mean", "black", "blur", "noise")
FILL = Option(
    "fill",
    "Fill",
    "What stands in the place of what is removed: the picture's mean colour, black, the picture "
    "blurred, or noise.",
    "mean",
    choices=FILLS,
)
_BLUR = 1 / 16  # standard deviation, in shorter sides of the picture: only large shapes are left


def fill_picture(picture: np.ndarray, fill: str, random_state: int = 0) -> np.ndarray:
    """A picture without what the picture shows.

    Parameters
    ----------
    picture : ndarray of uint8, (H, W, C)
    fill : str
        ``mean``, its mean colour; ``black``; ``blur``, Gaussian, with a sixteenth of the shorter side;
        ``noise``, uniform in each channel.
    random_state : int
        Of the noise.

    Returns
    -------
    ndarray of uint8, (H, W, C)
    """
    if fill == "blur":
        blurred = cv2.GaussianBlur(picture, (0, 0), _BLUR * min(picture.shape[:2]))
        return blurred.reshape(picture.shape)  # OpenCV drops the axis of a single channel
    if fill == "noise":
        rng = np.random.default_rng(random_state)
        return rng.integers(0, 256, picture.shape, dtype=np.uint8)
    colour = picture.mean(axis=(0, 1)).round() if fill == "mean" else 0
    return np.broadcast_to(np.uint8(colour), picture.shape).copy()


def cover(picture: np.ndarray, filling: np.ndarray, top: int, left: int, patch: int) -> np.ndarray:
    """A picture with a square of `patch` pixels taken from a filling; what juts out is cut off."""
    rows, columns = (slice(max(start, 0), max(start + patch, 0)) for start in (top, left))
    covered = picture.copy()
    covered[rows, columns] = filling[rows, columns]
    return covered
