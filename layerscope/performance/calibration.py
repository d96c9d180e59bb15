"""Calibration of confidence: reliability, calibration errors, and temperature scaling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerscope.errors import InputError
from layerscope.performance.intervals import wilson

SCHEMES = ("width", "mass")
COLDEST, HOTTEST = 0.05, 20.0  # temperatures that are looked for


@dataclass(frozen=True)
class Bins:
    """Samples of similar confidence.

    Attributes
    ----------
    edges : ndarray of float64, (b + 1,)
    counts : ndarray of int64, (b,)
    confidence, accuracy : ndarray of float64, (b,)
        Means; NaN in an empty bin.
    low, high : ndarray of float64, (b,)
        Wilson's interval of the accuracy.
    """

    edges: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def gaps(self) -> np.ndarray:
        """How far accuracy and confidence lie apart, (b,) float64; NaN in an empty bin."""
        return np.abs(self.accuracy - self.confidence)

    @property
    def expected_error(self) -> float:
        """Mean gap, by the number of samples: ECE (Naeini et al. 2015, Guo et al. 2017)."""
        there = self.counts > 0
        return float((self.counts[there] * self.gaps[there]).sum() / self.counts.sum())

    @property
    def largest_error(self) -> float:
        """Largest gap of a bin: MCE."""
        return float(np.nanmax(self.gaps))


@dataclass(frozen=True)
class Scaling:
    """What one temperature would do.

    Attributes
    ----------
    temperature : float
        Above 1 it makes the model less sure.
    is_bound : bool
        Whether the fit ended at the border of what is looked for: there is no best temperature.
    fitted, held_out : ndarray of int64
        Samples that it was fitted on, and the others.
    probabilities : ndarray of float64, (n_held_out, K)
        Of the others, scaled.
    """

    temperature: float
    is_bound: bool
    fitted: np.ndarray
    held_out: np.ndarray
    probabilities: np.ndarray


def place_in_bins(
    confidence: np.ndarray, n_bins: int, scheme: str
) -> tuple[np.ndarray, np.ndarray]:
    """The bin of each sample, (n,) int64, and the edges of the bins.

    Parameters
    ----------
    confidence : ndarray of float, (n,)
        In [0, 1].
    n_bins : int
    scheme : str
        "width": bins of equal width, each with its right edge. "mass": bins of equally many samples,
        as nearly as may be, ordered by confidence; at most as many bins as samples.

    Raises
    ------
    InputError
        Where there are no samples, or a confidence is outside [0, 1].
    """
    if not len(confidence) or not (np.isfinite(confidence) & (confidence >= 0)).all():
        raise InputError("calibration: there must be samples, with confidences in [0, 1]")
    if confidence.max() > 1 + 1e-4 or scheme not in SCHEMES or n_bins < 1:
        raise InputError("calibration: confidences must be in [0, 1], bins of equal width or mass")
    if scheme == "width":
        edges = np.linspace(0, 1, n_bins + 1)
        return np.clip(np.searchsorted(edges, confidence, "left") - 1, 0, n_bins - 1), edges
    n_bins = min(n_bins, len(confidence))
    order = np.argsort(confidence, kind="stable")
    places = np.empty(len(confidence), dtype=np.int64)
    groups = np.array_split(order, n_bins)
    for place, group in enumerate(groups):
        places[group] = place
    starts = [confidence[group[0]] for group in groups]
    return places, np.append(starts, confidence[order[-1]])


def bin_confidences(
    confidence: np.ndarray, correct: np.ndarray, n_bins: int, scheme: str = "width"
) -> Bins:
    """A reliability diagram's figures (DeGroot and Fienberg 1983).

    Parameters
    ----------
    confidence : ndarray of float, (n,)
        In [0, 1].
    correct : ndarray of bool, (n,)
    n_bins, scheme
        As `place_in_bins` takes them, which raises as well.
    """
    places, edges = place_in_bins(confidence, n_bins, scheme)
    n = len(edges) - 1
    counts = np.bincount(places, minlength=n)
    right = np.bincount(places, correct.astype(float), minlength=n)
    summed = np.bincount(places, confidence.astype(float), minlength=n)
    safe = np.maximum(counts, 1)
    low, high = wilson(right, counts)
    there = counts > 0
    return Bins(
        edges,
        counts,
        np.where(there, summed / safe, np.nan),
        np.where(there, right / safe, np.nan),
        low,
        high,
    )


def expect_error(
    confidence: np.ndarray, n_bins: int, scheme: str, n_draws: int, random_state: int
) -> tuple[float, float]:
    """The ECE that a perfectly calibrated model of these confidences would show by chance.

    Predictions are drawn to be right with exactly their confidence (Bröcker and Smith 2007).

    Returns
    -------
    mean, high : float
        Over the draws: their mean, and what 95 % of them stay below.
    """
    places, edges = place_in_bins(confidence, n_bins, scheme)
    n = len(edges) - 1
    rng = np.random.default_rng(random_state)
    right = rng.random((n_draws, len(confidence))) < confidence
    member = (places[:, None] == np.arange(n)).astype(np.float32)
    gaps = np.abs((right.astype(np.float32) - confidence.astype(np.float32)) @ member)
    errors = gaps.sum(axis=1) / len(confidence)
    return float(errors.mean()), float(np.quantile(errors, 0.95))


def score_brier(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Squared distance of the probabilities from the truth (Brier 1950), (n,) float64 in [0, 2].

    Parameters
    ----------
    probabilities : ndarray of float, (n, K)
    targets : ndarray of int, (n,)
        The right outputs.
    """
    p = probabilities.astype(float)
    right = p[np.arange(len(p)), targets]
    return (p**2).sum(axis=1) - 2 * right + 1


def scale(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divide the logits by a temperature; log-probabilities are logits up to a constant.

    Parameters
    ----------
    probabilities : ndarray of float, (n, K)
        Zero counts as the smallest number of single precision.
    temperature : float
        Above zero.

    Returns
    -------
    ndarray of float64, (n, K)
    """
    from scipy.special import softmax

    return softmax(_take_logs(probabilities) / temperature, axis=1)


def _take_logs(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probabilities.astype(float), np.finfo(np.float32).tiny))


def fit_temperature(probabilities: np.ndarray, targets: np.ndarray) -> tuple[float, bool]:
    """The temperature with the least log loss (Guo et al. 2017).

    The loss is convex in one over the temperature, so that its slope has one zero at most.

    Parameters
    ----------
    probabilities : ndarray of float, (n, K)
    targets : ndarray of int, (n,)

    Returns
    -------
    temperature : float
        In [`COLDEST`, `HOTTEST`].
    is_bound : bool
        Whether it lies at an end of that: where all predictions are right, colder is always better.
    """
    from scipy.optimize import brentq
    from scipy.special import softmax

    logits = _take_logs(probabilities)
    logits -= logits.max(axis=1, keepdims=True)
    right = logits[np.arange(len(logits)), targets]

    def slope(log_temperature: float) -> float:
        p = softmax(logits * np.exp(-log_temperature), axis=1)
        return float(((p * logits).sum(axis=1) - right).mean())

    ends = np.log([COLDEST, HOTTEST])
    if slope(ends[0]) <= 0:
        return COLDEST, True
    if slope(ends[1]) >= 0:
        return HOTTEST, True
    return float(np.exp(brentq(slope, *ends, xtol=1e-6))), False


def try_scaling(probabilities: np.ndarray, targets: np.ndarray, random_state: int) -> Scaling:
    """Fit a temperature on a random half, and scale the other half by it.

    Parameters
    ----------
    probabilities : ndarray of float, (n, K)
    targets : ndarray of int, (n,)
    random_state : int

    Raises
    ------
    InputError
        Where there are fewer than two samples.
    """
    if len(targets) < 2:
        raise InputError("temperature scaling: it needs two samples at least, one for each half")
    order = np.random.default_rng(random_state).permutation(len(targets))
    fitted, held_out = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    temperature, is_bound = fit_temperature(probabilities[fitted], targets[fitted])
    scaled = scale(probabilities[held_out], temperature)
    return Scaling(temperature, is_bound, fitted, held_out, scaled)
