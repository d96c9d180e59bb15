"""Class activation maps: where the feature maps of a layer speak for an output."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from layerscope.explanation.gradients import needs_rectifiers
from layerscope.explanation.guided import GuidedRule, guided_grad_cam, rectified_gradient
from layerscope.explanation.method import ADEBAYO, Attribution, Failure, Method, Source
from layerscope.explanation.task import Task, score_of
from layerscope.models.registry import Classifier, module_at


def _score(targets: Tensor, logits: Tensor) -> Tensor:
    """The score of one picture's logits (K,)."""
    return score_of(logits[None], targets[None])[0]


def compute_maps(task: Task, key: str) -> np.ndarray:
    """Maps (N, h, w) float32, at least 0, by pytorch-grad-cam's class for a method."""
    from layerscope.explanation.raw_cams import RAW_CAMS  # the library takes seconds to import

    module = task.classifier.module
    layer = module_at(module, task.layer or "")
    inputs = task.normalize(task.pictures).requires_grad_()
    targets = [partial(_score, each) for each in task.targets]
    with torch.enable_grad():
        cam = RAW_CAMS[key](module, [layer])  # not in a `with`, which would swallow an IndexError
        try:
            return np.asarray(cam(inputs, targets), dtype=np.float32)
        finally:
            cam.activations_and_grads.release()


def enlarge(maps: np.ndarray, side: int) -> np.ndarray:
    """Maps (N, h, w) bilinearly to (N, side, side), not rescaled."""
    return np.stack([cv2.resize(each, (side, side)) for each in maps])


def explain_by(key: str) -> Callable[[Task], Attribution]:
    """The method of a key, by `compute_maps`."""

    def explain(task: Task) -> Attribution:
        maps = compute_maps(task, key)
        return Attribution(enlarge(maps, task.pictures.shape[1]), maps=maps)

    return explain


def guided_grad_cam_of(task: Task) -> Attribution:
    """Guided backpropagation, weighted by Grad-CAM."""
    maps = compute_maps(task, "grad_cam")
    gradients = rectified_gradient(task.classifier, task.pictures, task.targets, GuidedRule())
    channels = guided_grad_cam(gradients, maps)
    return Attribution(channels.sum(axis=-1), channels, maps=maps)


def needs_maps(classifier: Classifier) -> str | None:
    """One line for a model without convolutions."""
    if any(isinstance(part, nn.Conv2d) for part in classifier.module.modules()):
        return None
    return f"{classifier.name} has no convolutions, and so no feature maps"


def needs_maps_and_rectifiers(classifier: Classifier) -> str | None:
    """One line for a model without convolutions or without ReLU."""
    return needs_maps(classifier) or needs_rectifiers(classifier)


_SELVARAJU = Source(
    "Selvaraju et al.",
    2017,
    "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
    "https://arxiv.org/abs/1610.02391",
)
_DRAELOS = Source(
    "Draelos and Carin",
    2020,
    "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks",
    "https://arxiv.org/abs/2011.08891",
)
_JIANG = Source(
    "Jiang et al.",
    2021,
    "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization",
    "https://doi.org/10.1109/TIP.2021.3089943",
)

MAP_METHODS = (
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
        Source(
            "Chattopadhay et al.",
            2018,
            "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks",
            "https://arxiv.org/abs/1710.11063",
        ),
        Failure(
            "In practice it is nearly the same as Grad-CAM with the negative gradients left out.",
            Source(
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
)
