"""Patterns: seamless tiles, made once, and fields cut from them at any angle and size."""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

TILE = 256
_SHEET = 4 * TILE  # tiles are laid out this wide, so that a cut of any angle stays inside
_EDGE = 0.18  # how soft the edges of stripes, dots and squares are


def _grid() -> tuple[Field, Field]:
    """Return x and y of a tile, (256, 256) float32 in 0..2 pi."""
    line = np.arange(TILE, dtype=np.float32) * np.float32(2 * np.pi / TILE)
    x, y = np.meshgrid(line, line)
    return x, y


def _harden(wave: Field, threshold: float = 0.0) -> Field:
    """Turn a smooth wave into two levels with soft edges, in 0..1."""
    return np.asarray(np.clip((wave - threshold) / (2 * _EDGE) + 0.5, 0, 1), np.float32)


def _cloud(detail: int, seed: int) -> Field:
    """Return seamless noise in -1..1 with features of about 256 / `detail` pixels."""
    rng = np.random.default_rng(seed)
    total = np.zeros((TILE, TILE), np.float32)
    for octave in range(3):
        cells = detail * 2**octave
        knots = np.pad(rng.uniform(-1, 1, (cells, cells)).astype(np.float32), 2, mode="wrap")
        size = TILE * (cells + 4) // cells
        fine = cv2.resize(knots, (size, size), interpolation=cv2.INTER_CUBIC)
        start = 2 * TILE // cells
        total += fine[start : start + TILE, start : start + TILE] / 2**octave
    return np.asarray(np.clip(total / 1.2, -1, 1), np.float32)


def _stripes() -> Field:
    return _harden(np.sin(12 * _grid()[0]))


def _pinstripes() -> Field:
    return _harden(np.sin(14 * _grid()[0]), 0.75)


def _dots() -> Field:
    x, y = _grid()
    return _harden(np.cos(10 * x) + np.cos(10 * y), 0.9)


def _spots() -> Field:
    x, y = _grid()
    return _harden(np.cos(7 * (x + y)) + np.cos(7 * (x - y)), 1.0)


def _checker() -> Field:
    x, y = _grid()
    return _harden(np.sin(8 * x) * np.sin(8 * y) * 3)


def _plaid() -> Field:
    x, y = _grid()
    both = _harden(np.sin(8 * x), 0.2) + _harden(np.sin(8 * y), 0.2)
    return np.asarray(0.5 * both, np.float32)


def _zigzag() -> Field:
    x, y = _grid()
    return _harden(np.sin(12 * y + 2 * np.arcsin(np.sin(8 * x))))


def _waves() -> Field:
    x, y = _grid()
    return _harden(np.sin(11 * y + 1.3 * np.sin(6 * x)))


def _scales() -> Field:
    x, y = _grid()
    row = np.floor(y * 12 / (2 * np.pi))
    along = np.abs(np.mod(x * 12 / (2 * np.pi) + 0.5 * np.mod(row, 2), 1) - 0.5) * 2
    return _harden(np.mod(y * 12 / (2 * np.pi), 1) - 0.85 * np.sqrt(1 - along**2 * 0.9), 0.0)


def _wood() -> Field:
    x, _ = _grid()
    grain = np.repeat(_cloud(4, 3)[::4], 4, axis=0)
    soft = cv2.blur(np.tile(grain, (3, 1)), (1, 31))[TILE : 2 * TILE]
    return np.asarray(0.5 + 0.5 * np.sin(8 * x + 5 * soft), np.float32)


def _marble() -> Field:
    x, y = _grid()
    return np.asarray(1 - np.abs(np.sin(3 * (x + y) + 3 * _cloud(4, 5))), np.float32)


def _mottle() -> Field:
    return np.asarray(0.5 + 0.5 * _cloud(8, 7), np.float32)


def _speckle() -> Field:
    return _harden(_cloud(32, 11), 0.45)


def _plain() -> Field:
    return np.zeros((TILE, TILE), np.float32)


_KINDS: tuple[Callable[[], Field], ...] = (
    _plain, _stripes, _pinstripes, _dots, _spots, _checker, _plaid, _zigzag, _waves, _scales,
    _wood, _marble, _mottle, _speckle,
)  # fmt: skip


@lru_cache(maxsize=1)
def make_sheets() -> tuple[NDArray[np.uint8], ...]:
    """Make every pattern once: (1024, 1024) uint8 sheets, seamless tiles of (256, 256) repeated."""
    repeat = _SHEET // TILE
    return tuple(
        np.tile(np.round(kind() * 255).astype(np.uint8), (repeat, repeat)) for kind in _KINDS
    )


def draw_field(rng: np.random.Generator, size: int, zoom: tuple[float, float]) -> Field:
    """Cut a random pattern at a random angle, size and offset.

    Parameters
    ----------
    rng
        Source of the choice; the same numbers are drawn, whatever the pattern.
    size
        Side of the field in pixels.
    zoom
        Smallest and largest magnification of the tile, such that `size` pixels diagonally, over
        the smallest, are at most 792 pixels of a tile.

    Returns
    -------
    ndarray of shape (size, size), float32 in 0..1
        How much of the pattern's colour shows at each pixel.
    """
    kind = int(rng.integers(len(_KINDS)))
    angle, scale = rng.uniform(0, 2 * np.pi), 1 / rng.uniform(*zoom)
    shift = rng.uniform(0, TILE, 2)
    if _KINDS[kind] is _plain:
        return np.zeros((size, size), np.float32)
    c, s = np.cos(angle) * scale, np.sin(angle) * scale
    centre = _SHEET / 2 - TILE / 2 + shift - np.array([c - s, s + c]) * size / 2
    matrix = np.array([[c, -s, centre[0]], [s, c, centre[1]]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(make_sheets()[kind], matrix, (size, size), flags=flags)
    return cut.astype(np.float32) * np.float32(1 / 255)
