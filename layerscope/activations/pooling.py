"""One forward pass, all layers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from layerscope.models.layer_table import tapped
from layerscope.models.layers import INPUT, PROBABILITIES, Layer
from layerscope.models.registry import Classifier, to_pixels

Receive = Callable[[str, Tensor], None]


def forward(
    classifier: Classifier,
    pictures: np.ndarray,
    layers: tuple[Layer, ...],
    receive: Receive,
) -> np.ndarray:
    """Run a batch and hand each layer's output to `receive`, from input to probabilities.

    The input node is the pixels in [0, 1], before normalisation. A small batch is the fastest on a CPU,
    whose cache then still holds an output when it is asked for: per picture and thread vgg16_slim takes
    9.4 ms with 4 pictures and 12.9 ms with 32, efficientnet_lite0 11.7 and 20.7 ms, vgg16 138 and 145 ms.

    Parameters
    ----------
    classifier : Classifier
    pictures : ndarray of uint8, (N, H, W, C)
    layers : tuple of Layer
        Those to hand over.
    receive : callable
        Gets a key and a tensor (N, ...), valid during the call only.

    Returns
    -------
    ndarray of float32, (N, K)
        Probabilities; K is 0 for a model without classes.
    """
    keys = [layer.key for layer in layers]
    inner = [layer for layer in layers if layer.key not in {INPUT, PROBABILITIES}]
    with torch.inference_mode():
        pixels = to_pixels(pictures, classifier.device)
        if INPUT in keys:
            receive(INPUT, pixels)
        with tapped(classifier.module, inner, receive):
            logits = classifier.module(classifier.normalize(pixels))
        if not classifier.has_classes:
            return np.zeros((len(pictures), 0), np.float32)
        probabilities = logits.float().softmax(dim=1)
        if PROBABILITIES in keys:
            receive(PROBABILITIES, probabilities)
    return probabilities.cpu().numpy()


class _Complete(Exception):
    """Ends a forward pass after the last of the layers that are wanted."""


def forward_until(
    classifier: Classifier, pictures: np.ndarray, layers: tuple[Layer, ...], receive: Receive
) -> None:
    """As `forward`, but what comes after the last of the layers is not computed."""
    left = {layer.key for layer in layers}

    def receive_one(key: str, output: Tensor) -> None:
        receive(key, output)
        left.discard(key)
        if not left:
            raise _Complete

    with suppress(_Complete):
        forward(classifier, pictures, layers, receive_one)


def pooled_side(side: int, factor: int) -> int:
    """Side of a feature map after averaging over cells of `factor`, never below 2 (or the map)."""
    return min(side, max(2, -(-side // factor)))


def pooled_shape(layer: Layer, factor: int) -> tuple[int, ...]:
    """Shape of one sample's stored activation: (C, h, w), or (C,) for dense layers."""
    if len(layer.shape) == 1:
        return layer.shape
    channels, height, width = layer.shape
    return channels, pooled_side(height, factor), pooled_side(width, factor)


def pool(output: Tensor, factor: int) -> np.ndarray:
    """Average feature maps over cells.

    Parameters
    ----------
    output : Tensor, (N, C, H, W) or (N, C)
    factor : int

    Returns
    -------
    ndarray of float32
        (N, C, h, w) or (N, C), a copy.
    """
    output = output.float()
    if output.ndim == 4:
        height, width = (pooled_side(side, factor) for side in output.shape[2:])
        output = functional.adaptive_avg_pool2d(output, (height, width))
    return np.array(output.cpu().numpy())
