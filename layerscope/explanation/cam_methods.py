"""Methods of class activation maps: where the feature maps of a layer speak for an output."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from weakref import WeakKeyDictionary

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.errors import InputError
from layerscope.explanation.gradients import needs_rectifiers
from layerscope.explanation.guided import GuidedRule, guided_grad_cam, rectified_gradient
from layerscope.explanation.method import Attribution
from layerscope.explanation.task import BATCH, ExplanationTask, check_maps, score_of
from layerscope.models.layer_table import find_node, layer_table, tapped
from layerscope.models.registry import Classifier


def _score(targets: Tensor, logits: Tensor) -> Tensor:
    """The score of one picture's logits (K,)."""
    return score_of(logits[None], targets[None])[0]


def compute_maps(task: ExplanationTask, key: str) -> np.ndarray:
    """Maps (N, h, w) float32, at least 0, of one of the methods of `open_cam`."""
    from layerscope.explanation.cam import open_cam  # the library takes seconds to import

    inputs = task.classifier.to_inputs(task.pictures).requires_grad_()
    scores = [partial(_score, each) for each in task.targets]
    with open_cam(key, task.classifier, task.layer or "") as compute:
        return compute(inputs, scores)


def enlarge(maps: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Maps (N, h, w) bilinearly to (N, *size), not rescaled."""
    return np.stack([cv2.resize(each, size[::-1]) for each in maps])


def explain_by(key: str) -> Callable[[ExplanationTask], Attribution]:
    """The method of a key, by `compute_maps`."""

    def explain(task: ExplanationTask) -> Attribution:
        maps = compute_maps(task, key)
        return Attribution(enlarge(maps, task.pictures.shape[1:3]), maps=maps)

    return explain


grad_cam = explain_by("grad_cam")
grad_cam_plus_plus = explain_by("grad_cam_plus_plus")
layer_cam = explain_by("layer_cam")
hires_cam = explain_by("hires_cam")


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
    inputs = task.classifier.to_inputs(task.pictures)  # (1, C, H, W)
    taken: list[Tensor] = []
    node, module = find_node(task.classifier, task.layer or ""), task.classifier.module
    with torch.no_grad():
        with tapped(module, [node], lambda _, output: taken.append(output.clone())):
            module(inputs)
        check_maps(taken)
        maps = taken[0][0]  # (C, h, w)
        varied = maps.amax(dim=(1, 2)) > maps.amin(dim=(1, 2))
        task.watch.expect(len(maps) + 1)
        scores = task.score(torch.zeros_like(inputs), task.targets).repeat(len(maps))
        task.watch.advance(int((~varied).sum()))
        for channels in varied.nonzero()[:, 0].split(BATCH):
            masked = inputs * _masks(maps[channels], inputs.shape[2:])
            scores[channels] = task.score(masked, task.targets.expand(len(channels), -1))
        weights = scores.softmax(dim=0)
        found = (weights[:, None, None] * maps).sum(dim=0, keepdim=True).relu()
    cams = found.cpu().numpy()
    return Attribution(enlarge(cams, inputs.shape[2:]), maps=cams)


def _masks(maps: Tensor, size: tuple[int, ...]) -> Tensor:
    """Maps (n, h, w), enlarged and each scaled to [0, 1]: (n, 1, *size)."""
    large = functional.interpolate(maps[:, None], list(size), mode="bilinear")
    low, high = large.amin(dim=(2, 3), keepdim=True), large.amax(dim=(2, 3), keepdim=True)
    return (large - low) / (high - low + 1e-8)


_last_layers: WeakKeyDictionary[nn.Module, str] = WeakKeyDictionary()


def find_last_layer(classifier: Classifier) -> str:
    """Key of the last layer with feature maps; found once for a module, since it takes a second.

    Raises `InputError` for a model without.
    """
    from layerscope.explanation.cam import choose_layer  # the library takes seconds to import

    if classifier.module not in _last_layers:
        _last_layers[classifier.module] = choose_layer(layer_table(classifier)).key
    return _last_layers[classifier.module]


def needs_maps(classifier: Classifier) -> str | None:
    """One line for a model without feature maps."""
    try:
        find_last_layer(classifier)
    except InputError as error:
        return str(error)
    return None


def needs_maps_and_rectifiers(classifier: Classifier) -> str | None:
    """One line for a model without feature maps, or with other functions than ReLU."""
    return needs_maps(classifier) or needs_rectifiers(classifier)
