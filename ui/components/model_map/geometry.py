"""How large each node of a model is drawn, in units that a drawing of any size can be made of.

Feature maps of VGG16 are 224 to 1 pixels wide and 3 to 512 channels deep: drawn to scale, most nodes
could not be seen. Sides and channels therefore go through a power below one, which keeps the order and
brings the small ones up.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from layerscope.models.layers import Layer

SIDE_POWER = 0.35  # halving a side leaves four fifths of its length
SMALLEST_SIDE = 0.16
CHANNEL_POWER = 0.35
MOST_CHANNELS = 2048  # deeper ones are drawn like this
THINNEST = 0.08

BAR_POWER = 0.12
MOST_UNITS = 4096
SHORTEST_BAR, TALLEST_BAR = 0.5, 0.94
BAR_THICKNESS, BAR_SIDE, BAR_GAP = 0.17, 0.09, 0.34

GAP = 0.2
SMALLEST_PITCH = 0.5  # from one front to the next: what can be pointed at
GROUP_GAP = 0.34
GROUP_CHANGE = 1.5  # a side that shrinks by less, as at an unpadded convolution, stays in its group


@dataclass(frozen=True)
class Cuboid:
    """Measures of one node.

    Attributes
    ----------
    height : float
        Of the front, in (0, 1] of the tallest.
    side : float
        How far it recedes, in (0, 1] of the farthest.
    thickness : float
        Width of the front, in (0, 1] of the thickest that there can be.
    gap : float
        Free room behind the front, in units of `thickness`. The side reaches into it, and the next
        node may hide what does not fit; behind the last node of a group, the side comes on top.
    group : int
        Number of the group, from 0.
    """

    height: float
    side: float
    thickness: float
    gap: float
    group: int


def measure_layers(layers: Sequence[Layer]) -> list[Cuboid]:
    """Measures of all nodes, in their order."""
    largest = max((max(_sides(layer)) for layer in layers if len(layer.shape) > 1), default=1)
    groups = number_groups(layers)
    cuboids = []
    for i, (layer, group) in enumerate(zip(layers, groups, strict=True)):
        ends = i + 1 == len(layers) or groups[i + 1] != group
        if len(layer.shape) == 1:
            height, side, thickness = scale_units(layer.shape[0]), BAR_SIDE, BAR_THICKNESS
            gap = BAR_GAP
        else:
            height, side = (scale_side(each, largest) for each in _sides(layer))
            thickness = scale_channels(layer.shape[0])
            gap = max(GAP, SMALLEST_PITCH - thickness)
        cuboids.append(Cuboid(height, side, thickness, GROUP_GAP if ends else gap, group))
    return cuboids


def number_groups(layers: Sequence[Layer]) -> list[int]:
    """The group of each node: one ends behind a pool and wherever the spatial size changes."""
    numbers = [0] if layers else []
    for before, layer in itertools.pairwise(layers):
        numbers.append(numbers[-1] + _parts(before, layer))
    return numbers


def scale_side(side: int, largest: int) -> float:
    """Length in (0, 1] of a side of feature maps, where the model's largest side has 1."""
    return max(SMALLEST_SIDE, (side / largest) ** SIDE_POWER)


def scale_channels(channels: int) -> float:
    """Thickness in (0, 1] of a node of so many channels."""
    return max(THINNEST, (min(channels, MOST_CHANNELS) / MOST_CHANNELS) ** CHANNEL_POWER)


def scale_units(units: int) -> float:
    """Height in (0, 1) of the bar of a dense layer of so many units."""
    height = TALLEST_BAR * (min(units, MOST_UNITS) / MOST_UNITS) ** BAR_POWER
    return max(SHORTEST_BAR, height)


def _sides(layer: Layer) -> tuple[int, int]:
    return layer.shape[1], layer.shape[2]


def _parts(before: Layer, layer: Layer) -> bool:
    """Whether a group ends between two nodes."""
    if len(before.shape) != len(layer.shape):
        return True
    if len(layer.shape) == 1:
        return False
    if before.kind == "pool":
        return True
    if layer.kind == "pool":  # it closes the group that it shrinks
        return False
    old, new = max(_sides(before)), max(_sides(layer))
    return max(old, new) >= GROUP_CHANGE * min(old, new)
