"""Score-CAM: feature maps weighted by what the model sees through them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from layerscope.explanation.cams import enlarge, needs_maps
from layerscope.explanation.method import HOOKER, Attribution, Failure, Method, Source
from layerscope.explanation.task import BATCH, Task, check_maps
from layerscope.models.layer_table import tapped


def score_cam(task: Task) -> Attribution:
    """Maps weighted by the score of the picture seen through each.

    pytorch-grad-cam's class for it holds a masked picture for every channel in memory, prints a bar,
    and cannot be stopped. Channels that are the same everywhere mask the whole picture, and share one
    score.
    """
    inputs = task.normalize(task.pictures)  # (1, 3, S, S)
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


SCORE_CAM = Method(
    "score_cam",
    "Score-CAM",
    "map",
    "The picture is shown to the model through each feature map as a mask, and the scores, made to "
    "sum to one, are the weights of the maps. It needs no gradient, and a pass for each channel.",
    r"L = \mathrm{ReLU}\!\left(\sum_k \alpha_k A^k\right), \quad"
    r"\alpha = \mathrm{softmax}_k\, S\!\left(x \circ \mathrm{norm}(\mathrm{up}(A^k))\right)",
    Source(
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
)
