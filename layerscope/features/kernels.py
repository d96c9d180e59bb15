"""Learned weights as pictures and as distributions: filters, their norms, their histograms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import nn

from layerscope.channels import histogram
from layerscope.errors import InputError
from layerscope.models import Classifier, module_at
from layerscope.relief import shade


@dataclass(frozen=True)
class Slices:
    """A convolution's filters taken apart by what they read.

    Attributes
    ----------
    tiles : ndarray of uint8, (C, F, h, w)
        Grey levels: ``tiles[c, i]`` is how the i-th filter that reads input channel c weighs it. Zero is
        mid grey (128), what is positive lighter; one scale for all.
    filters : ndarray of int64, (C, F)
        Which output channel each tile belongs to: all of them in an ordinary convolution, those of the
        input channel's group in a grouped one.
    """

    tiles: np.ndarray
    filters: np.ndarray


def find_weighted(classifier: Classifier) -> tuple[str, ...]:
    """Keys of all convolutions and dense layers, those inside blocks too, in the model's order."""
    parts = classifier.module.named_modules()
    return tuple(key for key, part in parts if isinstance(part, nn.Conv2d | nn.Linear))


def read_kernel(classifier: Classifier, key: str) -> np.ndarray:
    """Weights of a convolution, (F, C / groups, h, w), or of a dense layer, (F, C); float32.

    Raises
    ------
    InputError
        For a layer that is neither.
    """
    return _weights_of(_layer_at(classifier, key))


def draw_first_filters(classifier: Classifier) -> np.ndarray:
    """Filters of the first convolution as they are: RGB in, RGB out.

    Returns
    -------
    ndarray of uint8, (F, h, w, 3)
        Zero is mid grey (128) and the largest absolute weight of all filters is 1 or 255, so that
        filters can be compared. A filter that does not read a colour channel has zeros there.

    Raises
    ------
    InputError
        Where the first convolution does not read the three colours.

    Notes
    -----
    The weights apply to the normalised picture: they are shown as learned, not divided by its
    standard deviations.
    """
    convolutions = (part for part in classifier.module.modules() if isinstance(part, nn.Conv2d))
    first = next(convolutions, None)
    if first is None or first.in_channels != 3:
        raise InputError(f"{classifier.name}: its first convolution does not read three colours")
    return shade(_ungroup(first).transpose(0, 2, 3, 1), percentile=100)


def draw_slices(classifier: Classifier, key: str) -> Slices:
    """A convolution's filters grouped by input channel, such as those of the second layer.

    Raises
    ------
    InputError
        For a layer that is no convolution.
    """
    layer = _layer_at(classifier, key)
    if not isinstance(layer, nn.Conv2d):
        raise InputError(f"layer {key!r} has no filters to draw; choose a convolution")
    weights = _weights_of(layer)  # (f, c / groups, h, w)
    groups, (_, reads, height, width) = layer.groups, weights.shape
    by_input = weights.reshape(groups, -1, reads, height, width).swapaxes(1, 2)
    each = len(weights) // groups
    filters = np.arange(len(weights)).reshape(groups, each).repeat(reads, axis=0)
    return Slices(shade(by_input.reshape(-1, each, height, width), percentile=100), filters)


def measure_norms(classifier: Classifier, key: str) -> np.ndarray:
    """Euclidean norm of each filter's, or neuron's, weights, without the bias; float32, (F,).

    ``numpy.argsort(-norms, kind="stable")`` brings the strongest first. Raises as `read_kernel`.
    """
    weights = read_kernel(classifier, key)
    return np.linalg.norm(weights.reshape(len(weights), -1), axis=1)


def count_weights(classifier: Classifier, key: str, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Histogram of a layer's weights, as `layerscope.channels.histogram` counts them.

    Returns
    -------
    counts : ndarray of int64, (bins,)
    edges : ndarray of float64, (bins + 1,)
    """
    return histogram(read_kernel(classifier, key), bins)


def _layer_at(classifier: Classifier, key: str) -> nn.Conv2d | nn.Linear:
    layer = module_at(classifier.module, key)
    if not isinstance(layer, nn.Conv2d | nn.Linear):
        raise InputError(f"layer {key!r} has no weights; choose a convolution or a dense layer")
    return layer


def _weights_of(layer: nn.Conv2d | nn.Linear) -> np.ndarray:
    return layer.weight.detach().float().cpu().numpy()


def _ungroup(layer: nn.Conv2d) -> np.ndarray:
    """Weights (F, C, h, w) with zeros for the input channels that a filter does not read."""
    weights = _weights_of(layer)
    count, reads, height, width = weights.shape
    full = np.zeros((count, layer.in_channels, height, width), dtype=np.float32)
    start = np.arange(count) // (count // layer.groups) * reads
    full[np.arange(count)[:, None], start[:, None] + np.arange(reads)] = weights
    return full
