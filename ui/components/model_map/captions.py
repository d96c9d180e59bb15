"""What is said of a node in words and figures."""

from __future__ import annotations

from collections.abc import Sequence

from layerscope.models.layers import Layer
from ui.palette import KIND_COLORS

_KINDS = {
    "input": "input",
    "output": "output",
    "conv": "convolution",
    "block": "block",
    "relu": "ReLU",
    "norm": "normalisation",
    "pool": "pooling",
    "dense": "dense",
    "sum": "sum",
}


def name_kind(kind: str) -> str:
    """The word for a kind of node."""
    return _KINDS.get(kind, kind)


def list_kinds(layers: Sequence[Layer]) -> list[tuple[str, str]]:
    """Colour and name of the kinds that there are; kinds of one colour share an entry."""
    present = {layer.kind for layer in layers}
    names: dict[str, list[str]] = {}
    for kind, name in _KINDS.items():
        if kind in present:
            names.setdefault(KIND_COLORS[kind], []).append(name)
    return [(color, ", ".join(each)) for color, each in names.items()]


def name_groups(layers: Sequence[Layer], groups: Sequence[int]) -> list[str]:
    """A name for each group: the spatial size of its first node, or what vectors there are."""
    firsts = [layer for i, layer in enumerate(layers) if i == 0 or groups[i] != groups[i - 1]]
    return [
        " × ".join(map(str, layer.shape[1:])) if len(layer.shape) > 1 else "vectors"
        for layer in firsts
    ]


def describe_layer(layer: Layer) -> list[str]:
    """Shape, parameters, receptive field and cost, without those that are nothing."""
    facts = [format_shape(layer.shape)]
    if layer.parameters:
        facts.append(f"{format_count(layer.parameters)} parameters")
    facts.append(f"receptive field {layer.receptive_field} px")
    if layer.multiply_adds:
        facts.append(f"{format_count(layer.multiply_adds, billions_from=1e8)} multiply-adds")
    return facts


def format_shape(shape: Sequence[int]) -> str:
    """Height, width and channels, or the number of units."""
    if len(shape) == 1:
        return f"{shape[0]} units"
    channels, *sides = shape
    return " × ".join(map(str, (*sides, channels)))


def format_count(count: int, billions_from: float = 1e9) -> str:
    """A count at two or three digits, for example "2.4 M"; G is used from `billions_from` on."""
    if count >= billions_from:
        return f"{count / 1e9:.2f} G"
    if count >= 999_950:
        return f"{count / 1e6:.1f} M"
    return f"{count / 1e3:.1f} k" if count >= 1000 else str(count)
