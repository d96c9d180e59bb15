"""Measures of the faithfulness benchmark once more, in NumPy and SciPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage
from scipy.stats import rankdata

NONE = float("nan")
LOCATED = ("pointing_game", "mass", "rank", "parts", "parts_density", "parts_partial")
PARTS = LOCATED[3:]


def play_pointing(values: np.ndarray, mask: np.ndarray, tolerance: float) -> float:
    """Share of the maximum's pixels that are at most so many pixels from the object."""
    near = ndimage.distance_transform_edt(~mask) <= tolerance
    return float(near[values == values.max()].mean())


def measure_mass(values: np.ndarray, mask: np.ndarray) -> float:
    """The object's share of positive relevance; of the picture where there is none."""
    positive = np.where(values > 0, values, 0).astype(np.float64)
    return float(positive[mask].sum() / positive.sum()) if positive.any() else float(mask.mean())


def measure_rank(values: np.ndarray, mask: np.ndarray) -> float:
    """Of as many largest values as the object has pixels, the share on it; ties count in part."""
    k = int(mask.sum())
    order = np.argsort(-values, axis=None, kind="stable")
    least = values.ravel()[order[k - 1]]
    sure, tied = values > least, values == least
    part = (k - sure.sum()) / tied.sum()
    return float(((sure & mask).sum() + part * (tied & mask).sum()) / k)


def correlate(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's correlation as Pearson's of ranks; 0 where one tells no order."""
    one, other = (rankdata(each) for each in (first, second))
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def correlate_given(first: np.ndarray, second: np.ndarray, given: np.ndarray) -> float:
    """Partial rank correlation, from the three correlations; as `correlate_parts` says where it is none."""
    xy, xz, yz = (correlate(*pair) for pair in ((first, second), (first, given), (second, given)))
    if len(first) < 4 or np.ptp(second) == 0 or 1 - yz**2 < 1e-12:
        return NONE
    if np.ptp(first) == 0 or 1 - xz**2 < 1e-12:
        return 0.0
    return float((xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2)))


def correlate_parts(
    values: np.ndarray, part_map: np.ndarray, importance: np.ndarray
) -> dict[str, float]:
    """Correlations of parts with what removing them costs: of sums, per pixel, and of sums given the area.

    Parameters
    ----------
    values : ndarray, (H, W)
    part_map : ndarray of int, (H, W)
    importance : ndarray, (parts,)
        Of all parts of the data set; NaN for those not to be seen.
    """
    parts = np.flatnonzero(np.isfinite(importance)) + 1
    if len(parts) < 2:
        return dict.fromkeys(PARTS, NONE)
    areas = ndimage.sum_labels(np.ones(part_map.shape), part_map, parts)
    sums = ndimage.sum_labels(values.astype(np.float64), part_map, parts)
    cost = importance[parts - 1]
    found = correlate(sums, cost), correlate(sums / areas, cost), correlate_given(sums, cost, areas)
    return dict(zip(PARTS, found, strict=True))


def locate(
    values: np.ndarray, part_map: np.ndarray, importance: np.ndarray, tolerance: float
) -> dict[str, float]:
    """All measures of where the object and its parts are."""
    mask = part_map > 0
    return {
        "pointing_game": play_pointing(values, mask, tolerance),
        "mass": measure_mass(values, mask),
        "rank": measure_rank(values, mask),
        **correlate_parts(values, part_map, importance),
    }


def describe(values: np.ndarray) -> dict[str, float]:
    """Entropy in nats and Gini index of a map's absolute values."""
    weights = np.sort(np.abs(values.astype(np.float64)), axis=None)
    if not weights.any():
        return {"complexity": NONE, "sparseness": NONE}
    shares = weights / weights.sum()
    there = shares[shares > 0]
    area = (np.cumsum(shares) - shares / 2).sum() / len(shares)  # under Lorenz' curve
    return {"complexity": float(-(there * np.log(there)).sum()), "sparseness": float(1 - 2 * area)}


def trace(
    values: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    cell: int,
    n_steps: int,
    score: Callable[[np.ndarray], np.ndarray],
) -> float:
    """The area under a score while cells of a picture become those of another, the most relevant first.

    Parameters
    ----------
    values : ndarray, (H, W)
        Without cells of equal means: among them the order is drawn.
    start, end : ndarray of uint8, (H, W, C)
    cell : int
        Side in pixels.
    n_steps : int
        After step k the share (k / n_steps)**2 of the cells has become another.
    score : callable
        Of pictures (n, H, W, C), (n,).
    """
    height, width = values.shape
    across = -(-width // cell)
    cells = (np.arange(height) // cell)[:, None] * across + np.arange(width) // cell
    means = ndimage.mean(values.astype(np.float64), cells, np.arange(cells.max() + 1))
    place = rankdata(-means, method="ordinal")[cells]  # 1 for the most relevant
    shares = np.linspace(0, 1, n_steps + 1) ** 2
    counts = np.round(shares * (cells.max() + 1))
    pictures = [np.where((place <= count)[:, :, None], end, start) for count in counts]
    return float(np.trapezoid(score(np.stack(pictures)), shares))
