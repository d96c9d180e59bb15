"""Where the squares of an occlusion lie, and what may be chosen of them."""

from __future__ import annotations

from math import ceil, prod

import numpy as np

from layerscope.errors import InputError
from layerscope.explanation.filling import FILL
from layerscope.explanation.method import Option

MAX_PATCHES = 4096
OCCLUSION_OPTIONS = (
    Option("patch", "Patch", "Side of the square that is covered, in pixels.", 32, 1, 256),
    Option("stride", "Stride", "Pixels from one square to the next.", 16, 1, 256),
    FILL,
)


def find_windows(side: int, patch: int, stride: int) -> list[tuple[int, int]]:
    """Along one side, the first pixel of each square and the one behind its last.

    Squares begin every `stride` pixels until one reaches the edge, where it is cut off.
    """
    starts = range(0, ceil((side - patch) / stride) * stride + 1, stride)
    return [(start, min(start + patch, side)) for start in starts]


def spread(drops: np.ndarray, size: tuple[int, ...], patch: int, stride: int) -> np.ndarray:
    """Drops (rows, columns) to pixels of a size (H, W): the mean over the squares that cover a pixel.

    NaN where no known square does.
    """
    total, count = np.zeros((2, *size))
    down, across = (find_windows(side, patch, stride) for side in size)
    for row, column in np.argwhere(np.isfinite(drops)):
        place = slice(*down[row]), slice(*across[column])
        total[place] += drops[row, column]
        count[place] += 1
    with np.errstate(invalid="ignore"):
        return (total / count).astype(np.float32)


def check_geometry(size: tuple[int, ...], patch: int, stride: int) -> None:
    """Raise `InputError` where squares leave gaps, exceed the picture, or are too many."""
    if patch > min(size):
        shown = " x ".join(map(str, dict.fromkeys(size)))
        raise InputError(f"patch is {patch} pixels and the picture {shown}; choose a smaller patch")
    if stride > patch:
        raise InputError(
            f"stride {stride} leaves gaps between patches of {patch}; choose a smaller"
        )
    n_patches = prod(len(find_windows(side, patch, stride)) for side in size)
    if n_patches > MAX_PATCHES:
        raise InputError(
            f"patch {patch} and stride {stride} make {n_patches} patches, more than {MAX_PATCHES}; "
            "choose a larger stride"
        )
