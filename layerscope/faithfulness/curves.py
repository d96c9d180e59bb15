"""Deletion and insertion: the class's probability as a picture goes or comes, the most relevant first."""

from __future__ import annotations

import numpy as np


def rank_cells(values: np.ndarray, cell: int, random_state: int) -> np.ndarray:
    """In which order a map takes the cells of a picture.

    Pixel by pixel, even noise would delete best: a few pixels of another colour anywhere are unlike
    all that a model has seen. Regions, as in Samek et al. (2017), ask where the evidence is.

    Parameters
    ----------
    values : ndarray, (H, W)
    cell : int
        Side of a cell in pixels; cells at the edge may be smaller.
    random_state : int
        Of the order of cells that are worth the same.

    Returns
    -------
    ndarray of int64, (H, W)
        For each pixel the rank of its cell by mean value: 0 for the highest.
    """
    down, across = (np.arange(0, side, cell) for side in values.shape)
    sums = np.add.reduceat(np.add.reduceat(values.astype(np.float64), down), across, axis=1)
    heights, widths = np.diff([*down, len(values)]), np.diff([*across, values.shape[1]])
    means = (sums / np.outer(heights, widths)).ravel()
    order = np.lexsort((np.random.default_rng(random_state).random(means.size), -means))
    ranks = np.empty(means.size, dtype=np.int64)
    ranks[order] = np.arange(means.size)
    return ranks.reshape(sums.shape)[np.ix_(*(np.arange(side) // cell for side in values.shape))]


def list_shares(n_steps: int) -> np.ndarray:
    """The share of cells that is replaced after each step, (n_steps + 1,), from 0 to 1.

    It grows with the square of the step: most happens while the first cells come or go.
    """
    return (np.arange(n_steps + 1) / n_steps) ** 2


def replace_in_steps(
    picture: np.ndarray, filling: np.ndarray, ranks: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    """A picture on its way to another.

    With a filling that shows nothing it is deleted; from the filling to the picture it is inserted
    (Petsiuk, Das and Saenko 2018).

    Parameters
    ----------
    picture, filling : ndarray of uint8, (H, W, C)
    ranks : ndarray of int, (H, W)
        Of `rank_cells`: what is replaced first.
    shares : ndarray, (n,)
        Of the cells, how many are replaced.

    Returns
    -------
    ndarray of uint8, (n, H, W, C)
    """
    counts = (np.asarray(shares) * (ranks.max() + 1)).round()
    return np.stack([np.where((ranks < count)[:, :, None], filling, picture) for count in counts])


def compute_area(curve: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The area under curves (..., n) over the shares of cells replaced, (n,), by trapezoids."""
    return np.trapezoid(curve, shares, axis=-1)
