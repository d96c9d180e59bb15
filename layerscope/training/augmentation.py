"""Random crops, flips and colour, on whole batches of tensors.

One affine resampling a batch does crop, aspect ratio, flip and resize together, which on two cores
costs a twentieth of the training step; decoding and resizing picture by picture cost as much as the
step itself.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

MIN_AREA, MAX_ASPECT = 0.35, 4 / 3
COLOUR = 0.25


def augment(pixels: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Randomly cropped, flipped and recoloured pictures.

    Crops cover 35 to 100 % of the area with an aspect ratio between 3/4 and 4/3 (Szegedy et al.,
    "Going deeper with convolutions", 2015); brightness, contrast and saturation vary by 25 %.

    Parameters
    ----------
    pixels : Tensor, (N, 3, H, W) float32 in [0, 1]
    size : int
        Side of the result.
    generator : torch.Generator
        Source of all randomness.

    Returns
    -------
    Tensor, (N, 3, size, size) float32 in [0, 1]
    """
    n = len(pixels)

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, generator=generator)

    area, aspect = uniform(MIN_AREA, 1.0), uniform(1 / MAX_ASPECT, MAX_ASPECT)
    width = (area * aspect).sqrt().clamp(max=1.0)
    height = (area / aspect).sqrt().clamp(max=1.0)
    shift_x, shift_y = (1 - width) * uniform(-1, 1), (1 - height) * uniform(-1, 1)
    flip = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    zero = torch.zeros(n)
    theta = torch.stack(
        [
            torch.stack([width * flip, zero, shift_x], dim=1),
            torch.stack([zero, height, shift_y], dim=1),
        ],
        dim=1,
    )  # (n, 2, 3)
    grid = functional.affine_grid(theta, [n, 3, size, size], align_corners=False)
    crops = functional.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)
    return _recolour(crops, *(uniform(1 - COLOUR, 1 + COLOUR) for _ in range(3)))


def _recolour(pixels: Tensor, brightness: Tensor, contrast: Tensor, saturation: Tensor) -> Tensor:
    def each(factor: Tensor) -> Tensor:
        return factor.view(-1, 1, 1, 1)

    grey = pixels.mean(dim=1, keepdim=True)
    pixels = grey + (pixels - grey) * each(saturation)
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    return ((mean + (pixels - mean) * each(contrast)) * each(brightness)).clamp_(0, 1)
