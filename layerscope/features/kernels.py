"""Learned weights as pictures and as distributions: filters, their norms, their histograms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import nn

from layerscope.activations.channels import histogram
from layerscope.errors import InputError
from layerscope.explanation.heatmap import shade
from layerscope.explanation.method import Cancelled
from layerscope.features.weight_figures import WeightFigures, describe_weights
from layerscope.models.layer_table import trace_nodes
from layerscope.models.layers import NO_CLASSES
from layerscope.models.registry import Classifier, module_at

_READS = 3  # colours


@dataclass(frozen=True)
class Slices:
    """Filters taken apart by what they read.

    Attributes
    ----------
    weights : ndarray of float32, (R, F, h, w)
        ``weights[r, f]`` is how filter f weighs the r-th of the input channels that it reads: all of
        them in an ordinary convolution, those of its group in a grouped one.
    inputs : ndarray of int64, (R, F)
        Which input channel each of these is.
    tiles : ndarray of uint8, (R, F, h, w)
        The weights as grey levels. Zero is mid grey (128), what is positive lighter; one scale for all.
    """

    weights: np.ndarray
    inputs: np.ndarray
    tiles: np.ndarray


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
    first = _first_convolution(classifier)
    if first is None:
        raise InputError(f"{classifier.name}: its first convolution does not read three colours")
    return shade(_ungroup(first).transpose(0, 2, 3, 1), percentile=100)


def draw_slices(
    classifier: Classifier,
    key: str,
    rows: np.ndarray | None = None,
    columns: np.ndarray | None = None,
    *,
    limit: float | None = None,
    window: tuple[int, int] = (1, 1),
) -> Slices:
    """A layer's filters grouped by input channel, all of them or a page.

    Parameters
    ----------
    classifier : Classifier
    key : str
    rows : ndarray of int, optional
        Which of the input channels that a filter reads, counted within its group.
    columns : ndarray of int, optional
        Which filters.
    limit : float, optional
        The weight that is white, and the negative of the one that is black; what lies beyond is cut
        off. By default the layer's largest in size: pages of a layer have one scale.
    window : tuple of int
        Of a dense layer: its inputs are maps of this height and width, flattened. Such a layer is a
        convolution as large as the map (Long, Shelhamer and Darrell 2015); by default one of 1 x 1.

    Raises
    ------
    InputError
        For a layer without weights, and for a window that does not divide the inputs.
    IndexError
        For rows or columns that there are not.
    """
    layer = _layer_at(classifier, key)
    weights = _weights_of(layer)  # (f, r, h, w), or (f, r) of a dense layer
    if weights.ndim == 2:
        if weights.shape[1] % (window[0] * window[1]):
            raise InputError(f"layer {key!r}: {weights.shape[1]} inputs are no maps of {window}")
        weights = weights.reshape(len(weights), -1, *window)
    count, reads = weights.shape[:2]
    rows = np.arange(reads) if rows is None else rows
    columns = np.arange(count) if columns is None else columns
    inputs = columns // (count // _groups_of(layer)) * reads + rows[:, None]
    chosen = weights[columns, rows[:, None]]
    return Slices(chosen, inputs, _level(chosen, np.abs(weights).max() if limit is None else limit))


def _level(weights: np.ndarray, limit: float) -> np.ndarray:
    """Grey levels: zero is mid grey (128), -limit black (1) and limit white (255)."""
    return (128 + 127 * np.clip(weights / (limit or 1.0), -1, 1)).round().astype(np.uint8)


def reads_colors(classifier: Classifier, key: str) -> bool:
    """Whether a layer is the first convolution, and reads red, green and blue."""
    first = _first_convolution(classifier)
    return first is not None and first is module_at(classifier.module, key)


def measure_norms(classifier: Classifier, key: str) -> np.ndarray:
    """Euclidean norm of each filter's, or neuron's, weights, without the bias; float32, (F,).

    ``numpy.argsort(-norms, kind="stable")`` brings the strongest first. Raises as `read_kernel`.
    """
    weights = read_kernel(classifier, key)
    return np.linalg.norm(weights.reshape(len(weights), -1), axis=1)


def count_weights(classifier: Classifier, key: str, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Histogram of a layer's weights, as `layerscope.activations.channels.histogram` counts them.

    Returns
    -------
    counts : ndarray of int64, (bins,)
    edges : ndarray of float64, (bins + 1,)
    """
    return histogram(read_kernel(classifier, key), bins)


def describe_network(
    classifier: Classifier,
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[WeightFigures, ...]:
    """Figures of all layers with weights, in the model's order.

    Parameters
    ----------
    classifier : Classifier
    progress : callable, optional
        Called with the number of layers done, and of all.
    cancelled : callable, optional
        Asked before each layer.

    Raises
    ------
    Cancelled
        Where `cancelled` says so.
    """
    keys = find_weighted(classifier)
    found = []
    for done, key in enumerate(keys):
        if cancelled():
            raise Cancelled
        progress(done, len(keys))
        layer = _layer_at(classifier, key)
        found.append(describe_weights(key, _weights_of(layer), _groups_of(layer)))
    return tuple(found)


def read_class_vectors(classifier: Classifier) -> np.ndarray:
    """The last linear layer's weights, whether it is a dense layer or a 1 x 1 convolution.

    Costs one forward pass of one blank picture, which tells what the last layer is: the order in which
    modules are registered need not be the one in which they are called.

    Returns
    -------
    ndarray of float32, (K, d)
        In the order of ``classifier.categories``.

    Raises
    ------
    InputError
        Where no such layer has as many outputs as there are categories, or there are none.
    """
    module, n_classes = classifier.module, len(classifier.categories)
    if not classifier.has_classes:
        raise InputError(f"{classifier.name}: {NO_CLASSES}")
    heads = {key for key, part in module.named_modules() if _could_be_head(part, n_classes)}
    called = [node.path for node in trace_nodes(classifier).nodes if node.path in heads]
    if not called:
        raise InputError(f"{classifier.name}: has no linear layer with {n_classes} outputs")
    return read_kernel(classifier, called[-1]).reshape(n_classes, -1)


def _first_convolution(classifier: Classifier) -> nn.Conv2d | None:
    """The first one; None where it does not read three colours."""
    convolutions = (part for part in classifier.module.modules() if isinstance(part, nn.Conv2d))
    first = next(convolutions, None)
    return first if first is not None and first.in_channels == _READS else None


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


def _groups_of(layer: nn.Conv2d | nn.Linear) -> int:
    return layer.groups if isinstance(layer, nn.Conv2d) else 1


def _could_be_head(part: nn.Module, n_classes: int) -> bool:
    if isinstance(part, nn.Linear):
        return part.out_features == n_classes
    if isinstance(part, nn.Conv2d) and part.kernel_size == (1, 1) and part.groups == 1:
        return part.out_channels == n_classes
    return False
