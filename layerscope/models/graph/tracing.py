"""From a classifier to its graph."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from torch import nn

from layerscope.models.graph.capture import Call, capture_calls
from layerscope.models.graph.model_graph import Edge, ModelGraph, Operator
from layerscope.models.graph.stages import group_operators
from layerscope.models.layer_table import Trace, find_opened, trace_nodes
from layerscope.models.layers import INPUT, PROBABILITIES, Layer
from layerscope.models.nodes import TAKES
from layerscope.models.registry import Classifier

_ACTIVATIONS = {
    "relu", "relu6", "hardtanh", "silu", "gelu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "elu",
    "leaky_relu", "leakyrelu", "mish", "prelu", "softplus",
}  # fmt: skip
_PRODUCTS = {"linear", "addmm", "mm", "matmul", "bmm", "scaled_dot_product_attention"}
_VIEWS = {
    "flatten", "view", "reshape", "permute", "transpose", "squeeze", "unsqueeze", "select", "slice",
    "contiguous", "identity", "dropout", "dropout2d", "alias", "getitem", "unbind", "chunk", "split",
}  # fmt: skip
_OF_TWO = {"add": "sum", "iadd": "sum", "sub": "sum", "mul": "product", "imul": "product"}
_JOINS = {"cat", "concat", "stack"}


def trace_graph(classifier: Classifier, layers: Sequence[Layer]) -> ModelGraph:
    """Every operator of a classifier, the tensors between them, and the stages they belong to.

    Nothing is computed and the classifier is left as it is; see `capture_calls` for what must not run
    meanwhile.

    Parameters
    ----------
    classifier : Classifier
        In evaluation mode.
    layers : sequence of Layer
        Its table of layers, as `layerscope.models.layer_table.layer_table` gives it.

    Returns
    -------
    ModelGraph

    Raises
    ------
    InputError
        In one line, where its operators cannot be traced.

    Notes
    -----
    Multiply-adds count convolutions and matrix products; receptive fields follow Araujo, Norris and Sim,
    "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019.
    """
    capture = capture_calls(classifier.module, classifier.inputs, classifier.name)
    first, *calls = capture.calls
    keys = name_calls(calls)
    named = {first.name: INPUT} | keys
    trace = trace_nodes(classifier)
    found = _find_layers(calls, trace, {layer.key for layer in layers})
    inner = _describe(calls, keys, capture.module, found)
    inner, groups = group_operators(
        inner, capture.module, find_opened(classifier), _find_sides(trace)
    )
    logits = inner[-1] if capture.output not in keys else _find(inner, keys[capture.output])
    ends = [_end(INPUT, "input", "input", first.shape[1:], 1, 0)]
    edges = [
        Edge(named[source], keys[call.name], shape[1:])
        for call in calls
        for source, shape in call.inputs
    ]
    if classifier.has_classes:
        size = max(classifier.inputs.size)
        ends.append(_end(PROBABILITIES, "softmax", "output", logits.shape, size, 4))
        edges.append(Edge(logits.key, PROBABILITIES, logits.shape))
    operators = (ends[0], *inner, *ends[1:])
    used = sum(operator.parameters for operator in operators)
    total = sum(parameter.numel() for parameter in classifier.module.parameters())
    return ModelGraph(
        classifier.name, operators, tuple(edges), groups, capture.traced_by, total - used
    )


def name_calls(calls: Iterable[Call]) -> dict[str, str]:
    """The key of each call by its name: see `layerscope.models.graph.model_graph.Operator`."""
    each = list(calls)
    alone = Counter(call.module for call in each)
    outer = {parent for path in alone for parent in _parents(path)}
    given: Counter[str] = Counter()
    keys = {}
    for call in each:
        is_plain = call.module and alone[call.module] == 1 and call.module not in outer
        key = call.module if is_plain else f"{call.module}/{call.operator}"
        given[key] += 1
        keys[call.name] = key if given[key] == 1 else f"{key}~{given[key]}"
    return keys


def _parents(path: str) -> Iterable[str]:
    while path:
        path = path.rpartition(".")[0]
        yield path


def _describe(
    calls: Sequence[Call], keys: dict[str, str], module: nn.Module, layers: Mapping[str, str]
) -> tuple[Operator, ...]:
    shapes = {path: tuple(p.shape) for path, p in module.named_parameters(remove_duplicate=False)}
    same = {path: id(p) for path, p in module.named_parameters(remove_duplicate=False)}
    seen: set[int] = set()
    described = []
    for call in calls:
        weights = []
        for path in call.parameters:
            if same[path] not in seen:
                seen.add(same[path])
                weights.append((path.removeprefix(f"{call.module}."), shapes[path]))
        described.append(
            Operator(
                keys[call.name],
                call.operator,
                find_kind(call),
                call.module,
                _print_module(module, call, keys[call.name]),
                call.shape[1:],
                tuple(weights),
                call.multiply_adds,
                call.receptive_field,
                call.memory,
                layers.get(call.name),
                None,
            )
        )
    return tuple(described)


def find_kind(call: Call) -> str:
    """What kind of operator a call is: see `layerscope.models.graph.model_graph.Operator`."""
    name = call.operator
    if "conv" in name:
        return "conv"
    if "norm" in name:
        return "norm"
    if name in _ACTIVATIONS:
        return "relu"
    if "pool" in name or (name == "mean" and len(call.inputs[0][1]) == 4):
        return "pool"
    if name in _PRODUCTS:
        return "dense"
    if name in _OF_TWO and len(call.inputs) > 1:
        return _OF_TWO[name]
    if name in _JOINS:
        return "concat"
    return "view" if name in _VIEWS else "other"


def _find_sides(trace: Trace) -> dict[str, int]:
    """Columns of the maps that each module gives; 0 of a vector."""
    layouts = {node.path: node.layout for node in trace.nodes if not node.kind and node.path}
    return {
        path: layout.shape[2] if len(layout.shape) == 3 else 0
        for path, layout in layouts.items()
        if layout is not None
    }


def _find_layers(calls: Sequence[Call], trace: Trace, layers: Collection[str]) -> dict[str, str]:
    """By a call's name the layer that it is, or is a part of.

    Functions that a module calls are found by their order among those of their kind; where there are not as
    many in the graph, none of them is a layer.
    """
    found = {}
    in_graph: dict[tuple[str, str], list[str]] = defaultdict(list)
    for call in calls:
        around = next((key for key in call.chain if key in layers), None)
        if around is not None:
            found[call.name] = around
        kind = call.operator if call.operator in TAKES else find_kind(call)
        in_graph[call.chain[0] if call.chain else "", kind].append(call.name)
    in_pass: dict[tuple[str, str], list[str]] = defaultdict(list)
    for node in trace.nodes:
        if node.kind:
            in_pass[node.path, node.kind].append(node.key)
    for place, keys in in_pass.items():
        if len(keys) == len(in_graph[place]):
            found |= {n: key for n, key in zip(in_graph[place], keys, strict=True) if key in layers}
    return found


def _print_module(module: nn.Module, call: Call, key: str) -> str:
    if key != call.module:
        return ""
    return " ".join(str(module.get_submodule(call.module)).split())


def _find(operators: Iterable[Operator], key: str) -> Operator:
    return next(operator for operator in operators if operator.key == key)


def _end(
    key: str, operator: str, kind: str, shape: tuple[int, ...], field: int, width: int
) -> Operator:
    """The pixels, or the probabilities: `width` bytes for each number that is made."""
    memory = width * shape[0]
    return Operator(key, operator, kind, "", "", shape, (), 0, field, memory, key, None)
