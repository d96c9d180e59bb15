"""Maps that know nothing of the model: what a method has to be better than."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import cv2
import numpy as np

_SPREAD = 1 / 4  # standard deviation of the centre prior, in sides of the picture


def compute_noise(picture: np.ndarray, random_state: int) -> np.ndarray:
    """Uniform noise, another for each picture."""
    rng = np.random.default_rng([random_state, crc32(picture.tobytes())])
    return rng.random(picture.shape[:2], dtype=np.float32)


def compute_centre(picture: np.ndarray, _: int) -> np.ndarray:
    """The centre prior: a centred Gaussian whose standard deviation is a quarter of each side."""
    distances = [
        (np.arange(side) - (side - 1) / 2) / (_SPREAD * side) for side in picture.shape[:2]
    ]
    return np.outer(*(np.exp(-(each**2) / 2) for each in distances)).astype(np.float32)


def compute_edges(picture: np.ndarray, _: int) -> np.ndarray:
    """The length of the Sobel gradient of the grey picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.shape[2] == 3 else picture
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *axis) for axis in ((1, 0), (0, 1)))
    return np.hypot(across, down)


@dataclass(frozen=True)
class Baseline:
    """An entry of the table.

    Attributes
    ----------
    key, name : str
    summary : str
        One sentence.
    compute : callable
        Of a picture (H, W, C) uint8 and a random state; relevance (H, W) float32, at least 0.
    """

    key: str
    name: str
    summary: str
    compute: Callable[[np.ndarray, int], np.ndarray]


BASELINES: dict[str, Baseline] = {
    baseline.key: baseline
    for baseline in (
        Baseline("random", "Random", "Uniform noise.", compute_noise),
        Baseline("centre", "Centre prior", "A Gaussian in the middle.", compute_centre),
        Baseline("edges", "Edges", "The Sobel edges of the picture.", compute_edges),
    )
}
