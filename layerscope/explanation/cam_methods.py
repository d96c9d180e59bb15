"""Methods of class activation maps: where the feature maps of a layer speak for an output."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.explanation.gradients import needs_rectifiers
from layerscope.explanation.guided import GuidedRule, guided_grad_cam, rectified_gradient
from layerscope.explanation.method import ADEBAYO, HOOKER, Attribution, Citation, Failure, Method
from layerscope.explanation.task import BATCH, ExplanationTask, check_maps, score_of
from layerscope.models.layer_table import tapped
from layerscope.models.registry import Classifier


def _score(targets: Tensor, logits: Tensor) -> Tensor:
    """The score of one picture's logits (K,)."""
    return score_of(logits[None], targets[None])[0]


def compute_maps(task: ExplanationTask, key: str) -> np.ndarray:
    """Maps (N, h, w) float32, at least 0, of one of the methods of `open_cam`."""
    from layerscope.explanation.cam import open_cam  # the library takes seconds to import

    inputs = task.classifier.to_inputs(task.pictures).requires_grad_()
    scores = [partial(_score, each) for each in task.targets]
    with open_cam(key, task.classifier.module, task.layer or "") as compute:
        return compute(inputs, scores)


def enlarge(maps: np.ndarray, side: int) -> np.ndarray:
    """Maps (N, h, w) bilinearly to (N, side, side), not rescaled."""
    return np.stack([cv2.resize(each, (side, side)) for each in maps])


def explain_by(key: str) -> Callable[[ExplanationTask], Attribution]:
    """The method of a key, by `compute_maps`."""

    def explain(task: ExplanationTask) -> Attribution:
        maps = compute_maps(task, key)
        return Attribution(enlarge(maps, task.pictures.shape[1]), maps=maps)

    return explain


def guided_grad_cam_of(task: ExplanationTask) -> Attribution:
    """Guided backpropagation, weighted by Grad-CAM."""
    maps = compute_maps(task, "grad_cam")
    gradients = rectified_gradient(task.classifier, task.pictures, task.targets, GuidedRule())
    channels = guided_grad_cam(gradients, maps)
    return Attribution(channels.sum(axis=-1), channels, maps=maps)


def score_cam(task: ExplanationTask) -> Attribution:
    """Maps weighted by the score of the picture seen through each.

    pytorch-grad-cam's class for it holds a masked picture for every channel in memory, prints a bar,
    and cannot be stopped. Channels that are the same everywhere mask the whole picture, and share one
    score.
    """
    inputs = task.classifier.to_inputs(task.pictures)  # (1, 3, S, S)
    taken: list[Tensor] = []
    key, module = task.layer or "", task.classifier.module
    with torch.no_grad():
        with tapped(module, [key], lambda _, output: taken.append(output.clone())):
            module(inputs)
        check_maps(taken)
        maps = taken[0][0]  # (C, h, w)
        varied = maps.amax(dim=(1, 2)) > maps.amin(dim=(1, 2))
        task.watch.expect(len(maps) + 1)
        scores = task.score(torch.zeros_like(inputs), task.targets).repeat(len(maps))
        task.watch.advance(int((~varied).sum()))
        for channels in varied.nonzero()[:, 0].split(BATCH):
            masked = inputs * _masks(maps[channels], inputs.shape[-1])
            scores[channels] = task.score(masked, task.targets.expand(len(channels), -1))
        weights = scores.softmax(dim=0)
        found = (weights[:, None, None] * maps).sum(dim=0, keepdim=True).relu()
    cams = found.cpu().numpy()
    return Attribution(enlarge(cams, inputs.shape[-1]), maps=cams)


def _masks(maps: Tensor, side: int) -> Tensor:
    """Maps (n, h, w), enlarged and each scaled to [0, 1]: (n, 1, side, side)."""
    large = functional.interpolate(maps[:, None], (side, side), mode="bilinear")
    low, high = large.amin(dim=(2, 3), keepdim=True), large.amax(dim=(2, 3), keepdim=True)
    return (large - low) / (high - low + 1e-8)


def needs_maps(classifier: Classifier) -> str | None:
    """One line for a model without convolutions."""
    if any(isinstance(part, nn.Conv2d) for part in classifier.module.modules()):
        return None
    return f"{classifier.name} has no convolutions, and so no feature maps"


def needs_maps_and_rectifiers(classifier: Classifier) -> str | None:
    """One line for a model without convolutions or without ReLU."""
    return needs_maps(classifier) or needs_rectifiers(classifier)


_SELVARAJU = Citation(
    "Selvaraju et al.",
    2017,
    "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
    "https://arxiv.org/abs/1610.02391",
)
_DRAELOS = Citation(
    "Draelos and Carin",
    2020,
    "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks",
    "https://arxiv.org/abs/2011.08891",
)
_JIANG = Citation(
    "Jiang et al.",
    2021,
    "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization",
    "https://doi.org/10.1109/TIP.2021.3089943",
)

CAM_METHODS = (
    Method(
        "grad_cam",
        "Grad-CAM",
        "map",
        "The feature maps of a layer are added up, each weighted by how much the score rises with it "
        "on average. What is left above zero shows roughly where the layer found evidence for the "
        "class.",
        r"L = \mathrm{ReLU}\!\left(\sum_k \alpha_k A^k\right), \quad"
        r"\alpha_k = \frac{1}{Z}\sum_{ij}\frac{\partial S}{\partial A^k_{ij}}",
        _SELVARAJU,
        Failure(
            "Averaging the gradient over a map can light up places that the model did not use.",
            _DRAELOS,
        ),
        signed=False,
        explain=explain_by("grad_cam"),
        supports=needs_maps,
        at_layer=True,
    ),
    Method(
        "grad_cam_plus_plus",
        "Grad-CAM++",
        "map",
        "As Grad-CAM, but a map's weight is made of its positive gradients only, and places where few "
        "pixels carry the map count more. It covers several objects of the class more evenly.",
        r"\alpha_k = \sum_{ij} \frac{\mathrm{ReLU}(g^k_{ij})}{2 + g^k_{ij}\sum_{ab} A^k_{ab}},"
        r"\quad g^k_{ij} = \frac{\partial S}{\partial A^k_{ij}}",
        Citation(
            "Chattopadhay et al.",
            2018,
            "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks",
            "https://arxiv.org/abs/1710.11063",
        ),
        Failure(
            "In practice it is nearly the same as Grad-CAM with the negative gradients left out.",
            Citation(
                "Lerma and Lucas",
                2022,
                "Grad-CAM++ is Equivalent to Grad-CAM With Positive Gradients",
                "https://arxiv.org/abs/2205.10838",
            ),
        ),
        signed=False,
        explain=explain_by("grad_cam_plus_plus"),
        supports=needs_maps,
        at_layer=True,
    ),
    Method(
        "layer_cam",
        "Layer-CAM",
        "map",
        "Each place of each feature map is weighted by its own positive gradient, not by an average over "
        "the map. It stays fine at early layers, where Grad-CAM blurs.",
        r"L_{ij} = \mathrm{ReLU}\!\left(\sum_k \mathrm{ReLU}\!\left("
        r"\frac{\partial S}{\partial A^k_{ij}}\right) A^k_{ij}\right)",
        _JIANG,
        Failure(
            "Negative gradients are dropped, so that evidence against the class is never seen; its maps "
            "of early layers show edges of anything.",
            _JIANG,
        ),
        signed=False,
        explain=explain_by("layer_cam"),
        supports=needs_maps,
        at_layer=True,
    ),
    Method(
        "hires_cam",
        "HiRes-CAM",
        "map",
        "Each place of each feature map is multiplied by its own gradient, and the products are added "
        "up. At the last convolution before a single dense layer it shows exactly what that layer "
        "added to the score.",
        r"L_{ij} = \mathrm{ReLU}\!\left(\sum_k \frac{\partial S}{\partial A^k_{ij}}"
        r"A^k_{ij}\right)",
        _DRAELOS,
        Failure(
            "Its guarantee holds only where one dense layer follows; VGG16 has three, and other layers "
            "have many behind them.",
            _DRAELOS,
        ),
        signed=False,
        explain=explain_by("hires_cam"),
        supports=needs_maps,
        at_layer=True,
    ),
    Method(
        "guided_grad_cam",
        "Guided Grad-CAM",
        "map",
        "Guided backpropagation multiplied by Grad-CAM, scaled to its peak: the fine lines of the one "
        "where the other points. Positive and negative values are those of guided backpropagation.",
        r"M = R_{\mathrm{guided}} \circ \mathrm{up}\!\left("
        r"L_{\mathrm{Grad\text{-}CAM}} / \max L_{\mathrm{Grad\text{-}CAM}}\right)",
        _SELVARAJU,
        Failure(
            "Its lines are those of guided backpropagation, which hardly change when the upper layers "
            "are made random.",
            ADEBAYO,
        ),
        signed=True,
        explain=guided_grad_cam_of,
        supports=needs_maps_and_rectifiers,
        at_layer=True,
    ),
    Method(
        "score_cam",
        "Score-CAM",
        "map",
        "The picture is shown to the model through each feature map as a mask, and the scores, made to "
        "sum to one, are the weights of the maps. It needs no gradient, and a pass for each channel.",
        r"L = \mathrm{ReLU}\!\left(\sum_k \alpha_k A^k\right), \quad"
        r"\alpha = \mathrm{softmax}_k\, S\!\left(x \circ \mathrm{norm}(\mathrm{up}(A^k))\right)",
        Citation(
            "Wang et al.",
            2020,
            "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks",
            "https://arxiv.org/abs/1910.01279",
        ),
        Failure(
            "Masked pictures are unlike any that the model was trained on, so that a low score may come "
            "from the mask and not from what it hides.",
            HOOKER,
        ),
        signed=False,
        explain=score_cam,
        supports=needs_maps,
        at_layer=True,
        long=True,
    ),
)
