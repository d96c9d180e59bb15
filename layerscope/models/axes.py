"""What each axis of a tensor means, followed through every operator of a forward pass.

An axis is a list of atoms, the outermost first: pictures (n), rows (y), columns (x) or learned features (c).
Reshaping splits and joins atoms, permuting moves them, convolutions and matrix products make new features. So
channels first or last, tokens with a class token before them, windows, and tokens in an order of their own
are all told from what was done, and none from the shape. Where an operator has no rule, nothing is known of
its output, until a later sum with something known tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

aten = torch.ops.aten

ATTENTION = (
    aten._scaled_dot_product_flash_attention_for_cpu,
    aten._scaled_dot_product_flash_attention,
    aten._scaled_dot_product_efficient_attention,
    aten._scaled_dot_product_attention_math,
    aten._scaled_dot_product_fused_attention_overrideable,
)
REDUCTIONS = (
    aten.mean, aten.sum, aten.amax, aten.amin, aten.max, aten.min, aten.var, aten.std, aten.logsumexp,
    aten.linalg_vector_norm,
)  # fmt: skip


@dataclass(frozen=True)
class Atom:
    """A part of an axis.

    Attributes
    ----------
    label : str
        ``n``, ``y``, ``x``, ``c``; ``t`` for tokens that cannot be split: places with others beside them.
    size : int
    step : int
        Between neighbours of a ``y`` or ``x``, in places of the grid that was split.
    shift : int
        By how many places the grid is rolled, as for shifted windows.
    places : tuple of Atom
        Of a ``t``.
    before : int
        Of a ``t``: how many others stand before the places.
    """

    label: str
    size: int
    step: int = 1
    shift: int = 0
    places: tuple[Atom, ...] = ()
    before: int = 0

    @property
    def is_place(self) -> bool:
        return self.label in {"y", "x", "t"}


Axis = tuple[Atom, ...]  # empty where its length is 1
Axes = tuple[Axis, ...]


def picture_axes(shape: Sequence[int]) -> Axes:
    """Axes of pictures (N, C, H, W)."""
    return tuple(_whole(label, size) for label, size in zip("ncyx", shape, strict=True))


def _whole(label: str, size: int) -> Axis:
    return (Atom(label, size),) if size > 1 else ()


def _join(atoms: Iterable[Atom]) -> Axis:
    """Neighbours that were one before they were split are one again."""
    joined: list[Atom] = []
    for atom in atoms:
        last = joined[-1] if joined else None
        if last is not None and last.label == atom.label and _follows(last, atom):
            joined[-1] = replace(atom, size=last.size * atom.size)
        elif atom.size > 1:
            joined.append(atom)
    return tuple(joined)


def _follows(outer: Atom, inner: Atom) -> bool:
    if inner.label == "t":
        return False
    if outer.shift != inner.shift:
        return False
    return inner.label == "c" or outer.step == inner.step * inner.size


def reshape(axes: Axes, sizes: Sequence[int]) -> Axes | None:
    """Axes after ``view``; None where an atom would be split that cannot be."""
    waiting = [atom for axis in reversed(axes) for atom in reversed(axis)]
    found = []
    for size in sizes:
        taken: list[Atom] = []
        while size > 1:
            if not waiting:
                return None
            atom = waiting.pop()
            if size % atom.size:
                if atom.size % size or atom.label == "t":
                    return None
                inner = replace(atom, size=atom.size // size)
                waiting.append(inner)
                step = 1 if atom.label == "c" else inner.step * inner.size
                atom = replace(atom, size=size, step=step)
            taken.append(atom)
            size //= atom.size
        found.append(_join(taken))
    return tuple(found) if not waiting else None


@dataclass(frozen=True)
class Call:
    """An operator as it was called: its arguments by name, what is known of its inputs, its output."""

    arguments: Mapping[str, Any]
    axes: Mapping[int, Axes]  # by the identity of a tensor
    output: Tensor

    def of(self, name: str) -> Axes | None:
        """Axes of an argument."""
        return self.axes.get(id(self.arguments[name]))

    def axis(self, name: str = "dim") -> int:
        """An argument that names an axis of ``self``, counted from the front."""
        tensor = self.arguments["self"]
        return int(self.arguments[name]) % max(1, tensor.ndim)


Rule = Callable[[Call], "Axes | None"]
_RULES: dict[Any, Rule] = {}


def _rule(*operators: Any) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        _RULES.update(dict.fromkeys(operators, rule))
        return rule

    return register


@_rule(aten.view, aten._unsafe_view, aten.reshape, aten._reshape_alias)
def _view(call: Call) -> Axes | None:
    axes = call.of("self")
    return None if axes is None else reshape(axes, call.output.shape)


@_rule(aten.permute)
def _permute(call: Call) -> Axes | None:
    axes = call.of("self")
    return None if axes is None else tuple(axes[i] for i in call.arguments["dims"])


@_rule(aten.transpose)
def _transpose(call: Call) -> Axes | None:
    axes = list(call.of("self") or ())
    if not axes:
        return None
    first, second = call.axis("dim0"), call.axis("dim1")
    axes[first], axes[second] = axes[second], axes[first]
    return tuple(axes)


@_rule(aten.t)
def _swap(call: Call) -> Axes | None:
    axes = call.of("self")
    return None if axes is None else axes[::-1]


@_rule(aten.unsqueeze)
def _unsqueeze(call: Call) -> Axes | None:
    axes = call.of("self")
    if axes is None:
        return None
    at = call.arguments["dim"] % call.output.ndim
    return (*axes[:at], (), *axes[at:])


@_rule(aten.squeeze)
def _squeeze(call: Call) -> Axes | None:
    axes = call.of("self")
    if axes is None:
        return None
    dims = call.arguments.get("dim", range(len(axes)))
    dims = {d % len(axes) for d in ([dims] if isinstance(dims, int) else dims)}
    shape = call.arguments["self"].shape
    return tuple(axis for i, axis in enumerate(axes) if i not in dims or shape[i] > 1)


@_rule(aten.expand, aten.repeat)
def _expand(call: Call) -> Axes | None:
    axes = call.of("self")
    if axes is None:
        return None
    shape, new = call.arguments["self"].shape, call.output.shape
    added = len(new) - len(shape)
    found = [_whole("c", size) for size in new[:added]]
    for axis, old, size in zip(axes, shape, new[added:], strict=True):
        if old != size and old > 1:
            return None
        found.append(axis if old == size else _whole("c", size))
    return tuple(found)


@_rule(aten.select)
def _select(call: Call) -> Axes | None:
    axes = call.of("self")
    at = call.axis()
    return None if axes is None else (*axes[:at], *axes[at + 1 :])


def _cut(axis: Axis, start: int, size: int, step: int = 1) -> Axis | None:
    """Part of an axis, from `start` on."""
    if not axis or prod(a.size for a in axis) == size:
        return axis
    if len(axis) != 1 or axis[0].label == "n":
        return None if any(atom.label != "c" for atom in axis) else _whole("c", size)
    atom = axis[0]
    if atom.label != "t":
        return _whole(atom.label, size)
    inner = prod(place.size for place in atom.places)
    stop, end = start + size, atom.before + inner
    if step != 1:
        return None
    if (start, stop) == (atom.before, end):
        return atom.places
    if start <= atom.before and stop >= end:
        return (replace(atom, size=size, before=atom.before - start),)
    return _whole("c", size) if stop <= atom.before or start >= end else None


@_rule(aten.slice)
def _slice(call: Call) -> Axes | None:
    axes = call.of("self")
    if axes is None:
        return None
    at, step = call.axis(), call.arguments.get("step") or 1
    length, start = call.arguments["self"].shape[at], call.arguments.get("start") or 0
    start = max(0, start + length) if start < 0 else start
    cut = _cut(axes[at], start, call.output.shape[at], step)
    return None if cut is None else (*axes[:at], cut, *axes[at + 1 :])


@_rule(aten.cat)
def _cat(call: Call) -> Axes | None:
    tensors = call.arguments["tensors"]
    at = (call.arguments.get("dim") or 0) % call.output.ndim
    known = [(i, call.axes[id(t)]) for i, t in enumerate(tensors) if id(t) in call.axes]
    rests = {(*axes[:at], *axes[at + 1 :]) for _, axes in known}
    size = call.output.shape[at]
    if len(rests) != 1:
        return None
    placed = [(i, axes[at]) for i, axes in known if any(a.is_place for a in axes[at])]
    first = known[0][1]
    if not placed:
        return (*first[:at], _whole("c", size), *first[at + 1 :])
    if len(placed) > 1 or any(a.label == "n" for _, axes in known for a in axes[at]):
        return None
    i, axis = placed[0]
    before = sum(t.shape[at] for t in tensors[:i])
    if len(axis) == 1 and axis[0].label == "t":
        token = replace(axis[0], size=size, before=axis[0].before + before)
    else:
        token = Atom("t", size, places=axis, before=before)
    return (*first[:at], (token,), *first[at + 1 :])


@_rule(aten.stack)
def _stack(call: Call) -> Axes | None:
    known = {call.axes.get(id(t)) for t in call.arguments["tensors"]} - {None}
    if len(known) != 1:
        return None
    axes = known.pop()
    assert axes is not None
    at = (call.arguments.get("dim") or 0) % call.output.ndim
    return (*axes[:at], _whole("c", call.output.shape[at]), *axes[at:])


def _resize(axes: Axes, shape: Sequence[int], new: Sequence[int]) -> Axes | None:
    """Axes whose lengths change where they are whole rows or columns."""
    found = []
    for axis, old, size in zip(axes, shape, new, strict=True):
        if old == size:
            found.append(axis)
        elif size == 1:
            found.append(())
        elif len(axis) == 1 and axis[0].label in {"y", "x", "c"}:
            found.append(_whole(axis[0].label, size))
        else:
            return None
    return tuple(found)


@_rule(aten.convolution, aten._convolution, aten.mkldnn_convolution)
def _convolve(call: Call) -> Axes | None:
    axes = call.of("input")
    if axes is None:
        return None
    shape, new = call.arguments["input"].shape, call.output.shape
    places = _resize(axes[2:], shape[2:], new[2:])
    keeps_apart = call.arguments["groups"] > 1  # else places among the channels become features
    if places is None or (keeps_apart and any(atom.is_place for atom in axes[1])):
        return None
    return (axes[0], _whole("c", new[1]), *places)


@_rule(aten.pixel_unshuffle)
def _unshuffle(call: Call) -> Axes | None:
    axes, by = call.of("self"), call.arguments["downscale_factor"]
    n, c, height, width = call.arguments["self"].shape
    split = None if axes is None else reshape(axes, (n, c, height // by, by, width // by, by))
    if split is None:
        return None
    return (split[0], (*split[1], *split[3], *split[5]), split[2], split[4])


@_rule(
    aten.max_pool2d_with_indices,
    aten.max_pool2d,
    aten.avg_pool2d,
    aten._adaptive_avg_pool2d,
    aten.adaptive_max_pool2d,
    aten.constant_pad_nd,
    aten.reflection_pad2d,
    aten.replication_pad2d,
    aten.upsample_bilinear2d,
    aten.upsample_nearest2d,
    aten.upsample_bicubic2d,
)
def _pool(call: Call) -> Axes | None:
    axes = call.of("self")
    shape = call.arguments["self"].shape
    return None if axes is None else _resize(axes, shape, call.output.shape)


@_rule(aten.mm, aten.addmm)
def _multiply(call: Call) -> Axes | None:
    is_plain = "mat1" not in call.arguments
    left = call.of("self" if is_plain else "mat1")
    right = call.of("mat2")
    rows, columns = call.output.shape
    if left is None:
        return None if right is None else (_whole("c", rows), right[1])
    return (left[0], right[1] if right is not None else _whole("c", columns))


@_rule(aten.bmm, aten.baddbmm)
def _multiply_batches(call: Call) -> Axes | None:
    left = call.of("self" if "batch1" not in call.arguments else "batch1")
    right = call.of("mat2" if "batch1" not in call.arguments else "batch2")
    _, rows, columns = call.output.shape
    if left is None:
        if right is None or len(right) != 3:
            return None
        return (right[0], _whole("c", rows), right[2])
    batch = left[0] if right is None else _agree([left[0], right[0]])
    if batch is None:
        return None
    return (batch, left[1], right[2] if right is not None else _whole("c", columns))


@_rule(*ATTENTION)
def _attend(call: Call) -> Axes | None:
    query, value = call.of("query"), call.of("value")
    if query is None:  # of parameters alone, as for attention pooling
        n_queries = call.output.shape[-2]
        return None if value is None else (*value[:-2], _whole("c", n_queries), value[-1])
    return (*query[:-1], value[-1] if value is not None else _whole("c", call.output.shape[-1]))


@_rule(aten.roll)
def _roll(call: Call) -> Axes | None:
    axes, dims = list(call.of("self") or ()), call.arguments["dims"]
    if not axes or len(dims) != len(call.arguments["shifts"]):
        return None
    for dim, shift in zip(dims, call.arguments["shifts"], strict=True):
        if len(axes[dim]) > 1 or any(atom.label in {"n", "t"} for atom in axes[dim]):
            return None
        axes[dim] = tuple(
            replace(atom, shift=(atom.shift + shift) % atom.size if atom.is_place else 0)
            for atom in axes[dim]
        )
    return tuple(axes)


@_rule(aten.as_strided_)
def _restride(call: Call) -> Axes | None:
    """Of a pooled map, whose lengths of 1 get other strides; nothing is known of any other use."""
    axes = call.of("self")
    has_places = axes is None or any(atom.is_place for axis in axes for atom in axis)
    return None if has_places else axes


@_rule(*REDUCTIONS)
def _reduce(call: Call) -> Axes | None:
    axes = call.of("self")
    dims = call.arguments.get("dim")
    if axes is None or dims is None:
        return None
    keep = bool(call.arguments.get("keepdim"))
    gone = {d % len(axes) for d in ([dims] if isinstance(dims, int) else dims)}
    return tuple(() if i in gone else axis for i, axis in enumerate(axes) if keep or i not in gone)


_ALIKE = {  # whose output lies as their first input does
    aten.native_layer_norm, aten.native_batch_norm, aten.native_group_norm, aten._softmax, aten.clone,
    aten._native_batch_norm_legit_no_training, aten.cudnn_batch_norm, aten._log_softmax, aten.detach,
    aten.alias, aten.native_dropout, aten._to_copy, aten.copy_, aten.lift_fresh, aten.fill_,
    aten._native_batch_norm_legit, aten._fused_rms_norm, aten.contiguous, aten.batch_norm,
    aten._native_multi_head_attention, aten.masked_fill, aten.prelu, aten.rrelu_with_noise,
    aten._safe_softmax, aten.hardswish, aten.hardswish_, aten.hardsigmoid, aten.hardsigmoid_, aten.hardtanh,
    aten.hardtanh_, aten.zero_, aten.leaky_relu_, aten.elu_,
}  # fmt: skip


def _agree(axes: Sequence[Axis | None]) -> Axis | None:
    """What several say of one axis: a place says more than a feature; None where two places differ."""
    told = dict.fromkeys(axis for axis in axes if axis)
    placed = [each for each in told if any(atom.label != "c" for atom in each)]
    if not placed:
        return next(iter(told), ())
    found, *others = placed
    for other in others:
        agreed = _refine(found, other)
        if agreed is None:
            return None
        found = agreed
    return found


def _refine(one: Axis, other: Axis) -> Axis | None:
    """Two splits of one axis as one: atoms that are alike, and features that the other knows more of."""
    left, right, found = list(one), list(other), list[Atom]()
    while left and right:
        if left[0] == right[0]:
            found.append(left.pop(0))
            right.pop(0)
            continue
        coarse, fine = (left, right) if left[0].size > right[0].size else (right, left)
        if left[0].size == right[0].size and left[0].label == "c":
            coarse, fine = left, right
        whole, parts = coarse.pop(0), list[Atom]()
        while fine and prod(part.size for part in parts) < whole.size:
            parts.append(fine.pop(0))
        if whole.label != "c" or prod(part.size for part in parts) != whole.size:
            return None
        found += parts
    return None if left or right else tuple(found)


def _broadcast(axes: Sequence[tuple[Axes, Sequence[int]]], shape: Sequence[int]) -> Axes | None:
    """Axes of what is computed element by element of several."""
    found = []
    for at in range(1, len(shape) + 1):
        size = shape[-at]
        told = [a[-at] for a, old in axes if len(old) >= at and old[-at] == size]
        axis = _agree(told) if told else _whole("c", size)
        if axis is None:
            return None
        found.append(axis)
    return tuple(reversed(found))


def follow(
    func: Any, arguments: Mapping[str, Any], known: Mapping[int, Axes], outputs: Sequence[Tensor]
) -> list[Axes | None]:
    """Axes of an operator's outputs.

    Parameters
    ----------
    func : torch._ops.OpOverload
        Of ``aten``.
    arguments : mapping
        By the names of its schema.
    known : mapping
        By the identity of an input, its axes.
    outputs : sequence of Tensor
    """
    packet = func.overloadpacket
    rule = _RULES.get(packet)
    if packet in _SPLITS:
        return _SPLITS[packet](Call(arguments, known, outputs[0]), outputs)
    found = []
    for output in outputs:
        axes = None
        if rule is not None:
            axes = rule(Call(arguments, known, output))
        elif torch.Tag.pointwise in func.tags or packet in _ALIKE:
            inputs = [each for each in _tensors(arguments.values()) if id(each) in known]
            axes = _broadcast([(known[id(each)], each.shape) for each in inputs], output.shape)
        found.append(axes if axes is not None and _fits(axes, output.shape) else None)
    return found


def _tensors(values: Iterable[Any]) -> Iterable[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _fits(axes: Axes, shape: Sequence[int]) -> bool:
    return len(axes) == len(shape) and all(
        prod(atom.size for atom in axis) == size for axis, size in zip(axes, shape, strict=True)
    )


def _unbind(call: Call, outputs: Sequence[Tensor]) -> list[Axes | None]:
    return [_select(call)] * len(outputs)


def _split(call: Call, outputs: Sequence[Tensor]) -> list[Axes | None]:
    axes = call.of("self")
    at, start, found = call.arguments.get("dim") or 0, 0, []
    for output in outputs:
        cut = None if axes is None else _cut(axes[at % len(axes)], start, output.shape[at])
        start += output.shape[at]
        place = at % output.ndim
        found.append(
            None if axes is None or cut is None else (*axes[:place], cut, *axes[place + 1 :])
        )
    return found


_SPLITS: dict[Any, Callable[[Call, Sequence[Tensor]], list[Axes | None]]] = {
    aten.unbind: _unbind,
    aten.split: _split,
    aten.split_with_sizes: _split,
    aten.chunk: _split,
}


def measure_extent(axis: Axis) -> int | None:
    """How many places of the grid, along the longer side, an axis reaches over; None: all of them."""
    if any(atom.label == "t" for atom in axis):
        return None
    reach = {"y": 0, "x": 0}
    for atom in axis:
        if atom.is_place:
            reach[atom.label] += (atom.size - 1) * atom.step
    return max(reach.values()) + 1


# --- layouts ---------------------------------------------------------------------------------

MAPS, VECTOR = "n c y x", "n c"


@dataclass(frozen=True)
class Layout:
    """How a node's output lies, and how it becomes maps or a vector.

    Attributes
    ----------
    text : str
        A pattern of einops: ``n c y x``, ``n y x c``, ``n (y x) c``, ``n c``; lengths behind a semicolon
        where a place is split. Other tokens stand with their number beside the places: ``n 1+(y x) c``;
        one of them alone is ``n [0] c``.
    shape : tuple of int
        Of one sample: (C, H, W), or (C,).
    """

    text: str
    shape: tuple[int, ...]

    @property
    def n_others(self) -> int:
        """Tokens beside the places of its maps."""
        found = _OTHERS.search(self.text) if len(self.shape) == 3 else None
        return int(found.group(1)) + int(found.group(3) or 0) if found else 0

    def other(self, index: int) -> Layout:
        """The layout of one of the other tokens alone, a vector (N, C)."""
        found = _OTHERS.search(self.text)
        assert found is not None
        at = index if index < int(found.group(1)) else index + prod(self.shape[1:])
        return Layout(self.text.replace(found.group(), f"[{at}]"), self.shape[:1])

    def read(self, output: Tensor) -> Tensor:
        """An output as (N, C, H, W) or (N, C): a view of it wherever that is possible."""
        if self.text in {"", MAPS, VECTOR}:
            return output
        pattern, _, lengths = self.text.partition("; ")
        others = _OTHERS.search(pattern)
        if others is not None:
            at = pattern[: others.start()].count(" ")
            pattern = pattern.replace(others.group(), others.group(2))
            output = output.narrow(at, int(others.group(1)), prod(self.shape[1:]))
        one = _ONE.search(pattern)
        if one is not None:
            at = pattern[: one.start()].count(" ")
            pattern = pattern.replace(one.group(), "()")
            output = output.narrow(at, int(one.group(1)), 1)
        sizes = dict(zip("yx", self.shape[1:], strict=False))
        sizes |= {name: int(size) for name, size in (e.split("=") for e in lengths.split())}
        names = re.findall(r"[a-z]\d*", pattern)
        by_label = {label: " ".join(sorted(n for n in names if n[0] == label)) for label in "ncyx"}
        target = "n ({c}) ({y}) ({x})" if len(self.shape) == 3 else "n ({c})"
        sizes = {name: size for name, size in sizes.items() if name in names}
        return rearrange(output, f"{pattern} -> {target.format(**by_label)}", **sizes)


_OTHERS = re.compile(r"(\d+)\+(\([^)]*\))(?:\+(\d+))?")
_ONE = re.compile(r"\[(\d+)\]")


def find_layout(axes: Axes) -> Layout | None:
    """The layout of an output with these axes; None where they are no maps and no vector."""
    inside = [place for axis in axes for atom in axis for place in _open(atom)]
    names, lengths = _name(axes, inside)
    if names is None:
        return None
    spread = iter(names)
    parts = []
    for axis in axes:
        text = []
        for atom in axis:
            each = [next(spread) for _ in _open(atom)]
            if atom.label == "t":
                after = atom.size - atom.before - prod(place.size for place in atom.places)
                text.append(f"{atom.before}+({' '.join(each)})" + (f"+{after}" if after else ""))
            else:
                text += each
        is_one = len(text) == 1 and len(axis) == 1
        parts.append(text[0] if is_one else f"({' '.join(text)})" if text else "()")
    sides = [prod(atom.size for atom in inside if atom.label == label) for label in "cyx"]
    has_places = any(atom.is_place for atom in inside)
    pattern = " ".join(parts)
    return Layout(
        pattern + (f"; {lengths}" if lengths else ""), tuple(sides if has_places else sides[:1])
    )


def _open(atom: Atom) -> tuple[Atom, ...]:
    return atom.places if atom.label == "t" else (atom,)


def _name(axes: Axes, atoms: Sequence[Atom]) -> tuple[list[str] | None, str]:
    """Names of the atoms of a tensor, numbered from the outermost; with lengths where one is split."""
    counts = {label: [a for a in atoms if a.label == label] for label in "ncyx"}
    if len(counts["n"]) != 1 or any(atom.shift for atom in atoms):
        return None, ""
    order: dict[int, int] = {}
    for label in "yx":
        falling = sorted(counts[label], key=lambda atom: -atom.step)
        if any(outer.step != inner.step * inner.size for outer, inner in pairwise(falling)):
            return None, ""
        order |= {id(atom): i for i, atom in enumerate(falling, 1)}
    order |= {id(atom): i for i, atom in enumerate(counts["c"], 1)}
    names, lengths = [], []
    is_merged = any({"n", "c"} <= {atom.label for atom in axis} for axis in axes)
    for atom in atoms:
        is_split = len(counts[atom.label]) > 1 or (atom.label == "c" and is_merged)
        names.append(atom.label + (str(order[id(atom)]) if is_split else ""))
        if is_split:
            lengths.append(f"{names[-1]}={atom.size}")
    return names, " ".join(lengths)
