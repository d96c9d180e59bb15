"""Gradients through rectifiers with another rule: guided backpropagation, deconvolution, Guided Grad-CAM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from layerscope.errors import InputError
from layerscope.explanation.heatmap import fit_to_picture
from layerscope.explanation.task import score_of, targets_of
from layerscope.models.registry import Classifier

# What nn.ReLU, nn.ReLU6 and models that call functions themselves end in.
_RECTIFIERS = {
    functional.relu,
    functional.relu6,
    torch.relu,
    torch.relu_,
    Tensor.relu,
    Tensor.relu_,
}
# Activation functions that let through some of what is below 0.
_OTHERS = {"gelu", "silu", "hardswish", "mish", "elu", "celu", "selu", "leaky_relu", "prelu"}


def guided_backprop(
    classifier: Classifier, pictures: np.ndarray, outputs: np.ndarray
) -> np.ndarray:
    """Guided backpropagation (Springenberg et al. 2015): what raises a score along rising paths only.

    It is the gradient of an output's logit by the input, where each rectifier on the way back also
    sets to zero what is negative. pytorch-grad-cam's class for it takes one picture at a time, swaps
    modules of the model and does not see the rectifiers that GoogLeNet and Inception call as
    functions. Here they are met as they are called, so that the model is left alone; the results are
    the same.

    Parameters
    ----------
    classifier : Classifier
        Left as it is.
    pictures : ndarray of uint8, (N, H, W, C)
    outputs : ndarray of int, (N,)
        One output index per picture.

    Returns
    -------
    ndarray of float32, (N, H, W, C)
        Signed, by the normalised input, in logits per unit of it.

    Raises
    ------
    InputError
        For a model without rectifiers, where this would be the gradient under another name, or with
        other functions in places.
    ValueError
        Where there are not as many outputs as pictures.
    """
    if len(outputs) != len(pictures):
        raise ValueError(f"{len(outputs)} outputs for {len(pictures)} pictures")
    return rectified_gradient(classifier, pictures, targets_of(outputs), GuidedRule())


def rectified_gradient(
    classifier: Classifier, pictures: np.ndarray, targets: Tensor, rule: RectifierRule
) -> np.ndarray:
    """The gradient of scores by the input, with a rule of its own at the rectifiers.

    Parameters
    ----------
    classifier, pictures
        As of `guided_backprop`, as are result and errors.
    targets : Tensor of int64, (N, 2)
        Of `layerscope.explanation.task.targets_of`.
    rule : RectifierRule
    """
    inputs = classifier.to_inputs(pictures).requires_grad_()
    with torch.enable_grad(), rule:
        logits = classifier.module(inputs)
    reason = rule.refuse(classifier.name)
    if reason is not None:
        raise InputError(reason)
    score = score_of(logits, targets).sum()  # pictures do not touch each other's gradient
    (gradient,) = torch.autograd.grad(score, inputs)
    return gradient.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def guided_grad_cam(gradients: np.ndarray, cams: np.ndarray) -> np.ndarray:
    """Guided Grad-CAM (Selvaraju et al. 2017): gradients, weighted by where Grad-CAM points.

    Parameters
    ----------
    gradients : ndarray of float32, (N, H, W, C)
        Of `guided_backprop`.
    cams : ndarray, (N, h, w)
        Of the same outputs, at least 0.

    Returns
    -------
    ndarray of float32, (N, H, W, C)
        The product with each map, which is scaled to [0, 1] and enlarged bilinearly before.
    """
    if len(cams) != len(gradients):
        raise ValueError(f"{len(cams)} maps for {len(gradients)} gradients")
    weights = [fit_to_picture(cam, gradients.shape[1:3])[:, :, None] for cam in cams]
    return gradients * np.stack(weights)


def is_rectifier(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> bool:
    """Whether a function of torch, called so, rectifies: ReLU in any of its forms, or ReLU6."""
    return func in _RECTIFIERS or (func is functional.hardtanh and _is_relu6(*args, **kwargs))


def _is_relu6(input: Tensor, min_val: float = -1.0, *_: float, **__: bool) -> bool:
    """nn.ReLU6 is written as a hard tanh from 0 to 6."""
    return min_val >= 0


class RectifierRule(TorchFunctionMode):
    """While it is active, every rectifier is met as it is called, and can be given a rule.

    Attributes
    ----------
    met : int
        How many were met.
    others : set of str
        Names of other activation functions that were met, which have no such rule.
    """

    follows_gradient = False  # whether it is about what depends on the picture alone

    def __init__(self) -> None:
        super().__init__()
        self.met = 0
        self.others: set[str] = set()

    def refuse(self, name: str) -> str | None:
        """One line for a model of a name after its forward pass, if the rule is not made for it."""
        if self.met and not self.others:
            return None
        others = ", ".join(sorted(self.others))
        has = (
            f"has {others} beside ReLU"
            if self.met
            else f"has no ReLU{others and f', but {others}'}"
        )
        return f"{name} {has}; guided backpropagation and deconvolution are made for ReLU alone"

    def rectify(
        self, func: Callable[..., Tensor], values: Tensor, *rest: Any, **named: Any
    ) -> Tensor:
        """What stands in the place of ``func(values, *rest, **named)``."""
        raise NotImplementedError

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if self.follows_gradient and not any(
            isinstance(each, Tensor) and each.requires_grad for each in args
        ):
            return func(*args, **kwargs)  # of weights alone, as Swin V2's table of places is
        if not is_rectifier(func, args, kwargs):
            self.others |= {getattr(func, "__name__", "")} & _OTHERS
            return func(*args, **kwargs)
        self.met += 1
        return self.rectify(func, *args, **kwargs)


class GuidedRule(RectifierRule):
    """Only positive gradients come back, and only where the input was positive.

    The mask of positive inputs is the rectifier's own; only the sign of what comes back is added.
    """

    follows_gradient = True

    def rectify(
        self, func: Callable[..., Tensor], values: Tensor, *rest: Any, **named: Any
    ) -> Tensor:
        """As it is, with a hook on what comes back."""
        found = func(values, *rest, **named)
        found.register_hook(lambda gradient: gradient.clamp(min=0))
        return found


class DeconvolutionRule(RectifierRule):
    """Only positive gradients come back, wherever the input was (Zeiler and Fergus 2014).

    Captum's class for it works on modules of the type nn.ReLU alone, and returns the plain gradient
    where it meets none.
    """

    follows_gradient = True

    def rectify(
        self, func: Callable[..., Tensor], values: Tensor, *rest: Any, **named: Any
    ) -> Tensor:
        """Rectified on both ways."""
        return _RectifiedBothWays.apply(values, partial(func, *rest, **named))


class _RectifiedBothWays(torch.autograd.Function):
    @staticmethod
    def forward(_: Any, values: Tensor, rectifier: Callable[[Tensor], Tensor]) -> Tensor:
        return rectifier(values.clone())  # which may work in place

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient.clamp(min=0), None
