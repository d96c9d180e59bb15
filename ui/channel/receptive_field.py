"""Which part of the picture a unit of a layer looks at."""

from __future__ import annotations

from layerscope.layers import Layer

Box = tuple[float, float, float, float]  # left, top, width, height, in shares of the picture


def field_box(layer: Layer, y: int, x: int, side: int) -> Box | None:
    """The receptive field of a unit, clipped to the picture.

    Units are taken to be spread evenly over the picture, as paddings that keep the size do.

    Parameters
    ----------
    layer : Layer
    y, x : int
        Row and column of the unit in the layer's map.
    side : int
        Of the picture, in pixels.

    Returns
    -------
    tuple of float, or None
        Left, top, width and height in shares of the picture; None for a layer without maps.
    """
    if len(layer.shape) == 1:
        return None
    _, height, width = layer.shape
    half = layer.receptive_field / side / 2
    top, bottom = _clip((y + 0.5) / height, half)
    left, right = _clip((x + 0.5) / width, half)
    return left, top, right - left, bottom - top


def _clip(center: float, half: float) -> tuple[float, float]:
    return max(0.0, center - half), min(1.0, center + half)
