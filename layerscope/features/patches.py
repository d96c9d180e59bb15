"""The part of a picture that drives a unit."""

from __future__ import annotations

from math import ceil, floor

import numpy as np

from layerscope.models.layers import Layer

Box = tuple[float, float, float, float]  # left, top, width, height, in shares of the picture


def cut_patch(picture: np.ndarray, box: Box) -> np.ndarray:
    """Every pixel that a box touches, and at least one.

    Parameters
    ----------
    picture : ndarray, (H, W, C)
    box : tuple of float
        Left, top, width and height in shares of the picture, such as a receptive field clipped to it.

    Returns
    -------
    ndarray, (h, w, C)
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


def field_box(layer: Layer, y: int, x: int, size: tuple[int, ...]) -> Box | None:
    """The receptive field of a unit, clipped to the picture.

    Units are taken to be spread evenly over the picture, as paddings that keep the size do.

    Parameters
    ----------
    layer : Layer
    y, x : int
        Row and column of the unit in the layer's map.
    size : tuple of int
        Height and width of the picture, in pixels.

    Returns
    -------
    tuple of float, or None
        Left, top, width and height in shares of the picture; None for a layer without maps.
    """
    if len(layer.shape) == 1:
        return None
    _, height, width = layer.shape
    down, across = (layer.receptive_field / side / 2 for side in size)
    top, bottom = _clip((y + 0.5) / height, down)
    left, right = _clip((x + 0.5) / width, across)
    return left, top, right - left, bottom - top


def in_square(box: Box, size: tuple[int, ...]) -> Box:
    """A box in shares of a picture (H, W), in shares of the square in whose middle the picture lies."""
    height, width = (side / max(size) for side in size)
    left, top, across, down = box
    return (
        (1 - width) / 2 + left * width,
        (1 - height) / 2 + top * height,
        across * width,
        down * height,
    )


def _clip(center: float, half: float) -> tuple[float, float]:
    return max(0.0, center - half), min(1.0, center + half)
