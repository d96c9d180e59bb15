"""Whether a map follows the model: the weight-randomisation test of Adebayo et al. (2018).

What it gives is no ranking: a map that is mostly noise, or finer than another, comes off well whatever it
says of the model (Binder et al. 2023).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from layerscope.faithfulness.statistics import correlate_ranks
from layerscope.models.registry import Classifier, module_at


def list_weighted(module: nn.Module) -> list[str]:
    """Keys of all parts that have weights of their own, in the order they were registered in."""
    return [key for key, part in module.named_modules() if list(part.parameters(recurse=False))]


def list_points(n_layers: int, n_points: int) -> list[int]:
    """How many layers, from the output, are random at each point: from 1 to all, evenly; rising."""
    return sorted({round(count) for count in np.linspace(1, n_layers, n_points)})


def cascade(
    classifier: Classifier, n_points: int, random_state: int
) -> Iterator[tuple[int, Classifier]]:
    """A model that forgets layer by layer, from the output down to the pixels.

    Parameters
    ----------
    classifier : Classifier
        Left as it is.
    n_points : int
        At how many points it is looked at.
    random_state : int

    Yields
    ------
    (int, Classifier)
        How many layers are random, and the model. It is the same object every time, to be used before
        the next is asked for.
    """
    forgetting = replace(classifier, module=copy.deepcopy(classifier.module))
    keys = list_weighted(classifier.module)[::-1]
    generator = torch.Generator().manual_seed(random_state)
    done = 0
    for point in list_points(len(keys), n_points):
        for key in keys[done:point]:
            randomize(module_at(forgetting.module, key), generator)
        done = point
        yield point, forgetting


def randomize(layer: nn.Module, generator: torch.Generator) -> None:
    """Draw a layer's weights anew, as before training, in place.

    Weights are normal with the variance 2 / fan-in (He et al. 2015), under which signals neither fade
    nor grow from layer to layer; biases are zero, factors one; normalisation starts over.
    """
    if isinstance(layer, nn.modules.batchnorm._NormBase):
        layer.reset_running_stats()
    for name, parameter in layer.named_parameters(recurse=False):
        drawn = torch.full(parameter.shape, float(name != "bias"))
        if parameter.ndim > 1:
            drawn.normal_(0, math.sqrt(2 / parameter[0].numel()), generator=generator)
        parameter.data.copy_(drawn)


def compare_maps(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """How alike two maps (S, S) are, without their signs.

    Returns
    -------
    (float, float)
        Spearman's rank correlation, and the structural similarity (Wang et al. 2004) of the maps
        scaled to their peaks; both at most 1.
    """
    from skimage.metrics import structural_similarity

    one, other = (np.abs(each, dtype=np.float64) for each in (first, second))
    scaled = [each / (each.max() or 1.0) for each in (one, other)]
    return correlate_ranks(one, other), float(structural_similarity(*scaled, data_range=1.0))
