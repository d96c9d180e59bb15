"""Class activation maps by pytorch-grad-cam, at the resolution of the layer they are made at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import layerscope.vision  # noqa: F401  (pytorch-grad-cam needs what it prepares)

# isort: split
import numpy as np
import torch
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from pytorch_grad_cam.base_cam import BaseCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from layerscope.errors import InputError
from layerscope.explanation.task import check_maps, private_copy
from layerscope.models.axes import Layout
from layerscope.models.layer_table import find_node, watched_layers
from layerscope.models.layers import Layer, find_layer
from layerscope.models.registry import Classifier

Explain = Callable[[np.ndarray, np.ndarray], np.ndarray]
Cam = Callable[[Tensor, Sequence[Callable[[Tensor], Tensor]]], np.ndarray]
NO_MAPS = "the model has no feature maps, which class activation maps are made of"
_SPATIAL_KINDS = {"conv", "relu", "norm", "pool", "block", "sum"}


def choose_layer(layers: Sequence[Layer], key: str = "last") -> Layer:
    """The layer that maps are made at.

    Parameters
    ----------
    layers : sequence of Layer
    key : str
        ``last`` for the last node before pooling or flattening whose places the logits depend on, else
        the key of a layer.

    Raises
    ------
    InputError
        For an unknown layer, or one without feature maps; `NO_MAPS` where no layer has any.
    """
    maps = list_maps(layers)
    if not maps:
        raise InputError(NO_MAPS)
    if key != "last":
        layer = find_layer(layers, key)
        if layer.kind not in _SPATIAL_KINDS or len(layer.shape) != 3:
            raise InputError(f"layer {key!r} has no feature maps; choose a convolution or a block")
        return layer
    return ([layer for layer in maps if layer.kind != "pool"] or maps)[-1]


def list_maps(layers: Sequence[Layer]) -> list[Layer]:
    """Those that give feature maps of more than one place, which the logits depend on."""
    maps = [layer for layer in layers if layer.kind in _SPATIAL_KINDS and len(layer.shape) == 3]
    return [layer for layer in maps if max(layer.shape[1:]) > 1 and layer.reaches_output]


class _UnscaledCAM(BaseCAM):
    """Maps at the layer's own resolution, in their own units.

    The library scales each map to [0, 1] and up to the picture's size, which cannot be undone, and
    takes as long as the network itself.
    """

    def compute_cam_per_layer(self, input_tensor, targets, eigen_smooth):
        check_maps(self.activations_and_grads.activations)
        activations = self.activations_and_grads.activations[0].cpu().numpy()
        gradients = self.activations_and_grads.gradients[0].cpu().numpy()
        maps = self.get_cam_image(input_tensor, None, targets, activations, gradients, eigen_smooth)
        return [np.maximum(maps, 0)[:, None]]

    def aggregate_multi_layers(self, cam_per_target_layer):
        return cam_per_target_layer[0][:, 0]


class _Taps:
    """In the place of the library's hooks, which know modules alone: any node, as maps (N, C, H, W)."""

    def __init__(self, module: nn.Module, node: Layer) -> None:
        self._module, self._node = module, node
        self.activations: list[Tensor] = []
        self.gradients: list[Tensor] = []

    def __call__(self, inputs: Tensor) -> Tensor:
        self.activations, self.gradients = [], []

        def receive(_key: str, output: Tensor, layout: Layout) -> None:
            self.activations.append(layout.read(output).detach().clone())
            output.register_hook(
                lambda gradient: self.gradients.append(layout.read(gradient).detach())
            )

        with watched_layers(self._module, [self._node], receive):
            outputs: Tensor = self._module(inputs)
        return outputs

    def release(self) -> None:
        """Nothing is hooked outside a call; the library asks all the same when it ends."""


class _GradCAM(_UnscaledCAM, GradCAM):
    pass


class _LayerCAM(_UnscaledCAM, LayerCAM):
    pass


class _HiResCAM(_UnscaledCAM, HiResCAM):
    pass


class _GradCAMPlusPlus(_UnscaledCAM, GradCAMPlusPlus):
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


_CLASSES: dict[str, type[BaseCAM]] = {
    "grad_cam": _GradCAM,
    "grad_cam_plus_plus": _GradCAMPlusPlus,
    "layer_cam": _LayerCAM,
    "hires_cam": _HiResCAM,
}


@contextmanager
def open_cam(key: str, classifier: Classifier, layer: str) -> Iterator[Cam]:
    """A method's class activation maps at one layer.

    Within the context it is a function of normalised pictures (N, C, H, W) that need a gradient, and of
    N functions, each from a picture's logits (K,) to the score that is explained. It returns maps
    (N, h, w) float32, at least 0, at the layer's resolution and not rescaled.

    Parameters
    ----------
    key : str
        ``grad_cam``, ``grad_cam_plus_plus``, ``layer_cam`` or ``hires_cam``.
    classifier : Classifier
        Hooked within the context.
    layer : str
        Key of a node with feature maps, whatever the layout that they have in the model.
    """
    node = find_node(classifier, layer)
    if not node.reaches_output:
        raise InputError(
            f"behind {layer!r} the class depends on the class token alone; choose an earlier layer"
        )
    cam = _CLASSES[key](classifier.module, [])
    cam.activations_and_grads = _Taps(classifier.module, node)

    def compute(inputs: Tensor, scores: Sequence[Callable[[Tensor], Tensor]]) -> np.ndarray:
        with torch.enable_grad():
            return np.asarray(cam(inputs, list(scores)), dtype=np.float32)

    yield compute


@contextmanager
def grad_cam(classifier: Classifier, layer: str) -> Iterator[Explain]:
    """Grad-CAM (Selvaraju et al. 2017) at one layer.

    Within the context it is a function of ``pictures``, (N, H, W, C) uint8, and ``outputs``, (N,) int:
    one output index per picture. It returns maps (N, h, w) float32, the ReLU of the weighted sum of
    feature maps, at the layer's resolution and not rescaled.

    Parameters
    ----------
    classifier : Classifier
        Left as it is: the work is done on a private copy that shares its weights.
    layer : str
        Key of a layer with feature maps.
    """
    private = replace(classifier, module=private_copy(classifier.module))
    with open_cam("grad_cam", private, layer) as compute:

        def explain(pictures: np.ndarray, outputs: np.ndarray) -> np.ndarray:
            if len(outputs) != len(pictures):  # the library would silently leave pictures out
                raise ValueError(f"{len(outputs)} outputs for {len(pictures)} pictures")
            inputs = classifier.to_inputs(pictures).requires_grad_()
            return compute(inputs, [ClassifierOutputTarget(int(each)) for each in outputs])

        yield explain
