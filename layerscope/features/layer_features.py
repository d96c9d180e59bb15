"""The features of one layer for a few pictures, computed at once rather than read."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from layerscope.activations.averaging import Averaging
from layerscope.activations.pooling import forward_until, pool
from layerscope.models.layers import Layer
from layerscope.models.registry import Classifier


def pool_layer(
    classifier: Classifier, pictures: np.ndarray, layer: Layer, averaging: Averaging
) -> np.ndarray:
    """What a layer makes of pictures, averaged over cells as by the stage `activations`.

    What comes after the layer is not computed.

    Parameters
    ----------
    classifier : Classifier
    pictures : ndarray of uint8, (N, H, W, C)
    layer : Layer
        From input to probabilities.
    averaging : Averaging

    Returns
    -------
    ndarray of float32, (N, d)
    """
    found: list[np.ndarray] = []

    def keep(_: str, output: Tensor) -> None:
        found.extend(pool(output, averaging))

    forward_until(classifier, pictures, (layer,), keep)
    return found[0].reshape(len(pictures), -1)
