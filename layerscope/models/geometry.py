"""What a forward pass does to the geometry: receptive fields, multiply-adds and axes, op by op."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry, sdpa_flop_count
from torch.utils.weak import WeakIdKeyDictionary

from layerscope.models.axes import ATTENTION, REDUCTIONS, Axes, follow, measure_extent, picture_axes

aten = torch.ops.aten
Geometry = tuple[int, int]  # receptive field, distance between neighbouring units; input pixels

_POOLS = {aten.max_pool2d_with_indices, aten.avg_pool2d}
_ADAPTIVE = {aten._adaptive_avg_pool2d, aten.adaptive_max_pool2d}
_SUMS = {aten.mm: "self", aten.addmm: "mat1", aten.bmm: "self", aten.baddbmm: "batch1"}
_SUMS |= dict.fromkeys(ATTENTION, "key")
_SAME = {  # operators that hand the same numbers on
    aten.view, aten._unsafe_view, aten.reshape, aten.clone, aten.permute, aten.transpose, aten.t, aten.detach,
    aten.unsqueeze, aten.squeeze, aten.alias, aten._to_copy, aten.contiguous, aten.expand, aten.lift_fresh,
}  # fmt: skip


@dataclass
class _Known:
    """What is known of a tensor: geometry, axes, and whose numbers they are."""

    geometry: Geometry
    axes: Axes | None
    numbers: object


class FieldTrace(TorchDispatchMode):
    """Follows receptive field, stride and axes through every operator of a forward pass.

    An operator that combines tensors takes the largest field of its inputs, so that parallel branches
    and residual sums need no special case. Attention widens it to the window, or to the picture.

    Parameters
    ----------
    input_size : int
        Longer side of the input, in pixels: the field of whatever sees all of it.
    """

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self._flops = 0
        self._n = 1
        self._known: Any = WeakIdKeyDictionary()

    @property
    def multiply_adds(self) -> int:
        """Of convolutions and matrix products up to now, for one picture."""
        return self._flops // (2 * self._n)

    def start(self, pixels: Tensor) -> Tensor:
        """Mark a tensor (N, C, H, W) as the input: each unit sees itself."""
        self._n = len(pixels)
        self._known[pixels] = _Known((1, 1), picture_axes(pixels.shape), object())
        return pixels

    def knows(self, tensor: Tensor) -> bool:
        """Whether a tensor depends on the input."""
        return tensor in self._known

    def field(self, tensor: Tensor) -> int:
        """Receptive field of a unit of `tensor`, in input pixels."""
        known = self._known.get(tensor)
        return 1 if known is None else known.geometry[0]

    def axes(self, tensor: Tensor) -> Axes | None:
        """What each axis of a tensor means; None where that is not known."""
        known = self._known.get(tensor)
        return None if known is None else known.axes

    def numbers(self, tensor: Tensor) -> object:
        """The same object for tensors that hold the same numbers, in whatever shape; None for others."""
        known = self._known.get(tensor)
        return None if known is None else known.numbers

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        inputs = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
        outputs = [t for t in tree_leaves(result) if isinstance(t, Tensor)]
        known = [self._known[t] for t in inputs if t in self._known]
        if not known or not outputs:
            return result
        packet = func.overloadpacket
        self._flops += _count_flops(packet, args, kwargs or {}, result)
        arguments = _name_arguments(func, args, kwargs or {})
        axes = {id(t): self._known[t].axes for t in inputs if t in self._known}
        axes = {key: each for key, each in axes.items() if each is not None}
        widest = (max(k.geometry[0] for k in known), max(k.geometry[1] for k in known))
        geometry = self._after(packet, arguments, outputs[0], widest)
        for tensor, found in zip(outputs, follow(func, arguments, axes, outputs), strict=True):
            numbers = known[0].numbers if packet in _SAME else object()
            self._known[tensor] = _Known(geometry, found, numbers)
        return result

    def _after(
        self, packet: Any, arguments: Mapping[str, Any], output: Tensor, before: Geometry
    ) -> Geometry:
        if packet is aten.convolution:
            weight = arguments["weight"]
            stride, dilation = arguments["stride"][-1], arguments["dilation"][-1]
            return _slide(before, weight.shape[-1], stride, dilation)
        if packet in _POOLS:
            kernel = arguments["kernel_size"][-1]
            stride = arguments.get("stride") or [kernel]
            return _slide(before, kernel, stride[-1], 1)
        if packet in _ADAPTIVE:
            side, out = arguments["self"].shape[-1], output.shape[-1]
            return _slide(before, ceil(side / out), max(1, side // out), 1)
        if packet in _SUMS:
            axes = self.axes(arguments[_SUMS[packet]])
            return self._sum_over(axes, -2 if packet in ATTENTION else -1, before)
        if packet in REDUCTIONS and arguments.get("dim") is not None:
            return self._reduce(arguments, before)
        if packet is aten.slice:
            step = arguments.get("step") or 1
            return _slide(before, step, step, 1)
        return before

    def _sum_over(self, axes: Axes | None, at: int, before: Geometry) -> Geometry:
        """Of a product that sums over an axis: all of the picture, a window of it, or one place."""
        if axes is None:
            return self.input_size, before[1]
        left = [axis for i, axis in enumerate(axes) if i != at % len(axes)]
        if at == -1 and not any(atom.is_place for axis in left for atom in axis):
            return self.input_size, before[1]
        extent = measure_extent(axes[at])
        if extent is None or extent * before[1] >= self.input_size:
            return max(before[0], self.input_size), before[1]
        return _slide(before, extent, 1, 1)

    def _reduce(self, arguments: Mapping[str, Any], before: Geometry) -> Geometry:
        axes, dims = self.axes(arguments["self"]), arguments["dim"]
        if axes is None:
            return self.input_size, before[1]
        dims = [dims] if isinstance(dims, int) else dims
        gone = tuple(atom for d in dims for atom in axes[d])
        extent = measure_extent(gone)
        return (self.input_size, before[1]) if extent is None else _slide(before, extent, 1, 1)


def _name_arguments(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    schema = func._schema.arguments
    given = {each.name: value for each, value in zip(schema, args, strict=False)}
    defaults = {each.name: each.default_value for each in schema if each.has_default_value()}
    return defaults | given | kwargs


def _count_flops(packet: Any, args: Any, kwargs: Any, result: Any) -> int:
    if packet in ATTENTION:
        return int(sdpa_flop_count(*(each.shape for each in args[:3])))
    formula = flop_registry.get(packet)
    return 0 if formula is None else int(formula(*args, **kwargs, out_val=result))


def _slide(before: Geometry, kernel: int, stride: int, dilation: int) -> Geometry:
    field, step = before
    return field + (kernel - 1) * dilation * step, step * stride
