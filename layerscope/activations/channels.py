"""What the maps of a layer's channels say: their score, their statistics, their small pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

BINS = 10
_BLOCK = 1 << 16  # values that are worked on at a time: they stay in the processor's cache


@dataclass(frozen=True)
class Statistics:
    """Figures of each channel; every attribute is an ndarray of float64, (C,).

    Attributes
    ----------
    minimum, maximum, mean, std : ndarray
        Of the values over the map; the standard deviation is the population's.
    zeros, positive : ndarray
        Share of the values that are exactly zero, and that are above zero, in [0, 1].
    entropy : ndarray
        As `entropy` defines it, in nats.
    score : ndarray
        As `score` defines it: entropy x mean.
    """

    minimum: np.ndarray
    maximum: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    zeros: np.ndarray
    positive: np.ndarray
    entropy: np.ndarray
    score: np.ndarray


def histogram(values: np.ndarray, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Count values in bins of equal width over their own range.

    Parameters
    ----------
    values : ndarray of float, any shape
        Finite.
    bins : int

    Returns
    -------
    counts : ndarray of int64, (bins,)
        Where all values are the same, they are in the first bin.
    edges : ndarray of float64, (bins + 1,)
    """
    flat = values.reshape(1, -1)
    edges = np.linspace(float(flat.min()), float(flat.max()), bins + 1)
    return _count(flat, bins)[0], edges


def entropy(maps: np.ndarray, bins: int = BINS) -> np.ndarray:
    """Discrete entropy of each channel's values.

    The values of a channel are counted in `bins` bins of equal width between the channel's own smallest
    and largest value; with p the shares of the bins, the entropy is ``-sum(p log p)``.

    Parameters
    ----------
    maps : ndarray of float, (C, H, W)
        Finite.
    bins : int

    Returns
    -------
    ndarray of float64, (C,)
        In nats: from 0, for a constant channel, to ``log(bins)``.
    """
    shares = _count(maps.reshape(len(maps), -1), bins) / maps[0].size
    return -(shares * np.log(shares, where=shares > 0, out=np.zeros_like(shares))).sum(axis=1)


def score(maps: np.ndarray) -> np.ndarray:
    """Score of each channel: entropy x magnitude, the magnitude being the channel's mean activation.

    High for a channel that is active and tells places apart. Convolutions give negative values, so that a
    score may be negative.

    Parameters
    ----------
    maps : ndarray of float, (C, H, W)
        Finite.

    Returns
    -------
    ndarray of float64, (C,)
        Nats times the unit of the activation.
    """
    return entropy(maps) * maps.mean(axis=(1, 2), dtype=np.float64)


def describe(maps: np.ndarray) -> Statistics:
    """Statistics of each channel of maps (C, H, W)."""
    flat = maps.reshape(len(maps), -1)
    mean, spread = flat.mean(axis=1, dtype=np.float64), entropy(maps)
    return Statistics(
        minimum=flat.min(axis=1).astype(np.float64),
        maximum=flat.max(axis=1).astype(np.float64),
        mean=mean,
        std=flat.std(axis=1, dtype=np.float64),
        zeros=(flat == 0).mean(axis=1),
        positive=(flat > 0).mean(axis=1),
        entropy=spread,
        score=spread * mean,
    )


def shrink(maps: np.ndarray, side: int) -> np.ndarray:
    """Average maps over cells of a whole number of pixels, so that no side is longer than `side`.

    Parameters
    ----------
    maps : ndarray of float, (C, H, W)
    side : int

    Returns
    -------
    ndarray of float32, (C, h, w)
        Cells at the far edges may be smaller; each is the mean of what it covers.
    """
    total: np.ndarray = maps.astype(np.float32, copy=False)
    for axis in (1, 2):
        length = maps.shape[axis]
        step = -(-length // side)
        if step > 1:
            starts = np.arange(0, length, step)
            widths = np.diff(starts, append=length).astype(np.float32)
            shape = [1, 1, 1]
            shape[axis] = len(starts)
            total = np.add.reduceat(total, starts, axis=axis) / widths.reshape(shape)
    return total


def _count(flat: np.ndarray, bins: int) -> np.ndarray:
    """Count the values of each row (C, n) in bins over the row's own range, (C, bins)."""
    counts = np.empty((len(flat), bins), dtype=np.int64)
    for rows in _blocks(*flat.shape):
        values = flat[rows].astype(np.float64)
        low = values.min(axis=1, keepdims=True)
        values -= low
        width = values.max(axis=1, keepdims=True)
        values *= bins
        np.divide(values, width, out=values, where=width > 0)
        index = np.minimum(values.astype(np.intp), bins - 1)  # the largest belongs to the last bin
        index += np.arange(len(index))[:, None] * bins
        counts[rows] = np.bincount(index.ravel(), minlength=len(index) * bins).reshape(-1, bins)
    return counts


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    step = max(1, _BLOCK // max(1, columns))
    for start in range(0, rows, step):
        yield slice(start, start + step)
