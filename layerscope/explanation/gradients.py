"""Methods that follow the gradient of a score back to the pixels."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from layerscope.explanation.filling import fill_picture
from layerscope.explanation.guided import (
    DeconvolutionRule,
    GuidedRule,
    RectifierRule,
    rectified_gradient,
)
from layerscope.explanation.method import COMPLETE, Attribution
from layerscope.explanation.task import BATCH, ExplanationTask, blank, score_of
from layerscope.models.registry import Classifier

_FIRST_STEPS = 64  # of Integrated Gradients, before any are added


def to_channels(values: Tensor) -> np.ndarray:
    """Values (N, C, H, W) to an array (N, H, W, C) of float32."""
    return values.detach().permute(0, 2, 3, 1).contiguous().float().cpu().numpy()


def saliency(task: ExplanationTask) -> Attribution:
    """The largest absolute gradient over the colour channels, by Captum."""
    from captum.attr import Saliency

    inputs = task.classifier.to_inputs(task.pictures).requires_grad_()
    found = Saliency(task.score).attribute(inputs, additional_forward_args=(task.targets,))
    channels = to_channels(found)
    return Attribution(channels.max(axis=-1), channels)


def smooth_grad(task: ExplanationTask, n_samples: int, noise: float) -> Attribution:
    """The gradient averaged over noisy copies of a picture, then as `saliency`.

    Captum's NoiseTunnel draws from the generator that all threads share, so that its results do not
    repeat; the noise is drawn here, and the same for every picture.
    """
    from captum.attr import Saliency

    task.watch.expect(n_samples)
    inputs = task.classifier.to_inputs(task.pictures)  # (1, C, H, W)
    spread = noise * (inputs.amax() - inputs.amin())
    generator = torch.Generator().manual_seed(task.random_state)
    method = Saliency(task.score)
    total = torch.zeros_like(inputs)
    for start in range(0, n_samples, BATCH):
        n = min(BATCH, n_samples - start)
        drawn = torch.randn(n, *inputs.shape[1:], generator=generator).to(task.classifier.device)
        noisy = (inputs + spread * drawn).requires_grad_()
        targets = task.targets.expand(n, -1)
        found = method.attribute(noisy, abs=False, additional_forward_args=(targets,))
        total += found.sum(dim=0, keepdim=True)
    channels = to_channels((total / n_samples).abs())
    return Attribution(channels.max(axis=-1), channels)


def integrated_gradients(task: ExplanationTask, n_steps: int, fill: str) -> Attribution:
    """The gradient along the straight way from a baseline to the picture.

    By the trapezoidal rule, whose points serve again when their number is doubled: Captum, which takes
    all of them anew, is twice as slow. Doubled until the values sum to what the score gains, but for
    `COMPLETE` of it, or until there are `n_steps` steps.
    """
    inputs = task.classifier.to_inputs(task.pictures)  # (1, C, H, W)
    baseline = task.classifier.to_inputs(
        fill_picture(task.pictures[0], fill, task.random_state)[None]
    )
    with torch.no_grad():
        logits = task.classifier.module(torch.cat([inputs, baseline]))
    scores = score_of(logits, task.targets.expand(2, -1))
    gain = scores[:1] - scores[1:]
    found = _integrate(task, baseline, inputs - baseline, float(gain), n_steps)
    channels = to_channels(found)
    return Attribution(channels.sum(axis=-1), channels, total=gain.float().cpu().numpy())


def _integrate(
    task: ExplanationTask, baseline: Tensor, way: Tensor, gain: float, n_steps: int
) -> Tensor:
    """What each value of a way (1, C, H, W) from a baseline adds to the score."""

    def add_gradients(places: Tensor) -> Tensor:
        total = torch.zeros_like(way)
        for batch in places.to(way).split(BATCH):
            points = (baseline + batch.view(-1, 1, 1, 1) * way).requires_grad_()
            with torch.enable_grad():
                score = task.score(points, task.targets.expand(len(points), -1)).sum()
            (gradient,) = torch.autograd.grad(score, points)
            total += gradient.sum(dim=0, keepdim=True)
        return total

    n = min(_FIRST_STEPS, n_steps)
    task.watch.expect(n + 1)
    total = add_gradients(torch.tensor([0.0, 1.0])) / 2 + add_gradients(torch.arange(1, n) / n)
    while True:
        values = way * total / n
        if abs(float(values.sum()) - gain) <= COMPLETE * abs(gain) or 2 * n > n_steps:
            return values
        task.watch.expect(2 * n + 1)
        total += add_gradients((torch.arange(n) + 0.5) / n)
        n *= 2


def _rectified(task: ExplanationTask, rule: RectifierRule) -> Attribution:
    channels = rectified_gradient(task.classifier, task.pictures, task.targets, rule)
    return Attribution(channels.sum(axis=-1), channels)


def deconvolution(task: ExplanationTask) -> Attribution:
    """The gradient with `DeconvolutionRule`."""
    return _rectified(task, DeconvolutionRule())


def guided_backpropagation(task: ExplanationTask) -> Attribution:
    """The gradient with `GuidedRule`."""
    return _rectified(task, GuidedRule())


def needs_rectifiers(classifier: Classifier) -> str | None:
    """One line for a model without ReLU, or with other activation functions.

    Models call functions themselves, or have modules that they do not use; which it is is seen in one
    forward pass.
    """
    rule = GuidedRule()
    with torch.enable_grad(), rule:
        classifier.module(blank(classifier).requires_grad_())
    return rule.refuse(classifier.name)
