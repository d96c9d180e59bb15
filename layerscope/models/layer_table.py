"""How a model comes apart into layers: one mechanism for every model.

One forward pass is watched, and each call of a module, and each function that rectifies, adds or pools, may
become a node. How deep the model is taken apart is a choice. By ``blocks``, VGG16 comes apart into its
convolutions, ReLUs, pools and dense layers, a ResNet into its residual blocks, a transformer into its
encoder blocks; ``stages`` are the last of these at each resolution; ``all`` are the innermost modules and the
functions between them; ``tokens`` is the path of a transformer's class token, what it holds behind each
block. ``input`` (the pixels) and ``probabilities`` (the softmax) are added at the ends; a model without
classes has no probabilities, and ends in its features. What leaves its input as it is, as dropout does, is
no node.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from layerscope.errors import InputError
from layerscope.models.axes import MAPS, VECTOR, Layout, find_layout
from layerscope.models.geometry import FieldTrace
from layerscope.models.layers import DEPTHS, INPUT, PROBABILITIES, Layer
from layerscope.models.nodes import TAKES, TOKEN, Event, watched
from layerscope.models.registry import Classifier

_POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
_ACTIVATIONS = (
    nn.ReLU, nn.ReLU6, nn.SiLU, nn.GELU, nn.Hardswish, nn.LeakyReLU, nn.ELU, nn.PReLU, nn.Mish,
    nn.Sigmoid, nn.Hardsigmoid, nn.Tanh,
)  # fmt: skip
_CONTAINERS = (nn.Sequential, nn.ModuleList)
_KEPT = "_layerscope_trace"
_NEARLY = 0.9  # of all parameters: what holds as many is the network itself, in a wrapper
_MOSTLY = 0.5  # of the parameters of a stage are those of its blocks


@dataclass(frozen=True)
class _Node:
    """An event of the pass, without its tensors."""

    key: str
    path: str
    kind: str
    layout: Layout | None
    field: int
    multiply_adds: int
    is_idle: bool  # gives back what it was given
    pools: bool  # makes a vector of maps or tokens
    takes: object  # whose numbers its first input holds
    gives: object


@dataclass(frozen=True)
class _Start:
    """What was known when a call began: one that works in place overwrites it."""

    multiply_adds: int
    numbers: object
    kept: Tensor | None


@dataclass(frozen=True)
class Trace:
    """A pass of one model, from which tables of any depth are made.

    Attributes
    ----------
    nodes : tuple
        In the order in which they ended.
    mute : frozenset of str
        Keys of nodes whose places the logits do not depend on.
    n_outputs : int
        Logits.
    shape : tuple of int
        Of the pictures that it was made with, (H, W, C).
    """

    nodes: tuple[_Node, ...]
    mute: frozenset[str]
    n_outputs: int
    shape: tuple[int, int, int]


def trace_nodes(classifier: Classifier) -> Trace:
    """Watch one pass of two blank pictures; once for a module and its copies."""
    known = getattr(classifier.module, _KEPT, None)
    if isinstance(known, Trace) and known.shape == classifier.inputs.shape:
        return known
    module, inputs = classifier.module, classifier.inputs
    trace = FieldTrace(max(inputs.size))
    started: defaultdict[str, list[_Start]] = defaultdict(list)
    nodes: list[_Node] = []

    def enter(path: str, part: nn.Module, taken: tuple[object, ...]) -> None:
        first = taken[0] if taken and isinstance(taken[0], Tensor) else None
        kept = first.clone() if isinstance(part, _POOLS) and first is not None else None
        numbers = None if first is None else trace.numbers(first)
        started[path].append(_Start(trace.multiply_adds, numbers, kept))

    def receive(event: Event) -> None:
        if event.kind and not trace.knows(event.output):
            return
        taken = [tensor for tensor in event.inputs if trace.knows(tensor)]
        if event.kind == "sum" and len(taken) < 2:
            return
        start = _Start(trace.multiply_adds, trace.numbers(taken[0]) if taken else None, None)
        start = start if event.kind else started[event.path].pop()
        nodes.append(_describe(event, trace, taken, start))

    pixels = torch.rand(2, *inputs.tensor_shape, generator=torch.Generator().manual_seed(0))
    pixels = pixels.to(classifier.device)
    with torch.no_grad(), watched(module, receive, enter=enter), trace:
        logits = module(trace.start(classifier.normalize(pixels)))
    mute, token = _find_read(classifier, nodes, pixels[:1])
    nodes = [each for node in nodes for each in (node, *_take_token(node, token))]
    found = Trace(tuple(nodes), mute, logits.shape[1], inputs.shape)
    setattr(module, _KEPT, found)  # copies of the module have it too
    return found


def _find_read(
    classifier: Classifier, nodes: Sequence[_Node], pixels: Tensor
) -> tuple[frozenset[str], int | None]:
    """What the logits depend on, of nodes with other tokens beside the places.

    Returns
    -------
    frozenset of str
        Keys of those whose places have no gradient.
    int or None
        The class token: at the last of them, the first other token that has a gradient.
    """
    layouts = {
        node.key: node.layout for node in nodes if node.layout is not None and node.layout.n_others
    }
    heard: set[str] = set()
    read: dict[str, list[int]] = {}

    def receive(event: Event) -> None:
        layout = layouts.get(event.key)
        if layout is None:
            return

        def look(gradient: Tensor) -> None:
            if layout.read(gradient).any():
                heard.add(event.key)
            tokens = range(layout.n_others)
            read[event.key] = [i for i in tokens if layout.other(i).read(gradient).any()]

        event.output.register_hook(look)

    if layouts:
        inputs = classifier.normalize(pixels).requires_grad_()
        draw = torch.Generator().manual_seed(0)
        # What begins as zeros, as the head of an untrained network does, hides what depends on what.
        filled = {
            name: torch.rand(part.shape, generator=draw).to(part)
            for name, part in classifier.module.named_parameters()
            if not part.any()
        }
        with torch.enable_grad(), watched(classifier.module, receive):
            logits = torch.func.functional_call(classifier.module, filled, (inputs,))
        weights = torch.rand(logits.shape, generator=torch.Generator().manual_seed(0))
        torch.autograd.grad((logits * weights.to(logits.device)).sum(), inputs)
    last = read.get([*layouts][-1], []) if layouts else []
    return frozenset(layouts.keys() - heard), last[0] if last else None


def _take_token(node: _Node, token: int | None) -> Iterator[_Node]:
    """The class token of what a node gives, as a node of its own."""
    if token is not None and node.layout and token < node.layout.n_others:
        key, layout = f"{node.key}~{TOKEN}", node.layout.other(token)
        yield replace(node, key=key, kind=TOKEN, layout=layout, multiply_adds=0)


def _describe(event: Event, trace: FieldTrace, taken: Sequence[Tensor], start: _Start) -> _Node:
    axes = trace.axes(event.output)
    before = trace.axes(taken[0]) if taken else None
    had_places = before is not None and any(atom.is_place for axis in before for atom in axis)
    has_places = axes is not None and any(atom.is_place for axis in axes for atom in axis)
    return _Node(
        event.key,
        event.path,
        event.kind,
        None if axes is None else find_layout(axes),
        trace.field(event.output),
        trace.multiply_adds - start.multiply_adds,
        _is_idle(event, trace, start),
        had_places and axes is not None and not has_places,
        start.numbers,
        trace.numbers(event.output),
    )


def _is_idle(event: Event, trace: FieldTrace, start: _Start) -> bool:
    """Whether a module handed on the numbers that it was given, in whatever shape."""
    if event.kind:
        return False
    if start.kept is not None and start.kept.shape == event.output.shape:
        return torch.equal(start.kept, event.output)
    return start.numbers is not None and trace.numbers(event.output) is start.numbers


def layer_table(classifier: Classifier, depth: str | Sequence[str] = "blocks") -> tuple[Layer, ...]:
    """The nodes of a classifier, from input to probabilities or features, in the order of execution.

    Costs one forward pass of two blank pictures, once for a module. Multiply-adds count convolutions and
    matrix products; the receptive field follows Araujo, Norris and Sim, "Computing Receptive Fields of
    Convolutional Neural Networks", Distill 2019, taking the largest over parallel branches; attention widens
    it to its window, or to the picture.

    Parameters
    ----------
    classifier : Classifier
    depth : str or sequence of str
        ``stages``, ``blocks``, ``all``, ``tokens``, or the keys of nodes.

    Raises
    ------
    InputError
        Naming a key that there is not, or a model whose nodes cannot be told.
    """
    trace = trace_nodes(classifier)
    chosen = _choose(trace, classifier, depth)
    parts = dict(classifier.module.named_modules())
    kinds = [_kind_of(node, parts) for node in chosen]
    labels = _labels(kinds, [node.key for node in chosen])
    inner = [
        _to_layer(node, kind, label, parts, reaches_output=node.key not in trace.mute)
        for node, kind, label in zip(chosen, kinds, labels, strict=True)
    ]
    inputs = classifier.inputs
    first = Layer(INPUT, "input", "pixels", inputs.tensor_shape, 1, 0, 0)
    last = Layer(PROBABILITIES, "output", "softmax", (trace.n_outputs,), max(inputs.size), 0, 0)
    return (first, *inner, last) if classifier.has_classes else (first, *inner)


def find_node(classifier: Classifier, key: str) -> Layer:
    """Any node of a classifier by its key, at whatever depth.

    Raises
    ------
    InputError
        Where there is none, or its axes cannot be told.
    """
    return layer_table(classifier, [key])[1]


def list_left_out(classifier: Classifier, depth: str | Sequence[str] = "blocks") -> list[str]:
    """Keys of modules that are no nodes because the axes of their output cannot be told."""
    if not isinstance(depth, str):
        return []
    opened = find_opened(classifier)
    return [
        node.key
        for node in trace_nodes(classifier).nodes
        if not node.kind
        and node.layout is None
        and _is_outer(node, opened)
        and node.path not in opened
    ]


def _to_layer(
    node: _Node, kind: str, label: str, parts: dict[str, nn.Module], *, reaches_output: bool
) -> Layer:
    assert node.layout is not None
    usual = node.layout.text in {MAPS, VECTOR}
    return Layer(
        node.key,
        kind,
        label,
        node.layout.shape,
        node.field,
        0 if node.kind else sum(p.numel() for p in parts[node.path].parameters()),
        node.multiply_adds,
        "" if usual else node.layout.text,
        reaches_output,
    )


# --- depth -----------------------------------------------------------------------------------


def _choose(trace: Trace, classifier: Classifier, depth: str | Sequence[str]) -> list[_Node]:
    told = [node for node in trace.nodes if node.layout is not None]
    nodes = [node for node in told if node.kind != TOKEN]
    if not isinstance(depth, str):
        return [_find(trace, key, classifier.name) for key in depth]
    if depth not in DEPTHS:
        raise InputError(f"layers is {depth!r}; use {', '.join(DEPTHS)}, or a list of keys")
    if depth == "all":
        outer = {path for node in trace.nodes for path in _parents(node.path) if not node.kind}
        chosen = [node for node in nodes if node.kind or node.path not in outer]
    else:
        opened = find_opened(classifier)
        chosen = [node for node in nodes if _is_outer(node, opened)]
        chosen = [node for node in chosen if node.kind or node.path not in opened]
    chosen = [node for node in chosen if _counts(node)]
    if depth == "stages":
        chosen = _last_of_each_side(chosen)
    if depth == "tokens":
        chosen = _follow_token(chosen, {node.key: node for node in told}, classifier.name)
    if not chosen:
        raise InputError(
            f"{classifier.name}: the axes of none of its layers can be told; name some as `layers` of the run"
        )
    return chosen


def _follow_token(nodes: Sequence[_Node], told: dict[str, _Node], name: str) -> list[_Node]:
    """The class token of each node that holds it, and the vectors that modules make of it."""
    tokens = [told.get(f"{node.key}~{TOKEN}") for node in nodes]
    if not any(tokens):
        raise InputError(
            f"{name} has no class token that its output is read from; set `layers` of the run to blocks"
        )
    return [
        token or node
        for node, token in zip(nodes, tokens, strict=True)
        if token or (not node.kind and node.layout and len(node.layout.shape) == 1)
    ]


def _find(trace: Trace, key: str, name: str) -> _Node:
    for node in trace.nodes:
        if key and node.key == key:
            if node.layout is None:
                raise InputError(f"{name}: the axes of what {key!r} gives cannot be told")
            return node
    raise InputError(f"unknown layer {key!r}: {name} has no node of that name")


def _counts(node: _Node) -> bool:
    """Whether a call made something new: what takes a part is a node only where it pools."""
    return node.pools if node.kind in TAKES else not node.is_idle


def _parents(path: str) -> Iterator[str]:
    """Paths of all that a module is in, the innermost first."""
    while path:
        path = path.rpartition(".")[0]
        yield path


def _is_outer(node: _Node, opened: set[str]) -> bool:
    """Whether all that a node lies in is taken apart."""
    path = _path_of(node.path)
    around = _parents(path) if not node.kind else (path, *_parents(path))
    return all(each in opened for each in around)


def _last_of_each_side(nodes: Sequence[_Node]) -> list[_Node]:
    """The last node of each resolution, and all vectors; of one resolution alone, four in equal steps."""
    sides = [node.layout.shape[1:] if node.layout is not None else () for node in nodes]
    if len(set(sides) - {()}) == 1:
        maps = [node for node, side in zip(nodes, sides, strict=True) if side]
        kept = [maps[len(maps) * quarter // 4 - 1] for quarter in range(1, 5) if len(maps) > 3]
        return [node for node, side in zip(nodes, sides, strict=True) if not side or node in kept]
    return [
        node
        for node, side, following in zip(nodes, sides, [*sides[1:], None], strict=True)
        if side != following or not side
    ]


def find_opened(classifier: Classifier) -> set[str]:
    """Paths of modules that are taken apart.

    Plain containers; what holds nearly all of the network; stages, that is chains of blocks; and the
    head, where it is a chain. A chain's parts follow each other, and nothing is done between or behind them.
    Where one module of a class is no chain, none of that class is taken apart.
    """
    trace = trace_nodes(classifier)
    parts = dict(classifier.module.named_modules())
    weights = {path: sum(p.numel() for p in part.parameters()) for path, part in parts.items()}
    ends = {node.path: node for node in trace.nodes if not node.kind}
    children: dict[str, list[_Node]] = defaultdict(list)
    for node in trace.nodes:
        if not node.kind and node.path:  # lists of modules are not called themselves
            children[next(path for path in _parents(node.path) if path in ends)].append(node)
    chains = {path for path in ends if _is_chain(ends[path], children[path])}
    stages: dict[type, list[bool]] = defaultdict(list)
    for path in ends:
        blocks = [n.path for n in children[path] if len(list(_weighted(parts[n.path]))) > 1]
        held = sum(weights[block] for block in dict.fromkeys(blocks))
        is_stage = path in chains and held > _MOSTLY * weights[path] > 0
        stages[type(parts[path])].append(is_stage)
    logits = ends[""].gives
    opened = {""}
    for path, part in parts.items():
        if not path or path.rpartition(".")[0] not in opened or not list(part.children()):
            continue
        if isinstance(part, _CONTAINERS) or (
            path in ends
            and (
                (weights[path] >= _NEARLY * weights[""] and len(list(_weighted(part))) > 1)
                or all(stages[type(part)])
                or (ends[path].gives is logits and path in chains)
            )
        ):
            opened.add(path)
    return opened


def _weighted(module: nn.Module) -> Iterator[nn.Module]:
    """Modules inside that have parameters of their own."""
    for part in module.modules():
        if part is not module and any(True for _ in part.parameters(recurse=False)):
            yield part


def _is_chain(whole: _Node, parts: Sequence[_Node]) -> bool:
    if not parts or whole.gives is None:
        return False
    ways = [(whole.takes, parts[0].takes), (parts[-1].gives, whole.gives)]
    ways += [(one.gives, following.takes) for one, following in pairwise(parts)]
    return all(one is other and one is not None for one, other in ways)


# --- names -----------------------------------------------------------------------------------


def _kind_of(node: _Node, parts: dict[str, nn.Module]) -> str:
    if node.kind in TAKES:
        return "pool"
    return _kind(parts[node.path]) if node.kind in {"", TOKEN} else node.kind


def _kind(module: nn.Module) -> str:
    name = type(module).__name__.lower()
    if isinstance(module, nn.Conv2d):
        return "conv"
    if isinstance(module, nn.Linear):
        return "dense"
    if isinstance(module, nn.modules.batchnorm._BatchNorm | nn.LayerNorm | nn.GroupNorm):
        return "norm"
    if isinstance(module, _ACTIVATIONS):
        return "relu"
    if isinstance(module, _POOLS) or "pool" in name:
        return "pool"
    return "block"


def _labels(kinds: list[str], keys: list[str]) -> list[str]:
    """``conv5_3``-style names: the block counts the pools before it, dense layers count on.

    They are customary for plain chains only; where there are blocks, a node goes by its key.
    """
    if "block" in kinds:
        return list(keys)
    block, index, dense = 1, 0, 0
    labels = []
    for kind, key in zip(kinds, keys, strict=True):
        if kind == "conv":
            index += 1
            labels.append(f"conv{block}_{index}")
        elif kind == "relu" and dense == 0 and index:
            labels.append(f"relu{block}_{index}")
        elif kind == "pool":
            labels.append(f"pool{block}")
            block, index = block + 1, 0
        elif kind == "dense":
            dense += 1
            labels.append(f"fc{block - 1 + dense}")
        elif kind == "relu" and dense:
            labels.append(f"relu{block - 1 + dense}")
        else:
            labels.append(key)
    given = Counter(labels)
    return [key if given[label] > 1 else label for label, key in zip(labels, keys, strict=True)]


def _path_of(key: str) -> str:
    """Path of the module that a node is, or that calls it."""
    return key.partition("~")[0].partition("#")[0]


# --- reading ---------------------------------------------------------------------------------


@contextmanager
def tapped(
    module: nn.Module, layers: Sequence[Layer], receive: Callable[[str, Tensor], None]
) -> Iterator[None]:
    """Within the context, each forward pass hands the output of each named node to `receive`.

    Outputs come as (N, C, H, W) or (N, C), however the module lays them out. `receive` is called the moment
    an output exists, before an in-place ReLU behind it can overwrite it; what it wants to keep it must copy.
    Hooks are removed also after an exception.
    """
    with watched_layers(module, layers, lambda key, raw, layout: receive(key, layout.read(raw))):
        yield


@contextmanager
def watched_layers(
    module: nn.Module, layers: Sequence[Layer], receive: Callable[[str, Tensor, Layout], None]
) -> Iterator[None]:
    """As `tapped`, but outputs come as the module lays them out, with their layouts."""
    layouts: defaultdict[str, list[tuple[str, Layout]]] = defaultdict(list)
    for each in layers:
        event = each.key.removesuffix(f"~{TOKEN}")
        layouts[event].append((each.key, Layout(each.layout, each.shape)))
    paths = {event.partition("#")[0] for event in layouts}
    known = {path for path, _ in module.named_modules()}
    for layer in layers:
        if not layer.key or _path_of(layer.key) not in known:
            raise InputError(
                f"unknown layer {layer.key!r}: {type(module).__name__} has no module of that name"
            )

    def hand_over(event: Event) -> None:
        for key, layout in layouts.get(event.key, ()):
            receive(key, event.output, layout)

    with watched(module, hand_over, paths if paths <= known else None):
        yield
