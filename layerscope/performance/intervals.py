"""How far a figure can be trusted: Wilson's interval for shares, the bootstrap for anything else."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from layerscope.errors import InputError

LEVEL = 0.95
_BUDGET = 2_000_000  # draws: what a second has room for several times over
_LEAST = 200  # resamples, for percentiles at 2.5 and 97.5 per cent


@dataclass(frozen=True)
class Estimate:
    """A figure with the interval it lies in.

    Attributes
    ----------
    value, low, high : float
        NaN where it is not defined, as a share of nothing is.
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")

    @property
    def is_defined(self) -> bool:
        """Whether there is a value."""
        return bool(np.isfinite(self.value))

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))


def wilson(
    successes: np.ndarray | float, trials: np.ndarray | float, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Score interval of a share (Wilson 1927): the shares that such a count would not contradict.

    Unlike the textbook's share plus or minus two standard errors it stays in [0, 1], and has a width
    where all or none succeeded (Brown, Cai and DasGupta 2001).

    Parameters
    ----------
    successes, trials : array_like, same shape
        Counts, 0 <= successes <= trials.
    level : float
        Of confidence, in (0, 1).

    Returns
    -------
    low, high : ndarray of float64, the same shape
        NaN where there was no trial.

    Raises
    ------
    InputError
        Where there are more successes than trials, or fewer than none.
    """
    k, n = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    if np.any(k < 0) or np.any(k > n):
        raise InputError("Wilson's interval: there must be between none and all successes")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    there = n > 0
    n = np.where(there, n, 1.0)
    share = k / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low = np.where(k == 0, 0.0, np.maximum(middle - half, 0.0))  # exact where rounding is not
    high = np.where(k == n, 1.0, np.minimum(middle + half, 1.0))
    return np.where(there, low, np.nan), np.where(there, high, np.nan)


def estimate_share(successes: float, trials: float) -> Estimate:
    """A share with Wilson's interval; not defined where there was no trial."""
    if trials == 0:
        return Estimate(float("nan"))
    low, high = wilson(successes, trials)
    return Estimate(float(successes / trials), float(low), float(high))


def count_resamples(n: int) -> int:
    """How many resamples of n samples are affordable: a thousand, or fewer of very many samples."""
    return int(np.clip(_BUDGET // max(n, 1), _LEAST, 1000))


def draw_weights(n: int, n_resamples: int, random_state: int) -> np.ndarray:
    """How often each of n samples is drawn in each bootstrap resample (Efron 1979).

    A statistic of a resample is the statistic with these weights, so one draw serves them all.

    Parameters
    ----------
    n : int
        Samples; drawn n times with replacement.
    n_resamples : int
    random_state : int

    Returns
    -------
    ndarray of float32, (n_resamples, n)
        Whole numbers; each row sums to n.
    """
    rng = np.random.default_rng(random_state)
    drawn = rng.integers(0, max(n, 1), (n_resamples, n))
    drawn += n * np.arange(n_resamples)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=n_resamples * n)
    return counts.reshape(n_resamples, n).astype(np.float32)


def estimate(value: float, resampled: np.ndarray, level: float = LEVEL) -> Estimate:
    """A figure with the percentile interval of its resamples, (n_resamples,).

    Resamples in which it is not defined are left out. There is no interval where it is defined in less
    than half of them, and none where all agree, as they do without an error: the bootstrap draws only
    what is there, so that this is no certainty.
    """
    defined = resampled[np.isfinite(resampled)]
    if not np.isfinite(value) or 2 * len(defined) < max(len(resampled), 1):
        return Estimate(float(value))
    if np.ptp(defined) <= 1e-9 * max(1.0, abs(value)):
        return Estimate(float(value))
    low, high = np.quantile(defined, [0.5 - level / 2, 0.5 + level / 2])
    return Estimate(float(value), float(low), float(high))
