"""The table of layers: what is known of each node of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from layerscope.errors import InputError

INPUT = "input"
PROBABILITIES = "probabilities"
GIVEN = "given"  # vectors of one's own, behind the model's nodes: no picture is run through them
NO_CLASSES = "the model has no classes: it ends in features, and predicts nothing"
DEPTHS = ("stages", "blocks", "all", "tokens")  # how deep a model is taken apart


@dataclass(frozen=True)
class Layer:
    """One node of a model.

    Attributes
    ----------
    key : str
        Path of the torch module, for example ``features.28``; ``relu#2`` where it is called for the second
        time, ``layer1.0~sum`` for a function that a module calls, ``layer1.0~sum#2`` for the next,
        ``blocks.3~token`` for the class token of what a block gives.
    kind : str
        ``input``, ``conv``, ``norm``, ``relu`` (any activation function), ``pool``, ``dense``, ``sum``,
        ``block``, ``output`` or ``given``.
    label : str
        A short name for display, for example ``conv5_3``.
    shape : tuple of int
        (C, H, W) or (C,) of one sample's output, as `layerscope.models.layer_table.tapped` hands it over.
    receptive_field : int
        Side in input pixels of the square that one unit depends on; it may exceed the picture.
    parameters : int
        Learned numbers in the module.
    multiply_adds : int
        Multiplications with addition for one sample.
    layout : str
        How the module itself lays its output out, as of `layerscope.models.axes.Layout`; empty for maps
        (N, C, H, W) and vectors (N, C).
    reaches_output : bool
        Whether the logits depend on the places of its maps. Behind the last block of a transformer they may
        depend on the class token alone.
    """

    key: str
    kind: str
    label: str
    shape: tuple[int, ...]
    receptive_field: int
    parameters: int
    multiply_adds: int
    layout: str = ""
    reaches_output: bool = True

    def to_row(self) -> dict[str, Any]:
        """As it is stored: without what is as usual."""
        usual = {each.name: each.default for each in fields(self)}
        return {key: value for key, value in asdict(self).items() if value != usual[key]}

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Layer:
        """Inverse of `to_row`."""
        return cls(**{**row, "shape": tuple(row["shape"])})


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
