"""Guided backpropagation, and its product with Grad-CAM."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from layerscope.errors import InputError
from layerscope.heatmap import fit_to_picture
from layerscope.models import Classifier, to_pixels

# What nn.ReLU, nn.ReLU6 and models that call functions themselves end in.
_RECTIFIERS = {
    functional.relu,
    functional.relu6,
    torch.relu,
    torch.relu_,
    Tensor.relu,
    Tensor.relu_,
}


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
    pictures : ndarray of uint8, (N, S, S, 3)
    outputs : ndarray of int, (N,)
        One output index per picture.

    Returns
    -------
    ndarray of float32, (N, S, S, 3)
        Signed, by the normalised input, in logits per unit of it.

    Raises
    ------
    InputError
        For a model without rectifiers, where this would be the gradient under another name.
    ValueError
        Where there are not as many outputs as pictures.
    """
    if len(outputs) != len(pictures):
        raise ValueError(f"{len(outputs)} outputs for {len(pictures)} pictures")
    device = next(classifier.module.parameters()).device
    inputs = classifier.normalize(to_pixels(pictures, device)).requires_grad_()
    rule = _GuidedRule()
    with torch.enable_grad(), rule:
        logits = classifier.module(inputs)
    if not rule.met:
        raise InputError(f"{classifier.name} has no ReLU, which guided backpropagation is made for")
    chosen = torch.as_tensor(np.asarray(outputs, dtype=np.int64), device=device)
    score = logits.gather(1, chosen[:, None]).sum()  # pictures do not touch each other's gradient
    (gradient,) = torch.autograd.grad(score, inputs)
    return gradient.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def guided_grad_cam(gradients: np.ndarray, cams: np.ndarray) -> np.ndarray:
    """Guided Grad-CAM (Selvaraju et al. 2017): gradients, weighted by where Grad-CAM points.

    Parameters
    ----------
    gradients : ndarray of float32, (N, S, S, 3)
        Of `guided_backprop`.
    cams : ndarray, (N, h, w)
        Of the same outputs, at least 0.

    Returns
    -------
    ndarray of float32, (N, S, S, 3)
        The product with each map, which is scaled to [0, 1] and enlarged bilinearly before.
    """
    if len(cams) != len(gradients):
        raise ValueError(f"{len(cams)} maps for {len(gradients)} gradients")
    weights = [fit_to_picture(cam, gradients.shape[1])[:, :, None] for cam in cams]
    return gradients * np.stack(weights)


class _GuidedRule(TorchFunctionMode):
    """While it is active, every rectifier lets only positive gradients back.

    The mask of positive inputs is the rectifier's own; only the sign of what comes back is added.
    """

    def __init__(self) -> None:
        super().__init__()
        self.met = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        found = func(*args, **(kwargs or {}))
        if func in _RECTIFIERS or (
            func is functional.hardtanh and _is_relu6(*args, **kwargs or {})
        ):
            found.register_hook(lambda gradient: gradient.clamp(min=0))
            self.met += 1
        return found


def _is_relu6(input: Tensor, min_val: float = -1.0, *_: float, **__: bool) -> bool:
    """nn.ReLU6 is written as a hard tanh from 0 to 6."""
    return min_val >= 0
