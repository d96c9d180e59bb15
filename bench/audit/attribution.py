"""Explanations by Captum and pytorch-grad-cam, and the maps that the app makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import layerscope.vision  # noqa: F401  (pytorch-grad-cam needs what it prepares)

# isort: split
import numpy as np
import torch
from captum.attr import IntegratedGradients, Saliency
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from bench.audit.subject import Subject

_BATCH = 8
_FIRST_STEPS, _MISSING = 64, 0.01  # as the method's entry says: twice as many until 1 % is missing
_CAMS = {"grad_cam": GradCAM, "grad_cam_plus_plus": GradCAMPlusPlus}


@dataclass(frozen=True)
class Integral:
    """What Integrated Gradients give of one picture.

    Attributes
    ----------
    values : ndarray, (H, W)
    n_steps : int
    missing : float
        How far the values are from the score's gain, as a share of it.
    """

    values: np.ndarray
    n_steps: int
    missing: float


def find_saliency(
    subject: Subject, pictures: np.ndarray, outputs: np.ndarray, module: nn.Module | None = None
) -> np.ndarray:
    """The largest absolute gradient over colours, (N, H, W), of the network or another module."""
    method = Saliency(subject.module if module is None else module)
    found = []
    for start in range(0, len(pictures), _BATCH):
        inputs = subject.normalize(
            subject.to_pixels(pictures[start : start + _BATCH])
        ).requires_grad_()
        targets = torch.from_numpy(outputs[start : start + _BATCH].astype(np.int64))
        found.append(method.attribute(inputs, target=targets).amax(dim=1).detach().numpy())
    return np.concatenate(found)


def integrate(
    subject: Subject, picture: np.ndarray, output: int, n_steps: int, rule: str
) -> Integral:
    """Integrated Gradients from the picture's mean colour, in so many steps.

    Parameters
    ----------
    subject : Subject
    picture : ndarray of uint8, (H, W, C)
    output : int
    n_steps : int
    rule : str
        "trapezoid", whose n steps have n + 1 points, or "gausslegendre", whose have n.
    """
    colour = picture.mean(axis=(0, 1)).round().astype(np.uint8)
    both = np.stack([picture, np.broadcast_to(colour, picture.shape)])
    inputs, baseline = subject.normalize(subject.to_pixels(both)).split(1)
    is_even = rule == "trapezoid"
    given: Tensor = IntegratedGradients(subject.module).attribute(
        inputs.requires_grad_(),
        baseline,
        target=output,
        n_steps=n_steps + is_even,
        method="riemann_trapezoid" if is_even else rule,
        internal_batch_size=_BATCH,
    )
    found = given.detach()[0].numpy().astype(np.float64)  # (C, H, W)
    if is_even:  # Captum's weights of n + 1 points are one (n + 1)th each, not one nth
        found = found * (n_steps + 1) / n_steps
    with torch.no_grad():
        logits = subject.module(torch.cat([inputs, baseline]))[:, output]
    gain = float(logits[0] - logits[1])
    missing = abs(found.sum() - gain) / abs(gain)
    return Integral(found.sum(axis=0), n_steps, missing)


def integrate_enough(subject: Subject, picture: np.ndarray, output: int, most: int) -> Integral:
    """In 64 steps, and twice as many until the values sum to the gain, or there would be more than `most`."""
    n_steps = min(_FIRST_STEPS, most)
    while True:
        found = integrate(subject, picture, output, n_steps, "trapezoid")
        if found.missing <= _MISSING or 2 * n_steps > most:
            return found
        n_steps *= 2


def find_cams(
    subject: Subject, key: str, layer: str, pictures: np.ndarray, outputs: np.ndarray
) -> np.ndarray:
    """Class activation maps by the library, each scaled to [0, 1], (N, H, W)."""
    found = []
    with _CAMS[key](subject.module, [subject.find_module(layer)]) as method:
        for start in range(0, len(pictures), _BATCH):
            inputs = subject.normalize(subject.to_pixels(pictures[start : start + _BATCH]))
            inputs.requires_grad_()
            targets = [
                ClassifierOutputTarget(int(each)) for each in outputs[start : start + _BATCH]
            ]
            found.append(method(inputs, targets))
    return np.concatenate(found)


def find_cam_plus_plus(
    subject: Subject, layer: str, pictures: np.ndarray, outputs: np.ndarray
) -> np.ndarray:
    """Grad-CAM++ by its equation 19, without what the library adds to denominators: (N, h, w)."""
    taken: list[Tensor] = []
    hook = subject.find_module(layer).register_forward_hook(
        lambda _m, _i, output: taken.append(output)
    )
    try:
        inputs = subject.normalize(subject.to_pixels(pictures)).requires_grad_()
        logits = subject.module(inputs)
    finally:
        hook.remove()
    chosen = logits[torch.arange(len(outputs)), torch.from_numpy(outputs.astype(np.int64))].sum()
    (gradient,) = torch.autograd.grad(chosen, taken[0])
    maps, g = taken[0].detach().numpy().astype(np.float64), gradient.numpy().astype(np.float64)
    sums = np.maximum(maps, 0).sum(axis=(2, 3), keepdims=True)
    alpha = np.divide(1.0, 2 + sums * g, out=np.zeros_like(g), where=g > 0)
    weights = (alpha * np.maximum(g, 0)).sum(axis=(2, 3), keepdims=True)
    return np.maximum((weights * maps).sum(axis=1), 0)
