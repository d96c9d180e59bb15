"""Axes of values: linear, or symmetric logarithmic, which is linear in the middle and compresses tails."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_APART = 0.1  # of the axis, between two labels
_LEAST_EXPONENT = -30


@dataclass(frozen=True)
class Scale:
    """An axis.

    Attributes
    ----------
    name : str
        ``linear`` or ``symlog``.
    unit : float
        Of ``symlog``: the value around which linear turns into logarithmic.
    """

    name: str
    unit: float = 1.0

    def place(self, values: np.ndarray) -> np.ndarray:
        """Where values lie on the axis."""
        if self.name == "linear":
            return np.asarray(values, dtype=np.float64)
        return np.arcsinh(np.asarray(values, dtype=np.float64) / self.unit)

    def value(self, places: np.ndarray) -> np.ndarray:
        """Inverse of `place`."""
        return places if self.name == "linear" else np.sinh(places) * self.unit

    def divide(self, low: float, high: float, n: int) -> np.ndarray:
        """Edges (n + 1) of n equal pieces of the axis; of one value alone, of a little around it."""
        ends = self.place(np.array([low, high]))
        if not ends[1] > ends[0]:
            ends = ends + np.array([-1e-6, 1e-6]) * max(1.0, abs(float(ends[0])))
        return np.linspace(float(ends[0]), float(ends[1]), n + 1)

    def ticks(self, low: float, high: float) -> dict[str, list[float] | list[str]]:
        """What plotly needs to label the axis between two values; nothing where it can itself."""
        if self.name == "linear":
            return {}
        apart = _APART * float(np.ptp(self.place(np.array([low, high]))))
        powers: list[float] = []
        last = np.inf
        most = max(-low, high, self.unit)
        for exponent in range(int(np.floor(np.log10(most))), _LEAST_EXPONENT, -1):
            place = float(self.place(np.array(10.0**exponent)))
            if place < apart:
                break
            if last - place >= apart:
                powers.append(10.0**exponent)
                last = place
        values = [v for v in (*(-p for p in powers), 0.0, *powers[::-1]) if low <= v <= high]
        return {
            "tickvals": [float(each) for each in self.place(np.array(values))],
            "ticktext": [f"{each:g}".replace("-", "−") for each in values],
        }


def find_scale(name: str, deviations: np.ndarray) -> Scale:
    """The axis for distributions with given standard deviations: half the least of them is its unit."""
    known = deviations[np.isfinite(deviations) & (deviations > 0)]
    return Scale(name, float(known.min()) / 2 if len(known) else 1.0)
