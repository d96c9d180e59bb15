"""The classes of pytorch-grad-cam, made to return maps as they are."""

from __future__ import annotations

import layerscope.vision  # noqa: F401  (pytorch-grad-cam needs what it prepares)

# isort: split
import numpy as np
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from pytorch_grad_cam.base_cam import BaseCAM

from layerscope.explanation.cam import _RawGradCAM
from layerscope.explanation.task import check_maps


class _Raw(BaseCAM):
    """Maps at the layer's own resolution and in its own units."""

    aggregate_multi_layers = _RawGradCAM.aggregate_multi_layers

    def compute_cam_per_layer(self, inputs, targets, eigen_smooth):
        check_maps(self.activations_and_grads.activations)
        return _RawGradCAM.compute_cam_per_layer(self, inputs, targets, eigen_smooth)


class _GradCAM(_Raw, GradCAM):
    pass


class _LayerCAM(_Raw, LayerCAM):
    pass


class _HiResCAM(_Raw, HiResCAM):
    pass


class _GradCAMPlusPlus(_Raw, GradCAMPlusPlus):
    """With weights that do not depend on how small gradients are, and stay finite at any layer.

    The library adds 1e-6 to a denominator of the order of squared gradients; in a trained VGG one
    square in twenty is smaller. Divided by the square, equation 19 is 1 / (2 + sum(A) g), which needs
    no such term. In the paper maps are rectified; where they are not, `sum(A)` is here the sum of what
    is positive, since the denominator could vanish.
    """

    def get_cam_weights(self, inputs, layer, targets, activations, gradients):
        total = np.maximum(activations, 0).sum(axis=(2, 3), keepdims=True)
        rising = np.maximum(gradients, 0)
        return (rising / (2 + total * rising)).sum(axis=(2, 3))


RAW_CAMS: dict[str, type[BaseCAM]] = {
    "grad_cam": _GradCAM,
    "grad_cam_plus_plus": _GradCAMPlusPlus,
    "layer_cam": _LayerCAM,
    "hires_cam": _HiResCAM,
}
