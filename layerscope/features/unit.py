"""What a unit of a network is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """A channel, a neuron or a class.

    Attributes
    ----------
    layer : str
        Path of a torch module, or ``probabilities`` for a class.
    channel : int
        Of the layer's output; of ``probabilities`` the class.
    position : tuple of int, optional
        Row and column of a single neuron of the channel; without it, the mean over the map is meant.
    """

    layer: str
    channel: int
    position: tuple[int, int] | None = None
