"""Functions of torch met as they are called, each with its rule of relevance propagation.

zennit gives rules to modules, and takes what has none for linear: a rectifier, a sum or a batch norm that
a model calls as a function is differentiated as it stands, and no word is said. Its canonizers mend that
for classes of torchvision that they know by name, and write into running means and variances, which are
shared here. So each call is made a module at the moment of the call, and zennit's rule is put on that:
equal functions have equal relevance however they are written, and what has no rule is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import layerscope.vision  # noqa: F401  (zennit needs what it prepares)

# isort: split
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary
from zennit.core import Hook
from zennit.rules import Norm, Pass

from layerscope.errors import InputError
from layerscope.explanation.relevance_rules import (
    TINY,
    Call,
    Linear,
    Map,
    Rules,
    Scaling,
    SharedBias,
)


class _Halves(torch.autograd.Function):
    """A product, each of whose factors gets half of its relevance (Achtibat et al. 2024)."""

    @staticmethod
    def forward(_: Any, first: Tensor, second: Tensor) -> Tensor:
        return first * second

    @staticmethod
    def backward(_: Any, relevance: Tensor) -> tuple[Tensor, Tensor]:
        return relevance / 2, relevance / 2


class _Step(torch.autograd.Function):
    """Values through a module; on the way back, relevance by a hook of zennit's."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, module: nn.Module, hook: Hook | None) -> Tensor:
        found = module(values)
        ctx.module, ctx.hook, ctx.shape = module, hook, values.shape
        if hook is not None:
            hook.forward(module, (values,), found)
        if not isinstance(hook, Pass | None):
            ctx.save_for_backward(values)  # torch sees to it that they are as they were
        return found.clone() if found is values else found

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> tuple[Tensor, None, None]:
        if ctx.hook is None:
            return relevance.new_zeros(()).expand(ctx.shape), None, None
        inputs = ctx.hook.stored_tensors["input"] = ctx.saved_tensors
        return ctx.hook.backward(ctx.module, inputs, (relevance,))[0], None, None


class _Refusal(torch.autograd.Function):
    """Lets no relevance through, which may never come: a gate or a query gets none."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, error: InputError) -> Tensor:
        ctx.error = error
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, _: Tensor) -> tuple[None, None]:
        raise ctx.error


class Propagation(TorchFunctionMode):
    """While it is active, functions of torch are met as they are called and given their rule.

    Parameters
    ----------
    name : str
        Of the model, for messages.
    inputs : Tensor
        What relevance is to come back to.
    rules : Rules, optional
        Without them what comes back is a gradient, and only what there is no rule for is of interest.

    Attributes
    ----------
    constants : list of Tensor
        Parts of the model that stand beside its values as one more of them, such as a class token; they
        get relevance too.
    """

    def __init__(self, name: str, inputs: Tensor, rules: Rules | None) -> None:
        super().__init__()
        self.constants: list[Tensor] = []
        self._name, self._n, self._rules = name, len(inputs), rules
        self._first = True
        # Each tensor that was met, and for the result of a linear map how it came about.
        self._met = WeakTensorKeyDictionary({inputs: None})

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named, name = dict(kwargs or {}), name_of(func)
        carrying = [leaf for leaf in tree_leaves((args, named)) if carries(leaf)]
        if not carrying or not torch.is_grad_enabled():
            return func(*args, **named)
        for each in carrying:
            if each not in self._met:
                raise self.refuse("a function that torch does not know")
        meet = _RULES.get(name.removesuffix("_"))
        if meet is not None:
            found = meet(self, func, *args, **named)
            if name.removesuffix("_") in _IN_PLACE and _in_place(name, args, named):
                found = args[0].copy_(found)
        elif name == "__setitem__" or (name.endswith("_") and not name.startswith("__")):
            raise self.refuse(name)  # the values that it changes may be in use elsewhere
        else:
            found = func(*args, **named)
            if name not in _MOVES:
                found = self._block(name, found)
        for leaf in tree_leaves(found):
            if carries(leaf):
                self._met.setdefault(leaf, None)
        return found

    def refuse(self, name: str) -> InputError:
        """What is said of a function."""
        return InputError(f"{self._name} calls {name}, which LRP has no rule for")

    def _block(self, name: str, found: Any) -> Any:
        error = self.refuse(name)
        return tree_map(lambda leaf: _Refusal.apply(leaf, error) if carries(leaf) else leaf, found)

    def _meet(self, hook: Hook | None, module: nn.Module, values: Tensor) -> Tensor:
        """Values through a module with a rule of zennit's."""
        return _Step.apply(values, module, None if self._rules is None else hook)

    def _move_on(self, func: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """An element comes from one element: all of its relevance goes there."""
        place = _find_carrier(args, named)
        if place is None:
            return self._block(name_of(func), func(*args, **named))
        values, compute = args[place], _take(func, place, args, named)
        if _in_place(name_of(func), args, named):
            return self._meet(Pass(), Call(lambda values: compute(values.clone())), values)
        with torch.no_grad():
            shape = compute(values).shape  # it may be larger, as for a number added to each of many
        return self._meet(Pass(), Call(compute), values.expand(shape))

    def _average(self, func: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Linear in one tensor, without a bias: as each element contributed."""
        place = _find_carrier(args, named)
        if place is None:
            return self._block(name_of(func), func(*args, **named))
        return self._meet(Norm(TINY), Call(_take(func, place, args, named)), args[place])

    def _attend(self, func: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """How much is attended to is taken for given (Ali et al. 2022): linear in what is attended to."""
        query, key, *rest = args
        return self._average(func, query.detach(), key.detach(), *rest, **named)

    def _hold(self, func: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Taken for given: it tells how much of other values is let through."""
        return func(*args, **named).detach()

    def _operate(self, func: Callable[..., Any], first: Any, second: Any, **named: Any) -> Any:
        """Sums, differences, products and quotients."""
        name = name_of(func).removesuffix("_")
        hidden = not self._first and len(first) == self._n  # what pixels are scaled by is their own
        if name in {"add", "sub"} and hidden and _is_number(second):
            second = torch.full_like(first, float(second)).requires_grad_()
            self.constants.append(second)
        if not (carries(first) and carries(second)):
            return self._move_on(func, first, second, **named)
        if named:
            return self._block(name, func(first, second, **named))
        if name in {"add", "sub"}:
            sign = 1 if name == "add" else -1
            both = torch.stack(torch.broadcast_tensors(first, second), dim=-1)
            return self._meet(Norm(TINY), Call(lambda x: x[..., 0] + sign * x[..., 1]), both)
        shape = torch.broadcast_shapes(first.shape, second.shape)
        if name == "mul" and (first.shape != shape or _is_spread(first)):
            first, second = second, first
        if first.shape == shape and (name == "div" or second.shape != shape or _is_spread(second)):
            return self._move_on(func, first, second.detach())  # a gate, which gets no relevance
        if name == "mul":
            return _Halves.apply(*torch.broadcast_tensors(first, second))
        return self._block(name, func(first, second))

    def _join(
        self, func: Callable[..., Any], tensors: Iterable[Any], *args: Any, **named: Any
    ) -> Any:
        """One beside another; what the model itself brings is noted."""
        parts = [each if carries(each) else each.detach().requires_grad_() for each in tensors]
        self.constants += [part for part in parts if part.is_leaf]
        if any(len(each) != self._n for each in self.constants):
            raise self.refuse(f"{name_of(func)} of pictures and values of its own")
        return func(parts, *args, **named)

    def _convolve(
        self,
        func: Any,
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        *rest: Any,
        **named: Any,
    ) -> Tensor:
        def convolve(values: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
            return torch.conv2d(values, weight, bias, *rest, **named)

        part = "convolution" if weight.shape[1] == input.shape[1] else "other_convolution"
        part = "first" if self._first else part
        self._first = False
        return self._connect_by(part, Linear(convolve, weight, bias), input)

    def _connect(
        self, func: Any, input: Tensor, weight: Tensor, bias: Tensor | None = None
    ) -> Tensor:
        return self._connect_by("dense", Linear(functional.linear, weight, bias), input)

    def _connect_by(self, part: str, linear: Linear, values: Tensor) -> Tensor:
        hook = None if self._rules is None else getattr(self._rules, part).copy()
        found = self._meet(hook, linear, values)
        self._met[found] = (part, linear, values)
        return found

    def _normalize_batch(
        self,
        func: Callable[..., Tensor],
        input: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        """One with the linear map before it; without one, each element comes from one element."""
        if training or running_mean is None or running_var is None:
            found = func(input, running_mean, running_var, weight, bias, training, momentum, eps)
            return self._block("batch_norm", found)
        scale = (running_var + eps).rsqrt() * (1 if weight is None else weight)
        shift = (0 if bias is None else bias) - running_mean * scale
        behind = self._met.get(input)
        if behind is not None and input.ndim in {2, 4}:  # whose channels are the second dimension
            part, linear, values = behind
            part = "other_convolution" if part == "convolution" else part
            return self._connect_by(part, linear.fold(scale, shift), values)
        shape = (-1, *[1] * (input.ndim - 2))
        return self._scale(
            lambda values, weight, bias: values * weight + (0 if bias is None else bias),
            scale.view(shape),
            shift.view(shape),
            partial(torch.mean, dim=1, keepdim=True),
            input,
        )

    def _normalize_layer(
        self,
        func: Any,
        input: Tensor,
        normalized_shape: Iterable[int],
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        eps: float = 1e-5,
    ) -> Tensor:
        dims = tuple(range(-len(tuple(normalized_shape)), 0))
        mean = partial(torch.mean, dim=dims, keepdim=True)
        return self._normalize(mean, input, weight, bias, eps)

    def _normalize_groups(
        self,
        func: Any,
        input: Tensor,
        num_groups: int,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        eps: float = 1e-5,
    ) -> Tensor:
        def mean(values: Tensor) -> Tensor:
            groups = values.reshape(len(values), num_groups, -1)
            return groups.mean(dim=-1, keepdim=True).expand_as(groups).reshape(values.shape)

        spatial = [1] * (input.ndim - 2)
        weight = None if weight is None else weight.view(-1, *spatial)
        bias = None if bias is None else bias.view(-1, *spatial)
        return self._normalize(mean, input, weight, bias, eps)

    def _normalize(
        self, mean: Map, values: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float
    ) -> Tensor:
        def standardize(values: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
            return (values - mean(values)) * weight + (0 if bias is None else bias)

        with torch.no_grad():
            spread = (mean((values - mean(values)) ** 2) + eps).sqrt()
        scale = (1 if weight is None else weight) / spread
        return self._scale(standardize, scale, bias, mean, values)

    def _scale(
        self,
        compute: Callable[..., Tensor],
        weight: Tensor,
        bias: Tensor | None,
        mean: Map,
        values: Tensor,
    ) -> Tensor:
        return self._meet(SharedBias(TINY), Scaling(compute, weight, bias, mean), values)

    def _attend_by_heads(
        self,
        func: Callable[..., Any],
        query: Tensor,
        key: Tensor,
        value: Tensor,
        size: int,
        n_heads: int,
        weight: Tensor | None,
        bias: Tensor | None,
        bias_k: Tensor | None,
        bias_v: Tensor | None,
        add_zero: bool,
        dropout: float,
        out_weight: Tensor,
        out_bias: Tensor | None,
        **named: Any,
    ) -> tuple[Tensor, Tensor]:
        """What nn.MultiheadAttention calls: (L, N, C) to the same, and how much is attended to."""
        if weight is None or bias_k is not None or add_zero or value.ndim != 3:
            raise self.refuse("attention with other than one projection")
        held = [each.detach() for each in (query, key, value)]
        more = (size, n_heads, weight, bias, None, None, False, dropout, out_weight, out_bias)
        told = {**named, "need_weights": True, "average_attn_weights": False}
        weights = func(*held, *more, **told)[1]  # (n, heads, l, s)
        part = slice(2 * size, None)
        values = self._connect(None, value, weight[part], None if bias is None else bias[part])
        heads = values.unflatten(-1, (n_heads, -1)).permute(1, 2, 0, 3)  # (n, heads, s, c)
        seen = self._average(torch.matmul, weights, heads).permute(2, 0, 1, 3).flatten(2)
        return self._connect(None, seen, out_weight, out_bias), weights.mean(dim=1)


# Functions by torch's name for them, which is the same for a function, a method and an operator.
_ELEMENTWISE = {
    *("relu", "relu6", "hardtanh", "leaky_relu", "prelu", "elu", "celu", "selu", "gelu"),
    *("silu", "hardswish", "mish", "softplus", "sigmoid", "hardsigmoid", "tanh", "clamp"),
    *("square", "pow", "abs", "neg", "addcmul", "rms_norm", "__rsub__", "__rdiv__"),
}
_OPERATIONS = {"add", "sub", "mul", "div"}
_IN_PLACE = _ELEMENTWISE | _OPERATIONS  # where their name ends in an underscore, or on demand
_AVERAGES = {"avg_pool2d", "adaptive_avg_pool2d", "mean", "sum", "interpolate", "matmul", "bmm"}
# The gradient passes relevance on as it is: one value goes to one place.
_MOVES = {
    *("flatten", "unflatten", "reshape", "reshape_as", "view", "view_as", "permute"),
    *("transpose", "swapaxes", "movedim", "T", "mT", "contiguous", "clone", "to", "float"),
    *("type_as", "squeeze", "unsqueeze", "expand", "expand_as", "repeat", "split"),
    *("tensor_split", "chunk", "unbind", "select", "narrow", "__getitem__", "roll", "flip"),
    *("pad", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "max_pool2d"),
    *("adaptive_max_pool2d", "amax", "dropout", "dropout2d", "alpha_dropout"),
    *("requires_grad_", "retain_grad"),
}
_RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(_ELEMENTWISE, Propagation._move_on),
    **dict.fromkeys(_OPERATIONS, Propagation._operate),
    **dict.fromkeys(_AVERAGES, Propagation._average),
    **dict.fromkeys(("cat", "concat", "stack"), Propagation._join),
    "conv2d": Propagation._convolve,
    "linear": Propagation._connect,
    "batch_norm": Propagation._normalize_batch,
    "layer_norm": Propagation._normalize_layer,
    "group_norm": Propagation._normalize_groups,
    "scaled_dot_product_attention": Propagation._attend,
    "multi_head_attention_forward": Propagation._attend_by_heads,
    "softmax": Propagation._hold,
}


def name_of(func: Callable[..., Any]) -> str:
    """Torch's name for a function; of an attribute that is read, the attribute's."""
    name = getattr(func, "__name__", str(func))
    return func.__self__.__name__ if name == "__get__" else name  # type: ignore[attr-defined]


def carries(leaf: Any) -> bool:
    """Whether relevance will come back through a value."""
    return isinstance(leaf, Tensor) and leaf.requires_grad


def _is_spread(values: Tensor) -> bool:
    """Whether one number stands for many, as in a gate that was expanded."""
    return 0 in values.stride()


def _is_number(value: Any) -> bool:
    """Whether it is one, and not a picture's."""
    return isinstance(value, float | int) or (value.numel() == 1 and not carries(value))


def _in_place(name: str, args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    """Whether an elementwise function puts its result where its input was."""
    return name.endswith("_") or any(each is True for each in (*args, named.get("inplace")))


def _find_carrier(args: tuple[Any, ...], named: Mapping[str, Any]) -> int | None:
    """Which argument relevance will come back through, if it is one."""
    places = [place for place, each in enumerate(args) if carries(each)]
    alone = len(places) == 1 and not any(map(carries, tree_leaves(dict(named))))
    return places[0] if alone else None


def _take(
    func: Callable[..., Any], place: int, args: tuple[Any, ...], named: Mapping[str, Any]
) -> Map:
    """A call as a function of one argument alone."""
    return lambda values: func(*args[:place], values, *args[place + 1 :], **named)
