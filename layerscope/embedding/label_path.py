"""From which layer on the neighbours of a sample agree with its true class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LayerPath:
    """A sample's way through the layers.

    Attributes
    ----------
    counts : ndarray of int, (n_layers,)
        How many of its k nearest neighbours in each layer are of its true class.
    agrees : ndarray of bool, (n_settings, n_layers)
        Whether the majority of its neighbours is, with as many neighbours, on such a grid, as each setting
        has it; the first is that of `counts`.
    k : int
        How many neighbours are counted.
    """

    counts: np.ndarray
    agrees: np.ndarray
    k: int

    @property
    def agrees_from(self) -> int | None:
        """The first layer from which on its neighbours always agree; None where they do not in the last.

        A layer in which they agree for a while and then part again does not count.
        """
        return self._name(self.firsts[0])

    @property
    def band(self) -> tuple[int | None, int | None]:
        """The earliest and the latest such layer over all settings; None, never, is later than all."""
        return self._name(self.firsts.min()), self._name(self.firsts.max())

    @property
    def firsts(self) -> np.ndarray:
        """Of each setting the layer from which on neighbours agree, (n_settings,); n_layers for never."""
        return find_first(self.agrees)

    def _name(self, first: np.integer) -> int | None:
        return int(first) if first < self.agrees.shape[1] else None


def find_first(agrees: np.ndarray) -> np.ndarray:
    """The first layer from which on all agree, (...,) int64; n_layers where the last does not.

    Parameters
    ----------
    agrees : ndarray of bool, (..., n_layers)
    """
    apart = ~agrees[..., ::-1]
    last = agrees.shape[-1] - apart.argmax(axis=-1)
    return np.where(apart.any(axis=-1), last, 0)


def follow(neighbors: np.ndarray, labels: np.ndarray, label: int, agrees: np.ndarray) -> LayerPath:
    """Follow one sample from the first layer to the last.

    Parameters
    ----------
    neighbors : ndarray of int, (n_layers, k)
        Its nearest others in each layer, nearest first; -1 in a layer whose samples are all equal, where
        none is of its class.
    labels : ndarray of int, (n,)
        Of all samples.
    label : int
        Its own.
    agrees : ndarray of bool, (n_settings, n_layers)
        As the stage `neighbors` found it.
    """
    same = (labels[neighbors] == label) & (neighbors >= 0)
    return LayerPath(same.sum(axis=1), agrees, neighbors.shape[1])
