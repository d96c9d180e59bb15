"""What networks of tests want of a picture."""

from __future__ import annotations

from math import floor

from layerscope.datasets.preprocessing import Preprocessing

HALF = (0.5, 0.5, 0.5)


def take(
    *size: int,
    mean: tuple[float, ...] = HALF,
    std: tuple[float, ...] = HALF,
    crop: float = 0.875,
    **others: str,
) -> Preprocessing:
    """Pictures of a side, or of a height and a width."""
    height, width = size[0], size[-1]
    resized = floor(height / crop), floor(width / crop)
    return Preprocessing((height, width), resized, mean, std, **others)
