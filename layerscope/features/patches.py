"""The part of a picture that drives a unit."""

from __future__ import annotations

from math import ceil, floor

import numpy as np

Box = tuple[float, float, float, float]  # left, top, width, height, in shares of the picture


def cut_patch(picture: np.ndarray, box: Box) -> np.ndarray:
    """Every pixel that a box touches, and at least one.

    Parameters
    ----------
    picture : ndarray, (H, W, 3)
    box : tuple of float
        Left, top, width and height in shares of the picture, such as a receptive field clipped to it.

    Returns
    -------
    ndarray, (h, w, 3)
        A view.
    """
    left, top, width, height = box
    rows = _span(top, height, picture.shape[0])
    columns = _span(left, width, picture.shape[1])
    return picture[rows, columns]


def _span(start: float, length: float, side: int) -> slice:
    # Shares of whole pixels are off by rounding: a millionth of a pixel must not add one.
    first = min(max(floor(start * side + 1e-6), 0), side - 1)
    return slice(first, min(max(ceil((start + length) * side - 1e-6), first + 1), side))
