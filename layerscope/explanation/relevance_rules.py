"""Rules of relevance propagation that zennit lacks or has otherwise, and calls of functions as modules.

A rule is a hook of zennit: it shares the relevance of a module's output out among its input.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import layerscope.vision  # noqa: F401  (zennit needs what it prepares)

# isort: split
import torch
from torch import Tensor, nn
from zennit.core import BasicHook, Hook, ParamMod, stabilize
from zennit.rules import ClampMod

Map = Callable[[Tensor], Tensor]

TINY = 1e-12  # keeps 0 / 0 at 0
NO_BIAS = ["bias"]


@dataclass(frozen=True)
class Rules:
    """Hooks of layers: others than plain convolutions are grouped ones, and those with a batch norm."""

    first: Hook
    convolution: Hook
    other_convolution: Hook
    dense: Hook


class Call(nn.Module):
    """A call of a function of one tensor."""

    def __init__(self, compute: Map) -> None:
        super().__init__()
        self.forward = compute


class Linear(nn.Module):
    """A call of a linear map, whose weight and bias rules may change."""

    def __init__(self, compute: Callable[..., Tensor], weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.compute = compute
        self.weight = nn.Parameter(weight.detach(), requires_grad=False)
        self.bias = None if bias is None else nn.Parameter(bias.detach(), requires_grad=False)

    def forward(self, values: Tensor) -> Tensor:
        """The map of `values`."""
        return self.compute(values, self.weight, self.bias)

    def compute_sizes(self, sizes: Tensor) -> Tensor:
        """What inputs of these sizes, at least 0, contribute at most."""
        return self.compute(sizes, self.weight.abs(), None)

    def fold(self, scale: Tensor, shift: Tensor) -> Linear:
        """This map and a batch norm behind it, as one."""
        weight = self.weight * scale.view(-1, *[1] * (self.weight.ndim - 1))
        return Linear(
            self.compute, weight, shift if self.bias is None else self.bias * scale + shift
        )


class Scaling(Linear):
    """A norm whose deviation is taken for given (Ali et al. 2022): linear, and each output of one input.

    Its bias is shared by all values that `mean` is taken over. A value near 0 that got all the relevance of
    its bias would have too much of it where it is part of a sum.
    """

    def __init__(
        self, compute: Callable[..., Tensor], weight: Tensor, bias: Tensor | None, mean: Map
    ) -> None:
        super().__init__(compute, weight, bias)
        self.mean = mean

    def compute_sizes(self, sizes: Tensor) -> Tensor:
        return self.mean(sizes).expand_as(sizes)


class SharedBias(Hook):
    """The epsilon rule, and the bias as if each input had brought a share of it.

    The shares are in proportion to what each input contributed, whatever its sign. A bias that kept
    its relevance would leave the sum of all pixels several percent short, as in Bach et al. (2015);
    without it in the denominator, relevance would grow without bound where the products cancel. Arras
    et al. (2017) share it out evenly, also among inputs that are zero.
    """

    def __init__(self, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon

    def copy(self) -> SharedBias:
        """A hook of the same rule, for another module."""
        return SharedBias(self.epsilon)

    def backward(self, module: Linear, grad_input: Any, grad_output: Any) -> tuple[Tensor]:
        """Relevance of the output to that of the input."""
        values = self.stored_tensors["input"][0].detach()
        factors, shares = [values.requires_grad_()], [torch.ones(())]
        with torch.enable_grad():
            sums = [module.compute(values, module.weight, None)]
            if module.bias is not None:
                factors.append(values.detach().abs().requires_grad_())
                sums.append(module.compute_sizes(factors[1]))
                shares.append(module.bias / sums[1].detach().clamp(min=TINY))
        total = sum(each.detach() * share for each, share in zip(sums, shares, strict=True))
        passed = grad_output[0] / stabilize(total, self.epsilon)
        back = torch.autograd.grad(sums, factors, [passed * share for share in shares])
        parts = [f.detach() * b for f, b in zip(factors, back, strict=True)]
        return (sum(parts[1:], parts[0]),)


class Plus(Hook):
    """z+: only products that are positive contribute, and no bias.

    It is zennit's ZPlus, which computes products of negative inputs also where there are none, as behind
    a rectifier, and so takes twice the time.
    """

    def backward(self, module: Linear, grad_input: Any, grad_output: Any) -> tuple[Tensor]:
        """Relevance of the output to that of the input."""
        return (share(module, self.list_sides(module, 1), grad_output[0])[0],)

    def list_sides(self, module: Linear, sign: int) -> list[tuple[Tensor, Tensor]]:
        """Inputs, each with the weights that make products of a sign with it."""
        values, weight = self.stored_tensors["input"][0].detach(), module.weight
        positive, negative = weight.clamp(min=0), weight.clamp(max=0)
        if sign < 0:
            positive, negative = negative, positive
        sides = [(values.clamp(min=0), positive)]
        return [*sides, (values.clamp(max=0), negative)] if (values < 0).any() else sides


class OwnSign(Plus):
    """z+, and where that leaves an output without anyone who gets its relevance, the next best.

    An output below 0, or to which nothing positive came, is shared by negative products; one that is its
    bias alone, while its inputs are all 0, by whatever is seen at that place in other channels. Where a
    convolution has a batch norm, or sees few channels, there are many: z+ by itself loses two thirds of
    EfficientNet-Lite's scores. (The gamma rule of Andéol et al. 2021, for a large gamma, divides outputs
    by their signs likewise.)
    """

    def forward(self, module: nn.Module, input: tuple[Tensor, ...], output: Tensor) -> None:
        """Keep which outputs are above 0."""
        self.stored_tensors["positive"] = output > 0

    def backward(self, module: Linear, grad_input: Any, grad_output: Any) -> tuple[Tensor]:
        """Relevance of the output to that of the input."""
        positive = self.stored_tensors["positive"]
        found, rest = share(module, self.list_sides(module, 1), grad_output[0], positive)
        if rest.any():
            more, rest = share(module, self.list_sides(module, -1), rest)
            found += more
        values = self.stored_tensors["input"][0].detach()
        if rest.any() and values.ndim == 4:
            sizes = values.abs()
            seen = sizes.mean(dim=1, keepdim=True)
            everywhere = [(seen.expand_as(values), torch.ones_like(module.weight))]
            more = share(module, everywhere, rest)[0].sum(dim=1, keepdim=True)
            found += sizes * more / sizes.sum(dim=1, keepdim=True).clamp(TINY)
        return (found,)


def share(
    module: Linear,
    parts: list[tuple[Tensor, Tensor]],
    relevance: Tensor,
    chosen: Tensor | bool = True,
) -> tuple[Tensor, Tensor]:
    """Relevance by what inputs bring, and what is left of it where they bring nothing or were not chosen.

    Parts are inputs, each with a weight; all that they bring to an output has the same sign.
    """
    factors = [values.detach().requires_grad_() for values, _ in parts]
    with torch.enable_grad():
        sums = [module.compute(f, w, None) for f, (_, w) in zip(factors, parts, strict=True)]
    total = sum(sums[1:], sums[0]).detach()
    there = (total != 0) & chosen
    passed = relevance * there / stabilize(total, TINY)
    back = torch.autograd.grad(sums, factors, [passed] * len(sums))
    shares = [f.detach() * b for f, b in zip(factors, back, strict=True)]
    return sum(shares[1:], shares[0]), relevance * ~there


def box(low: Tensor, high: Tensor) -> Hook:
    """z-B, for pixels between `low` and `high`: what each adds over the value worst for it.

    zennit's own takes the difference of three sums, which loses digits that are kept here.
    """
    return BasicHook(
        input_modifiers=[lambda values: values - low, lambda values: values - high],
        param_modifiers=[
            ClampMod(min=0, zero_params=NO_BIAS),
            ClampMod(max=0, zero_params=NO_BIAS),
        ],
        gradient_mapper=lambda relevance, sums: [relevance / stabilize(sum(sums), TINY)] * 2,
    )


def flat(seen: Tensor) -> Hook:
    """Every pixel that a unit sees contributes the same; padding, which `seen` leaves out, nothing."""
    return BasicHook(
        input_modifiers=[lambda values: seen.expand_as(values)],
        param_modifiers=[ParamMod(lambda weight, _: torch.ones_like(weight), zero_params=NO_BIAS)],
        gradient_mapper=lambda relevance, sums: [relevance / stabilize(sums[0], TINY)],
    )
