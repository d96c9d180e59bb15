"""Layer-wise relevance propagation through plain chains of convolutions and dense layers.

The rules are those of `epsilon plus` (Montavon et al. 2019): the epsilon rule at dense layers, z+
(alpha 1, beta 0) at convolutions, and at the first convolution one for pixels. Captum's LRP is not
used: its alpha-beta rule leaves out products of two negative numbers, it has no rule for pixels, and
knows neither rectifiers that are called nor a score of two outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from layerscope.errors import InputError
from layerscope.explanation.gradients import to_channels
from layerscope.explanation.guided import is_rectifier
from layerscope.explanation.method import Attribution
from layerscope.explanation.task import ExplanationTask, score_of
from layerscope.models.registry import Classifier

Linear = Callable[[Tensor], Tensor]
Part = tuple[Tensor, Linear]  # a factor (N, ...), and the linear map that is applied to it

_LEAVES = (
    nn.Conv2d,
    nn.Linear,
    nn.ReLU,
    nn.ReLU6,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.Dropout,
    nn.Flatten,
    nn.Identity,
)
_AVERAGES = {functional.avg_pool2d, functional.adaptive_avg_pool2d}
# The gradient passes relevance on as it is: one value goes to one place.
_MOVES = {
    torch.flatten,
    torch.reshape,
    torch.max_pool2d,
    functional.max_pool2d,
    functional.dropout,
    Tensor.flatten,
    Tensor.reshape,
    Tensor.view,
}
_TINY = 1e-12  # keeps 0 / 0 at 0


class _Relevance(torch.autograd.Function):
    """On the way back, shares relevance out in proportion to what each input contributed.

    An output is z = sum over parts of linear(factor); its relevance is divided by z + epsilon, epsilon
    with the sign of z, and sent back through each part, times its factor.
    """

    @staticmethod
    def forward(
        ctx: Any,
        values: Tensor,
        output: Tensor,
        parts: Callable[[Tensor], Iterable[Part]],
        epsilon: float,
    ) -> Tensor:
        ctx.save_for_backward(values)
        ctx.parts, ctx.epsilon = parts, epsilon
        return output

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> tuple[Tensor | None, ...]:
        (values,) = ctx.saved_tensors
        with torch.enable_grad():
            parts = [(f.detach().requires_grad_(), linear) for f, linear in ctx.parts(values)]
            contributed = [linear(factor) for factor, linear in parts]
            total = sum(contributed[1:], contributed[0])
        z = total.detach()
        z = z + torch.where(z < 0, -ctx.epsilon, ctx.epsilon)
        factors = [factor for factor, _ in parts]
        back = torch.autograd.grad(total, factors, relevance / z)
        shares = [f.detach() * b for f, b in zip(factors, back, strict=True)]
        return sum(shares[1:], shares[0]), None, None, None


class _PassOn(torch.autograd.Function):
    """A rectifier hands relevance on as it is."""

    @staticmethod
    def forward(_: Any, values: Tensor, rectifier: Linear) -> Tensor:
        return rectifier(values.clone())

    @staticmethod
    def backward(_: Any, relevance: Tensor) -> tuple[Tensor, None]:
        return relevance, None


def plus_parts(values: Tensor, weight: Tensor, linear: Callable[..., Tensor]) -> list[Part]:
    """z+: only products that are positive contribute."""
    parts: list[Part] = [(values.clamp(min=0), partial(linear, weight=weight.clamp(min=0)))]
    if (values < 0).any():
        parts.append((values.clamp(max=0), partial(linear, weight=weight.clamp(max=0))))
    return parts


def box_parts(
    values: Tensor, weight: Tensor, linear: Callable[..., Tensor], low: Tensor, high: Tensor
) -> list[Part]:
    """z-B, for pixels between `low` and `high`: what each adds over the value worst for it."""
    return [
        (values - low, partial(linear, weight=weight.clamp(min=0))),
        (values - high, partial(linear, weight=weight.clamp(max=0))),
    ]


def dense_parts(values: Tensor, weight: Tensor, bias: Tensor | None) -> list[Part]:
    """All products, and the bias as if each input had brought a share of it.

    The shares are in proportion to what each input contributed, whatever its sign. A bias that kept
    its relevance would leave the sum of all pixels several percent short, as in Bach et al. (2015);
    without it in the denominator, relevance would grow without bound where the products cancel. Arras
    et al. (2017) share it out evenly, also among inputs that are zero.
    """
    parts: list[Part] = [(values, partial(functional.linear, weight=weight))]
    if bias is not None:
        size = weight.abs()
        share = bias / functional.linear(values.abs(), size).clamp(min=_TINY)
        parts.append((values.abs(), lambda x: functional.linear(x, size) * share))
    return parts


def flat_parts(values: Tensor, weight: Tensor, linear: Callable[..., Tensor]) -> list[Part]:
    """Every pixel that a unit sees contributes the same."""
    return [(torch.ones_like(values), partial(linear, weight=torch.ones_like(weight)))]


class EpsilonPlus(TorchFunctionMode):
    """While it is active, functions of torch are met as they are called and given their rule.

    Parameters
    ----------
    first : callable
        The parts of the first convolution, of its input, its weight, and the convolution.
    epsilon : float
        Of the epsilon rule.
    """

    def __init__(self, first: Callable[..., list[Part]], epsilon: float) -> None:
        super().__init__()
        self._convolution_parts, self._epsilon = first, epsilon

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        named = kwargs or {}

        def apply(values: Tensor) -> Any:
            return func(values, *args[1:], **named)

        if is_rectifier(func, args, named):
            return _PassOn.apply(args[0], apply)
        if func is torch.conv2d:
            return self._convolve(*args, **named)
        if func is functional.linear:
            return self._connect(*args, **named)
        if func in _AVERAGES:
            average = apply(args[0].detach())
            return _Relevance.apply(args[0], average, lambda x: [(x, apply)], _TINY)
        found = func(*args, **named)
        if func not in _MOVES and _depends(found):
            raise InputError(f"LRP has no rule for {_name(func)}; it follows plain chains, as VGG")
        return found

    def _convolve(
        self, values: Tensor, weight: Tensor, bias: Tensor | None = None, *rest: Any, **named: Any
    ) -> Tensor:
        def convolve(x: Tensor, weight: Tensor) -> Tensor:
            return torch.conv2d(x, weight, None, *rest, **named)

        output = torch.conv2d(values.detach(), weight, bias, *rest, **named)
        parts = partial(self._convolution_parts, weight=weight, linear=convolve)
        self._convolution_parts = plus_parts
        return _Relevance.apply(values, output, parts, _TINY)

    def _connect(self, values: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        output = functional.linear(values.detach(), weight, bias)
        parts = partial(dense_parts, weight=weight, bias=bias)
        return _Relevance.apply(values, output, parts, self._epsilon)


def _depends(found: Any) -> bool:
    """Whether relevance will come back through a result."""
    return any(isinstance(leaf, Tensor) and leaf.requires_grad for leaf in tree_leaves(found))


def _name(func: Callable[..., Any]) -> str:
    return getattr(func, "__name__", str(func))


def lrp(task: ExplanationTask, epsilon: float, pixels: str) -> Attribution:
    """Relevance (N, S, S), in logits."""
    inputs = task.classifier.to_inputs(task.pictures).requires_grad_()
    first = flat_parts
    if pixels == "box":
        black, white = (inputs.new_full((1, 3, 1, 1), level) for level in (0.0, 1.0))
        low, high = task.classifier.normalize(black), task.classifier.normalize(white)
        first = partial(box_parts, low=low, high=high)
    with torch.enable_grad(), EpsilonPlus(first, epsilon):
        logits = task.classifier.module(inputs)
    scores = score_of(logits, task.targets)
    (sensitivity,) = torch.autograd.grad(scores.sum(), logits, retain_graph=True)
    (relevance,) = torch.autograd.grad(logits, inputs, sensitivity * logits.detach())
    channels = to_channels(relevance)
    total = scores.detach().float().cpu().numpy()
    return Attribution(channels.sum(axis=-1), channels, total=total)


def needs_chain(classifier: Classifier) -> str | None:
    """One line for a model with parts that there is no rule for."""
    for part in classifier.module.modules():
        computes = not list(part.children()) or list(part.parameters(recurse=False))
        if computes and not isinstance(part, _LEAVES):
            kind = type(part).__name__
            return f"{classifier.name} has a {kind}, which there is no rule for; VGG has none"
    return None
