"""How far a figure can be trusted: Wilson's interval of shares and scores, bootstrap-t of losses."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from layerscope.errors import InputError

LEVEL = 0.95
_BUDGET = 2_000_000  # draws: what a second has room for several times over
_LEAST = 200  # resamples, for percentiles at 2.5 and 97.5 per cent
_SAME = 1e-12  # variance of resamples that all agree, but for rounding


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


def estimate_f1(hits: float, errors: float) -> Estimate:
    """F1 of one class, 2 h / (2 h + e), with Wilson's interval of h / (h + e), which it rises with.

    Of the samples that are of the class, or predicted as it, a share is both: that is a share of
    independent samples like any other, and F1 is twice it over one more than it (Lam, Gopal and Qian
    2023, "Confidence intervals for the F1 score", as the indirect Wilson method).

    Parameters
    ----------
    hits, errors : float
        True positives; false positives and false negatives together.
    """
    share = estimate_share(hits, hits + errors)
    return Estimate(*(2 * each / (1 + each) for each in (share.value, share.low, share.high)))


def estimate_score(value: float, resampled: np.ndarray, n: float, floor: float = 0.0) -> Estimate:
    """A score of at most 1 with Wilson's interval at its effective number of samples.

    That is how many independent samples a share of this height would need to vary like the resamples
    do (Kish 1965; Franco et al. 2019), and `n` at most: resamples of predictions without an error
    do not vary at all, though errors are possible. Percentiles of resamples would be no interval there.

    Parameters
    ----------
    value : float
    resampled : ndarray of float, (n_resamples,)
        Of the bootstrap; NaN where the score is not defined.
    n : float
        Samples that the score is at most of.
    floor : float
        The score of none right.

    Returns
    -------
    Estimate
        Without an interval where less than half of the resamples define the score.
    """
    defined = resampled[np.isfinite(resampled)]
    if not np.isfinite(value) or 2 * len(defined) < max(len(resampled), 1):
        return Estimate(float(value))
    share = float(np.clip((value - floor) / (1 - floor), 0, 1))
    variance = float(defined.var()) / (1 - floor) ** 2
    effective = n if variance < _SAME else min(n, share * (1 - share) / variance)
    low, high = wilson(share * effective, effective)
    return Estimate(float(value), *(float(floor + (1 - floor) * each) for each in (low, high)))


def estimate_loss(losses: np.ndarray, weights: np.ndarray, level: float = LEVEL) -> Estimate:
    """The mean of losses, none of them negative, with its bootstrap-t interval.

    Each resample's mean is divided by its own standard error before quantiles are taken (Efron 1982):
    losses are skewed, and plain percentiles of means are too low and too narrow then (Hesterberg 2015).

    Parameters
    ----------
    losses : ndarray of float, (n,)
    weights : ndarray, (n_resamples, n)
        Of the bootstrap, from `draw_weights`; of a subset of the samples, its columns.
    level : float
        Of confidence, in (0, 1).

    Returns
    -------
    Estimate
        Without an interval where losses are all the same: there is nothing to tell their spread by.
    """
    value, spread = float(losses.mean()), float(losses.std())
    if spread <= 1e-9 * max(1.0, abs(value)):
        return Estimate(value)
    centred, weights = losses - value, weights.astype(float)
    totals = np.maximum(weights.sum(axis=1), 1)
    shifts = weights @ centred / totals
    errors = np.sqrt(np.maximum(weights @ centred**2 / totals - shifts**2, 0) / totals)
    there = errors > 1e-9 * spread
    if 2 * there.sum() < len(weights):
        return Estimate(value)
    ends = np.quantile(shifts[there] / errors[there], [0.5 + level / 2, 0.5 - level / 2])
    low, high = value - ends * spread / np.sqrt(len(losses))
    return Estimate(value, float(max(low, 0.0)), float(high))
