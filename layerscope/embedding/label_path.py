"""At which layer the neighbours of a sample come to agree with its true class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LayerPath:
    """A sample's way through the layers.

    Attributes
    ----------
    counts : ndarray of int, (n_layers,)
        How many of its nearest neighbours in each layer are of its true class.
    agrees : ndarray of bool, (n_layers,)
        Whether the majority of them is.
    k : int
        How many neighbours are counted.
    """

    counts: np.ndarray
    agrees: np.ndarray
    k: int

    @property
    def agrees_from(self) -> int | None:
        """The first layer from which on the majority of its neighbours is always its true class.

        A layer in which they agree for a while and then part again does not count.
        None where they do not agree in the last layer.
        """
        apart = np.flatnonzero(~self.agrees)
        first = int(apart[-1]) + 1 if len(apart) else 0
        return first if first < len(self.agrees) else None


def follow(neighbors: np.ndarray, labels: np.ndarray, label: int) -> LayerPath:
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

    Returns
    -------
    LayerPath
        The majority is the most frequent class; ties go to the class of the nearer neighbour, as in
        `layerscope.embedding.neighbors.majority`, which this does not import because it takes seconds.
    """
    votes = labels[neighbors]  # (n_layers, k)
    frequency = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    winner = np.take_along_axis(votes, frequency.argmax(axis=1)[:, None], axis=1)[:, 0]
    known = neighbors[:, 0] >= 0
    counts = (votes == label).sum(axis=1) * known
    return LayerPath(counts, (winner == label) & known, votes.shape[1])
