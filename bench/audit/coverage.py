"""How often intervals of 95 % hold the truth, by simulation; the seeds are fixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from bench.audit.report import Line
from layerscope.faithfulness.statistics import average, average_share
from layerscope.performance.intervals import draw_weights, estimate_loss, estimate_share

_TIMES = 1000
_RESAMPLES = 1000
_SIZES = (10, 100)
_SHARE = 0.95  # of a figure that is nearly always reached, as pointing is
Draw = Callable[[np.random.Generator, int], np.ndarray]
Interval = Callable[[np.ndarray], tuple[float, float]]


def measure_coverage(
    draw: Draw, mean: float, interval: Interval, n: int, times: int = _TIMES
) -> float:
    """How often the interval of a mean of n values holds the true one; one that is not there does not.

    Parameters
    ----------
    draw : callable
        Of a generator and n, values (n,).
    mean : float
        Of what is drawn.
    interval : callable
        Of values, both ends; NaN for none.
    n, times : int
    """
    rng = np.random.default_rng(n)
    ends = (interval(draw(rng, n)) for _ in range(times))
    return sum(low <= mean <= high for low, high in ends) / times


def take_percentiles(values: np.ndarray) -> tuple[float, float]:
    """The former way: percentiles of the means of resamples."""
    rng = np.random.default_rng(0)
    means = values[rng.integers(len(values), size=(_RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def draw_skewed(rng: np.random.Generator, n: int) -> np.ndarray:
    """Exponential, of mean 1: as losses are."""
    return rng.exponential(size=n)


def draw_hits(rng: np.random.Generator, n: int) -> np.ndarray:
    """1 in 95 of 100 cases, else 0: as the pointing game is."""
    return (rng.random(n) < _SHARE).astype(float)


def _of_loss(n: int) -> Interval:
    weights = draw_weights(n, _RESAMPLES, 0)

    def interval(values: np.ndarray) -> tuple[float, float]:
        found = estimate_loss(values, weights)
        return found.low, found.high

    return interval


def _of_mean(values: np.ndarray) -> tuple[float, float]:
    found = average(values, 0, low=0.0)
    return found.low, found.high


def _of_share(values: np.ndarray) -> tuple[float, float]:
    found = average_share(values)
    return found.low, found.high


def _of_hits(values: np.ndarray) -> tuple[float, float]:
    found = estimate_share(values.sum(), len(values))
    return found.low, found.high


def audit_coverage() -> Iterator[Line]:
    """What intervals of means and shares cover, formerly and now."""
    for n in _SIZES:
        cases: tuple[tuple[int, str, Draw, float, Interval], ...] = (
            (4, "skewed figures (exponential), bootstrap-t", draw_skewed, 1.0, _of_mean),
            (4, f"hits (p = {_SHARE}), Wilson", draw_hits, _SHARE, _of_share),
            (13, "losses (exponential), bootstrap-t", draw_skewed, 1.0, _of_loss(n)),
            (13, f"shares (p = {_SHARE}), Wilson", draw_hits, _SHARE, _of_hits),
        )
        for point, what, draw, mean, interval in cases:
            former, now = (
                f"{measure_coverage(draw, mean, each, n):.1%}"
                for each in (take_percentiles, interval)
            )
            what = f"95 % intervals hold the mean: {what}, n = {n}"
            yield Line(point, what, former, now, by=f"{_TIMES} simulations")
