"""The table of layers: what is known of each node of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from layerscope.errors import InputError

INPUT = "input"
PROBABILITIES = "probabilities"


@dataclass(frozen=True)
class Layer:
    """One node of a model.

    Attributes
    ----------
    key : str
        Path of the torch module, for example ``features.28``.
    kind : str
        ``input``, ``conv``, ``norm``, ``relu`` (any activation function), ``pool``, ``dense``,
        ``block`` or ``output``.
    label : str
        A short name for display, for example ``conv5_3``.
    shape : tuple of int
        (C, H, W) or (C,) of one sample's output.
    receptive_field : int
        Side in input pixels of the square that one unit depends on; it may exceed the picture.
    parameters : int
        Learned numbers in the module.
    multiply_adds : int
        Multiplications with addition for one sample.
    """

    key: str
    kind: str
    label: str
    shape: tuple[int, ...]
    receptive_field: int
    parameters: int
    multiply_adds: int


def find_layer(layers: Sequence[Layer], key: str) -> Layer:
    """The layer with a key.

    Raises
    ------
    InputError
        Naming the nodes that there are.
    """
    for layer in layers:
        if layer.key == key:
            return layer
    known = ", ".join(layer.key for layer in layers)
    raise InputError(f"unknown layer {key!r}; the model has {known}")
