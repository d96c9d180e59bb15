"""Methods that follow the gradient of a score back to the pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from layerscope.explanation.filling import FILL, fill_picture
from layerscope.explanation.guided import (
    DeconvolutionRule,
    GuidedRule,
    RectifierRule,
    rectified_gradient,
)
from layerscope.explanation.method import (
    ADEBAYO,
    HOOKER,
    SHRIKUMAR,
    ZEILER,
    Attribution,
    Citation,
    Failure,
    Method,
    Option,
)
from layerscope.explanation.task import BATCH, ExplanationTask, score_of
from layerscope.models.registry import Classifier


def to_channels(values: Tensor) -> np.ndarray:
    """Values (N, 3, S, S) to an array (N, S, S, 3) of float32."""
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
    inputs = task.classifier.to_inputs(task.pictures)  # (1, 3, S, S)
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
    """The gradient along the straight way from a baseline to the picture, by Captum.

    The way is sampled by Gauss and Legendre's rule. The values sum to what the score gains.
    """
    from captum.attr import IntegratedGradients

    task.watch.expect(n_steps)
    inputs = task.classifier.to_inputs(task.pictures)  # (1, 3, S, S)
    baseline = task.classifier.to_inputs(
        fill_picture(task.pictures[0], fill, task.random_state)[None]
    )
    found = IntegratedGradients(task.score).attribute(
        inputs.clone().requires_grad_(),
        baselines=baseline,
        additional_forward_args=(task.targets,),
        n_steps=n_steps,
        internal_batch_size=BATCH,
    )
    with torch.no_grad():
        logits = task.classifier.module(torch.cat([inputs, baseline]))
    scores = score_of(logits, task.targets.expand(2, -1))
    channels = to_channels(found)
    gain = (scores[:1] - scores[1:]).float().cpu().numpy()
    return Attribution(channels.sum(axis=-1), channels, total=gain)


def _rectified(task: ExplanationTask, rule: RectifierRule) -> Attribution:
    channels = rectified_gradient(task.classifier, task.pictures, task.targets, rule)
    return Attribution(channels.sum(axis=-1), channels)


def deconvolution(task: ExplanationTask) -> Attribution:
    """The gradient with `DeconvolutionRule`."""
    return _rectified(task, DeconvolutionRule())


def guided_backpropagation(task: ExplanationTask) -> Attribution:
    """The gradient with `GuidedRule`."""
    return _rectified(task, GuidedRule())


_RECTIFIERS = (nn.ReLU, nn.ReLU6)


def needs_rectifiers(classifier: Classifier) -> str | None:
    """One line for a model without ReLU.

    Models that call the function themselves have no module for it; whether they do is seen in one
    forward pass.
    """
    if any(isinstance(part, _RECTIFIERS) for part in classifier.module.modules()):
        return None
    side = classifier.input_size
    rule = GuidedRule()
    with torch.enable_grad(), rule:
        classifier.module(torch.zeros(1, 3, side, side, device=classifier.device).requires_grad_())
    return None if rule.met else f"{classifier.name} has no ReLU, which this method changes"


GRADIENT_METHODS = (
    Method(
        "saliency",
        "Saliency",
        "gradient",
        "How much the score reacts to a small change of each pixel: the absolute gradient, the largest "
        "of the three colour channels. It tells where the model is sensitive, not whether a pixel "
        "speaks for the class or against it.",
        r"M_{ij} = \max_c \left|\frac{\partial S}{\partial x_{ijc}}\right|",
        Citation(
            "Simonyan, Vedaldi and Zisserman",
            2013,
            "Deep Inside Convolutional Networks: Visualising Image Classification Models and "
            "Saliency Maps",
            "https://arxiv.org/abs/1312.6034",
        ),
        Failure(
            "Where the score has saturated the gradient is near zero, although the pixels matter.",
            SHRIKUMAR,
        ),
        signed=False,
        explain=saliency,
    ),
    Method(
        "smooth_grad",
        "SmoothGrad",
        "gradient",
        "The gradient averaged over copies of the picture with noise on them, so that what fluctuates "
        "from pixel to pixel cancels. Read it as saliency: it looks cleaner, and costs a pass for each "
        "copy.",
        r"M_{ij} = \max_c \left|\frac{1}{n}\sum_{k=1}^{n}"
        r"\frac{\partial S(x + \varepsilon_k)}{\partial x_{ijc}}\right|,"
        r"\quad \varepsilon_k \sim \mathcal{N}(0, \sigma^2)",
        Citation(
            "Smilkov et al.",
            2017,
            "SmoothGrad: removing noise by adding noise",
            "https://arxiv.org/abs/1706.03825",
        ),
        Failure(
            "Removing the pixels that it ranks highest and retraining lowers accuracy no more than "
            "removing pixels at random.",
            HOOKER,
        ),
        signed=False,
        explain=smooth_grad,
        options=(
            Option("n_samples", "Copies", "How many noisy copies are averaged.", 24, 2, 200),
            Option(
                "noise",
                "Noise",
                "Standard deviation of the noise, as a share of the picture's range of values.",
                0.15,
                0.01,
                0.5,
            ),
        ),
        long=True,
    ),
    Method(
        "integrated_gradients",
        "Integrated Gradients",
        "gradient",
        "The picture is interpolated from a baseline, and what each pixel adds to the score on the way is "
        "summed up. Positive values raise the score, negative ones lower it, and all of them sum to "
        "the score's gain over the baseline.",
        r"M_i = (x_i - x'_i)\int_0^1 \frac{\partial S(x' + \alpha(x - x'))}{\partial x_i}\,d\alpha,"
        r"\quad \sum_i M_i = S(x) - S(x')",
        Citation(
            "Sundararajan, Taly and Yan",
            2017,
            "Axiomatic Attribution for Deep Networks",
            "https://arxiv.org/abs/1703.01365",
        ),
        Failure(
            "Pixels that equal the baseline get nothing, however much they matter: against black, a black "
            "beak is invisible.",
            Citation(
                "Sturmfels, Lundberg and Lee",
                2020,
                "Visualizing the Impact of Feature Attribution Baselines",
                "https://distill.pub/2020/attribution-baselines/",
            ),
        ),
        signed=True,
        explain=integrated_gradients,
        options=(
            Option(
                "n_steps",
                "Steps",
                "Interpolated pictures at which the gradient is taken: the more, the closer the sum comes to "
                "what it must be.",
                64,
                8,
                2048,
            ),
            replace(
                FILL,
                label="Baseline",
                meaning="Where the interpolation begins: the picture's mean colour, black, the picture "
                "blurred, or noise.",
            ),
        ),
        long=True,
    ),
    Method(
        "deconvolution",
        "Deconvolution",
        "gradient",
        "The score is propagated back through the network, and each ReLU keeps only what is positive of what "
        "comes back, whatever it let through on the way forward. It paints the shapes that strong "
        "units respond to, and needs the positions that max pooling remembers.",
        r"R^{l} = \max\!\left(R^{l+1}, 0\right) \text{ at each ReLU}",
        ZEILER,
        Failure(
            "It partly reconstructs the picture whatever the class, and has little to do with the "
            "decision.",
            Citation(
                "Nie, Zhang and Patel",
                2018,
                "A Theoretical Explanation for Perplexing Behaviors of Backpropagation-based "
                "Visualizations",
                "https://arxiv.org/abs/1805.07039",
            ),
        ),
        signed=True,
        explain=deconvolution,
        supports=needs_rectifiers,
    ),
    Method(
        "guided_backpropagation",
        "Guided backpropagation",
        "gradient",
        "The gradient, where each ReLU on the way back also drops what is negative: only paths that "
        "raise the score at every step are left. It is sharp at edges and parts.",
        r"R^{l} = \mathbb{1}\!\left[z^{l} > 0\right]\,\max\!\left(R^{l+1}, 0\right)"
        r"\text{ at each ReLU}",
        Citation(
            "Springenberg et al.",
            2015,
            "Striving for Simplicity: The All Convolutional Net",
            "https://arxiv.org/abs/1412.6806",
        ),
        Failure(
            "It looks nearly the same after the weights of the upper layers were replaced by random "
            "numbers.",
            ADEBAYO,
        ),
        signed=True,
        explain=guided_backpropagation,
        supports=needs_rectifiers,
    ),
)
