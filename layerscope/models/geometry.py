"""What a forward pass does to the geometry: receptive fields and multiply-adds, op by op."""

from __future__ import annotations

from math import ceil
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

aten = torch.ops.aten
Geometry = tuple[int, int]  # receptive field, distance between neighbouring units; input pixels

_MATRIX_PRODUCTS = {aten.addmm.default: (1, 2), aten.mm.default: (0, 1)}
_POOLS = {aten.max_pool2d_with_indices.default, aten.avg_pool2d.default}
_ADAPTIVE = {aten._adaptive_avg_pool2d.default, aten.adaptive_max_pool2d.default}


class FieldTrace(TorchDispatchMode):
    """Follows (receptive field, stride) through every operator of a forward pass.

    An operator that combines tensors takes the largest field of its inputs, so that parallel branches
    and residual sums need no special case.

    Parameters
    ----------
    input_size : int
        Side of the input, in pixels: the field of whatever sees all of it.
    """

    def __init__(self, input_size: int) -> None:
        super().__init__()
        self.input_size = input_size
        self.multiply_adds = 0
        self._geometry: Any = WeakIdKeyDictionary()

    def start(self, pixels: Tensor) -> Tensor:
        """Mark a tensor as the input: each unit sees itself."""
        self._geometry[pixels] = (1, 1)
        return pixels

    def field(self, tensor: Tensor) -> int:
        """Receptive field of a unit of `tensor`, in input pixels."""
        return self._geometry.get(tensor, (1, 1))[0]

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
        known = [self._geometry[t] for t in inputs if t in self._geometry]
        if not known or not outputs:
            return result
        widest = (max(field for field, _ in known), max(step for _, step in known))
        geometry = self._after(func, args, outputs[0], widest)
        for tensor in outputs:
            self._geometry[tensor] = geometry
        return result

    def _after(
        self, func: Any, args: tuple[Any, ...], output: Tensor, before: Geometry
    ) -> Geometry:
        if func is aten.convolution.default:
            weight = args[1]
            self.multiply_adds += output[0].numel() * weight[0].numel()
            return _slide(before, weight.shape[-1], args[3][-1], args[5][-1])
        if func in _MATRIX_PRODUCTS:
            left = args[_MATRIX_PRODUCTS[func][0]]
            self.multiply_adds += output.numel() * left.shape[-1]
            return self.input_size, before[1]
        if func in _POOLS:
            kernel = args[1][-1]
            stride = args[2][-1] if len(args) > 2 and args[2] else kernel
            return _slide(before, kernel, stride, 1)
        if func in _ADAPTIVE:
            side, out = args[0].shape[-1], output.shape[-1]
            return _slide(before, ceil(side / out), max(1, side // out), 1)
        if func is aten.mean.dim and args[0].ndim == 4:
            return _slide(before, args[0].shape[-1], 1, 1)
        return before


def _slide(before: Geometry, kernel: int, stride: int, dilation: int) -> Geometry:
    field, step = before
    return field + (kernel - 1) * dilation * step, step * stride
