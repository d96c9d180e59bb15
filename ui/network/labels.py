"""Operators and amounts in the words of people."""

from __future__ import annotations

from layerscope.models.graph.model_graph import Group, ModelGraph, Operator, Total, add_up
from layerscope.models.layers import Layer
from ui.components.model_map.captions import format_count
from ui.components.network_graph import Box, Link
from ui.palette import KIND_COLORS

COLORS = KIND_COLORS | {
    "product": KIND_COLORS["sum"],
    "concat": KIND_COLORS["sum"],
    "view": "#5c6672",
    "other": "#5c6672",
}
_LEGEND = (
    ("convolution", ("conv",)),
    ("activation, norm", ("relu", "norm")),
    ("pooling", ("pool",)),
    ("dense", ("dense",)),
    ("sum, product, concat", ("sum", "product", "concat")),
    ("view, other", ("view", "other")),
    ("input, output", ("input", "output")),
)
_NAMES = {
    "batch_norm": "batch norm",
    "max_pool2d": "max pool",
    "avg_pool2d": "average pool",
    "adaptive_avg_pool2d": "average pool",
    "linear": "dense",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "silu": "SiLU",
    "gelu": "GELU",
    "layer_norm": "layer norm",
    "add": "sum",
    "mul": "product",
    "cat": "concat",
    "pad": "padding",
}
_BILLIONS_FROM = 1e8


def name_operator(operator: Operator) -> str:
    """For example "conv 3×3", "depthwise 5×5", "ReLU6"."""
    if operator.kind == "conv":
        kernel = next((shape for _, shape in operator.weights if len(shape) > 2), None)
        if kernel is None:
            return "conv"
        sides = "×".join(map(str, kernel[2:]))
        depthwise = kernel[1] == 1 and kernel[0] == operator.shape[0] > 1
        return f"{'depthwise' if depthwise else 'conv'} {sides}"
    return _NAMES.get(operator.operator, operator.operator.replace("_", " "))


def format_sides(shape: tuple[int, ...]) -> str:
    """A shape as torch orders it."""
    return "×".join(map(str, shape))


def format_work(multiply_adds: int) -> str:
    """Multiply-adds as people read them."""
    return format_count(multiply_adds, billions_from=_BILLIONS_FROM)


def format_memory(count: int) -> str:
    """Bytes as people read them, in powers of 1024."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            amount = count / size
            return f"{amount:.0f} {unit}" if amount >= 100 else f"{amount:.3g} {unit}"
    return f"{count} B"


def format_share(share: float) -> str:
    """A share as per cent; what is nearly nothing is told from nothing."""
    return "<0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %"


def list_kinds(graph: ModelGraph) -> list[tuple[str, str]]:
    """Names and colours of the kinds that a graph has."""
    present = {operator.kind for operator in graph.operators}
    return [(name, COLORS[kinds[0]]) for name, kinds in _LEGEND if present.intersection(kinds)]


def list_boxes(graph: ModelGraph, layers: tuple[Layer, ...]) -> list[Box]:
    """All boxes of a graph: groups before what is in them, operators in the order of execution."""
    whole = add_up(graph.operators)
    labels = {layer.key: layer.label for layer in layers}
    groups = [_draw_group(group, graph, whole) for group in graph.groups]
    return groups + [_draw_operator(each, whole, labels) for each in graph.operators]


def list_links(graph: ModelGraph) -> list[Link]:
    """All tensors between operators."""
    return [Link(edge.source, edge.target, format_sides(edge.shape)) for edge in graph.edges]


def _draw_operator(operator: Operator, whole: Total, labels: dict[str, str]) -> Box:
    name = name_operator(operator)
    label = labels.get(operator.key, "")
    if operator.key not in (operator.module, "input", "probabilities") or label == operator.key:
        label = ""  # a part of a layer goes by what it does
    return Box(
        operator.key,
        operator.group,
        False,
        f"{label} · {name}" if label and label != name and operator.module else label or name,
        operator.module or operator.key,
        operator.kind,
        COLORS[operator.kind],
        format_sides(operator.shape),
        f"field {operator.receptive_field} px",
        format_count(operator.parameters) if operator.parameters else "",
        format_work(operator.multiply_adds) if operator.multiply_adds else "",
        operator.parameters / max(1, whole.parameters),
        operator.multiply_adds / max(1, whole.multiply_adds),
    )


def _draw_group(group: Group, graph: ModelGraph, whole: Total) -> Box:
    members = graph.members(group.key)
    total = add_up(members)
    kind = max(members, key=lambda each: each.parameters).kind
    return Box(
        group.key,
        group.parent,
        True,
        group.label,
        tell_span(members),
        kind,
        COLORS[kind],
        format_sides(total.shape),
        f"field {total.receptive_field} px",
        format_count(total.parameters) if total.parameters else "",
        format_work(total.multiply_adds) if total.multiply_adds else "",
        total.parameters / max(1, whole.parameters),
        total.multiply_adds / max(1, whole.multiply_adds),
    )


def tell_span(members: tuple[Operator, ...]) -> str:
    """First and last module of some operators, for example "features.0 – 4"."""
    paths = [each.module for each in members if each.module]
    if not paths:
        return members[0].key
    first, last = paths[0], paths[-1]
    if first == last:
        return first
    head, _, tail = last.rpartition(".")
    same = head and first.rpartition(".")[0] == head
    return f"{first} – {tail if same else last}"
