"""How the weights of each layer are distributed: in figures, in quantiles, as a histogram."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np

from layerscope.activations.channels import histogram

QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NEAR_ZERO = 0.1  # standard deviations
OUTER = 0.995  # share of the weights that a scale of grey levels covers
N_BINS = 64
SPREAD = 4.0  # standard deviations that a profile reaches to either side of zero
N_PROFILE = 33  # its bins; odd, so that one is around zero
_MOST = 1 << 21  # weights that quantiles are taken of; sorting more takes long and tells no more


@dataclass(frozen=True)
class WeightFigures:
    """A layer's weights, without biases.

    Attributes
    ----------
    key : str
    shape : tuple of int
        (F, C / groups, h, w) of a convolution, (F, C) of a dense layer.
    groups : int
        1 of a dense layer.
    mean, std : float
        The standard deviation is the population's.
    low, high : float
        Smallest and largest weight.
    near_zero : float
        Share of the weights whose size is below a tenth of the standard deviation, in [0, 1]: 0.080 of
        a normal distribution around zero.
    outer : float
        99.5 % of the weights are not larger than this in size.
    quantiles : ndarray of float32, (7,)
        At `QUANTILES`.
    counts : ndarray of int64, (64,)
    edges : ndarray of float64, (65,)
        Histogram over the layer's own range, as `layerscope.activations.channels.histogram` counts.
    profile : ndarray of int64, (33,)
        Counts from four standard deviations below zero to four above, so that layers of any scale can
        be compared; what lies beyond is in no bin. All zeros where all weights are the same.
    norms : ndarray of float32, (F,)
        Euclidean, of each filter or neuron.
    input_norms : ndarray of float32, (C / groups,)
        The same of each input channel over all filters, or over those that read it as the r-th of their
        group.
    """

    key: str
    shape: tuple[int, ...]
    groups: int
    mean: float
    std: float
    low: float
    high: float
    near_zero: float
    outer: float
    quantiles: np.ndarray
    counts: np.ndarray
    edges: np.ndarray
    profile: np.ndarray
    norms: np.ndarray
    input_norms: np.ndarray

    @property
    def size(self) -> int:
        """How many weights there are."""
        return int(np.prod(self.shape))


def describe_weights(key: str, weights: np.ndarray, groups: int) -> WeightFigures:
    """Figures of one layer.

    Above two million weights, quantiles, `outer` and histograms are those of an even choice of them.

    Parameters
    ----------
    key : str
    weights : ndarray of float32, (F, C / groups, h, w) or (F, C)
        As `layerscope.features.kernels.read_kernel` reads them.
    groups : int
        1 of a dense layer.
    """
    flat = weights.reshape(-1)
    mean = float(flat.mean(dtype=np.float64))
    std = _measure_spread(flat, mean)
    chosen = _choose_evenly(flat)
    profile = np.zeros(N_PROFILE, np.int64)
    if std:
        profile, _ = np.histogram(chosen, N_PROFILE, (-SPREAD * std, SPREAD * std))
    each = weights.reshape(*weights.shape[:2], -1)
    squares = np.einsum("frk,frk->fr", each, each)  # without a copy: a dense layer may have 400 MB
    limit = NEAR_ZERO * std
    return WeightFigures(
        key,
        weights.shape,
        groups,
        mean,
        std,
        float(flat.min()),
        float(flat.max()),
        float(((flat < limit) & (flat > -limit)).mean()) if std else float(not flat.any()),
        float(np.quantile(np.abs(chosen), OUTER)),
        np.quantile(chosen, QUANTILES).astype(np.float32),
        *histogram(chosen, N_BINS),
        profile,
        np.sqrt(squares.sum(axis=1)),
        np.sqrt(squares.sum(axis=0)),
    )


def _choose_evenly(flat: np.ndarray) -> np.ndarray:
    """At most two million of them, in steps that have no divisor in common with any side of the layer.

    Each 49th weight of a dense layer behind maps of 7 x 7 would always be of the same corner.
    """
    step = -(-flat.size // _MOST)
    while gcd(step, flat.size) > 1:
        step += 1
    return flat[::step]


def _measure_spread(flat: np.ndarray, mean: float) -> float:
    """The population's standard deviation, piece by piece: in double precision, with little memory."""
    pieces = (flat[start : start + _MOST] for start in range(0, flat.size, _MOST))
    total = sum(float(np.square(piece - mean, dtype=np.float64).sum()) for piece in pieces)
    return float(np.sqrt(total / flat.size))
