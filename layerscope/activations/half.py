"""What half precision takes from values, and so whether they may be stored in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

_NOISE = 1e-4  # of the variance: rounding by a hundredth of the standard deviation
_STEP = 2**-9  # of a map's peak: half a step of the 256 that it is drawn in


@dataclass(frozen=True)
class Rounding:
    """What rounding to float16 does to samples of one layer; of several blocks it is their sum.

    Attributes
    ----------
    n : int
        Samples.
    sums : ndarray of float64
        Of each value over the samples.
    squares, errors : float
        Sum of all squared values, and of what rounding adds to or takes from them, squared; infinite
        where a value overflows.
    """

    n: int
    sums: np.ndarray
    squares: float
    errors: float

    def __add__(self, other: Rounding) -> Rounding:
        return Rounding(
            self.n + other.n,
            self.sums + other.sums,
            self.squares + other.squares,
            self.errors + other.errors,
        )

    @property
    def is_harmless(self) -> bool:
        """Whether float16 will do: nothing overflows, and rounding is no part of how samples differ.

        That is less than a ten-thousandth of their variance about the mean. So a layer of tiny values is
        none for float16, nor one that differs by little from a large mean; tiny values beside
        large ones, as probabilities are, may vanish.
        """
        variance = self.squares - _square(self.sums) / self.n
        return self.errors <= _NOISE * max(variance, 0.0)


def round_to_half(values: np.ndarray) -> tuple[np.ndarray, Rounding]:
    """Values as float16, and what that takes from them.

    Parameters
    ----------
    values : ndarray of float32, (n, ...)

    Returns
    -------
    ndarray of float16, (n, ...)
        Infinite where a value overflows.
    Rounding
        Its `squares` are not finite where a value is not.
    """
    half = _narrow(values)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        rest = values - torch.from_numpy(half).float().numpy()
    double = values.astype(np.float64)
    rounding = Rounding(
        len(values), double.sum(axis=0), _square(double), _square(rest.astype(np.float64))
    )
    return half, rounding


def _square(values: np.ndarray) -> float:
    flat = values.ravel(order="K")
    return float(flat @ flat)


def count_lost(values: np.ndarray) -> np.ndarray:
    """How many values, float32, become infinite in float16, and how many become 0 but are not: (2,) int64."""
    half = _narrow(values)
    return np.array([np.isinf(half).sum(), np.count_nonzero((half == 0) & (values != 0))])


def _narrow(values: np.ndarray) -> np.ndarray:
    """As float16; by torch, which takes a sixth of NumPy's time."""
    return torch.from_numpy(values).half().numpy()


def keeps_maps(maps: np.ndarray) -> bool:
    """Whether float16 keeps each of some maps, (n, h, w) float32, as it is drawn: against its own peak.

    A value may be off by half a step of 256. A map of nothing but nan is none.
    """
    half = _narrow(maps)
    peaks = np.abs(maps).max(axis=(1, 2), keepdims=True)
    return not (np.abs(half - maps) > _STEP * peaks).any()
