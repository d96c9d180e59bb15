"""Grad-CAM by pytorch-grad-cam, in batches."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import layerscope.vision  # noqa: F401  (pytorch-grad-cam needs what it prepares)

# isort: split
import numpy as np
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from layerscope.errors import InputError
from layerscope.models.layers import Layer, find_layer
from layerscope.models.registry import Classifier, module_at, to_pixels

Explain = Callable[[np.ndarray, np.ndarray], np.ndarray]
_SPATIAL_KINDS = {"conv", "relu", "norm", "pool", "block"}


def choose_layer(layers: Sequence[Layer], key: str = "last") -> Layer:
    """The layer that maps are made at.

    Parameters
    ----------
    layers : sequence of Layer
    key : str
        ``last`` for the last node before pooling or flattening, else the key of a layer.

    Raises
    ------
    InputError
        For an unknown layer, or one without feature maps.
    """
    if key != "last":
        layer = find_layer(layers, key)
        if layer.kind not in _SPATIAL_KINDS or len(layer.shape) != 3:
            raise InputError(f"layer {key!r} has no feature maps; choose a convolution or a block")
        return layer
    return [
        layer
        for layer in layers
        if layer.kind in _SPATIAL_KINDS - {"pool"} and len(layer.shape) == 3 and layer.shape[1] > 1
    ][-1]


class _RawGradCAM(GradCAM):
    """Grad-CAM at the layer's own resolution, in its own units.

    The library scales each map to [0, 1] and up to the picture's size, which cannot be undone, and
    takes as long as the network itself.
    """

    def compute_cam_per_layer(self, input_tensor, targets, eigen_smooth):
        activations = self.activations_and_grads.activations[0].cpu().numpy()
        gradients = self.activations_and_grads.gradients[0].cpu().numpy()
        maps = self.get_cam_image(
            input_tensor, self.target_layers[0], targets, activations, gradients, eigen_smooth
        )
        return [np.maximum(maps, 0)[:, None]]

    def aggregate_multi_layers(self, cam_per_target_layer):
        return cam_per_target_layer[0][:, 0]


@contextmanager
def grad_cam(
    classifier: Classifier, layer: str, device: torch.device | str = "cpu"
) -> Iterator[Explain]:
    """Grad-CAM (Selvaraju et al. 2017) at one layer.

    Within the context it is a function of ``pictures``, (N, S, S, 3) uint8, and ``outputs``, (N,) int:
    one output index per picture. It returns maps (N, h, w) float32, the ReLU of the weighted sum of
    feature maps, at the layer's resolution and not rescaled.

    Parameters
    ----------
    classifier : Classifier
        Left as it is: the work is done on a private copy, because the library puts hooks on it.
    layer : str
        Key of a layer with feature maps.
    device : torch.device or str
    """
    module = copy.deepcopy(classifier.module).to(device)
    for part in module.modules():
        if hasattr(part, "inplace"):  # it would rectify a convolution's maps before they are used
            setattr(part, "inplace", False)  # noqa: B010  (a Module's attributes are not typed)
    target = module_at(module, layer)
    with _RawGradCAM(module, [target]) as cam:

        def explain(pictures: np.ndarray, outputs: np.ndarray) -> np.ndarray:
            if len(outputs) != len(pictures):  # the library would silently leave pictures out
                raise ValueError(f"{len(outputs)} outputs for {len(pictures)} pictures")
            inputs = classifier.normalize(to_pixels(pictures, device)).requires_grad_()
            maps = cam(inputs, [ClassifierOutputTarget(int(output)) for output in outputs])
            return np.asarray(maps, dtype=np.float32)

        yield explain
