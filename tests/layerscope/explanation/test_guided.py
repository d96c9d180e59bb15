"""Guided backpropagation by hand, against pytorch-grad-cam, and what is made of it."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.datasets.categories import IMAGENETTE
from layerscope.errors import InputError
from layerscope.explanation.guided import guided_backprop, guided_grad_cam
from layerscope.explanation.heatmap import shade
from layerscope.models.inputs import IMAGENET_MEAN, IMAGENET_STD
from layerscope.models.registry import (
    Classifier,
    to_pixels,
    vgg16_slim,
)
from layerscope.vision import torchvision
from tests.shared.inputs import take

pytestmark = pytest.mark.usefixtures("one_thread")


def classify(module: nn.Module, size: int, plain: bool = False) -> Classifier:
    """A classifier around a module; a plain one takes pixels as they are."""
    mean, std = ((0.0,) * 3, (1.0,) * 3) if plain else (IMAGENET_MEAN, IMAGENET_STD)
    return Classifier("small", module.eval(), take(size, mean=mean, std=std), IMAGENETTE[:5])


def paint(n: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def small_net(rectifier: Callable[[], nn.Module] = lambda: nn.ReLU(inplace=True)) -> nn.Module:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        rectifier(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        rectifier(),
        nn.Flatten(),
        nn.Linear(8 * 6 * 6, 5),
    )
    return module.requires_grad_(False)


def ordinary_gradient(classifier: Classifier, picture: np.ndarray, output: int) -> np.ndarray:
    inputs = classifier.normalize(to_pixels(picture[None])).requires_grad_()
    (gradient,) = torch.autograd.grad(classifier.module(inputs)[0, output], inputs)
    return gradient[0].permute(1, 2, 0).numpy()


def by_library(classifier: Classifier, picture: np.ndarray, output: int) -> np.ndarray:
    from pytorch_grad_cam import GuidedBackpropReLUModel  # needs what layerscope.vision prepares

    module = copy.deepcopy(classifier.module)
    for part in module.modules():
        if hasattr(part, "inplace"):
            part.inplace = False
    inputs = classifier.normalize(to_pixels(picture[None]))
    return np.asarray(GuidedBackpropReLUModel(module)(inputs, target_category=output))


def test_one_pixel_by_hand() -> None:
    # Hidden values are 1, -1 and 1; the second is switched off. Of the weights to an output those
    # below zero do not come back: 2 (1, 2, 0) for the first, 0.5 (0, 1, 5) for the second.
    hidden, out = nn.Conv2d(3, 3, 1, bias=False), nn.Linear(3, 2, bias=False)
    hidden.weight.data = torch.tensor([[1, 2, 0], [-1, 0, 0], [0, 1, 5.0]])[:, :, None, None]
    out.weight.data = torch.tensor([[2, 3, -4], [-1, 1, 0.5]])
    module = nn.Sequential(hidden, nn.ReLU(inplace=True), nn.Flatten(), out)
    classifier = classify(module, 1, plain=True)
    pixel = np.array([255, 0, 51], dtype=np.uint8).reshape(1, 1, 1, 3)
    found = guided_backprop(classifier, np.repeat(pixel, 2, axis=0), np.array([0, 1]))
    assert found.shape == (2, 1, 1, 3) and found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0, 0], [[2, 4, 0], [0, 0.5, 2.5]], rtol=1e-6)
    assert ordinary_gradient(classifier, pixel[0], 0).tolist() == [[[2, 0, -20]]]


def test_where_nothing_is_negative_it_is_the_gradient() -> None:
    module = small_net()
    for parameter in module.parameters():
        parameter.data = parameter.data.abs()
    classifier, pictures = classify(module, 12), paint(2, 12)
    found = guided_backprop(classifier, pictures, np.array([1, 4]))
    for picture, output, one in zip(pictures, (1, 4), found, strict=True):
        np.testing.assert_allclose(one, ordinary_gradient(classifier, picture, output), rtol=1e-5)
    assert np.abs(found).max() > 0


@pytest.mark.parametrize(
    ("build", "size"),
    [
        (small_net, 12),
        (lambda: vgg16_slim(5), 64),
        (lambda: torchvision.models.resnet18(weights=None, num_classes=5), 64),
    ],
    ids=["small", "vgg16_slim", "resnet18"],
)
def test_it_equals_pytorch_grad_cam(build: Callable[[], nn.Module], size: int) -> None:
    torch.manual_seed(1)
    classifier, pictures = classify(build().requires_grad_(False), size), paint(3, size)
    outputs = np.array([4, 0, 0])
    found = guided_backprop(classifier, pictures, outputs)
    for picture, output, one in zip(pictures, outputs, found, strict=True):
        expected = by_library(classifier, picture, int(output))
        np.testing.assert_allclose(one, expected, atol=1e-4 * np.abs(expected).max())
    assert np.abs(found[1]).max() > 0


class _Functional(nn.Module):
    """The small net with rectifiers that are called, as GoogLeNet's are."""

    def __init__(self, rectify: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.parts = small_net()
        self.rectify = rectify

    def forward(self, values: Tensor) -> Tensor:
        for part in self.parts:
            values = self.rectify(values) if isinstance(part, nn.ReLU) else part(values)
        return values


@pytest.mark.parametrize(
    "rectify",
    [
        functional.relu,
        lambda values: functional.relu(values, inplace=True),
        torch.relu,
        torch.relu_,
        lambda values: values.relu(),
        lambda values: values.relu_(),
        functional.relu6,
        nn.ReLU6(),
    ],
)
def test_rectifiers_that_are_called_are_met_too(rectify: Callable[[Tensor], Tensor]) -> None:
    pictures, outputs = paint(2, 12), np.array([3, 2])
    expected = guided_backprop(classify(small_net(), 12), pictures, outputs)
    found = guided_backprop(classify(_Functional(rectify), 12), pictures, outputs)
    np.testing.assert_allclose(found, expected, atol=1e-7)  # no value here reaches 6
    plain = ordinary_gradient(classify(small_net(), 12), pictures[0], 3)
    assert np.abs(found[0] - plain).max() > 1e-3


def test_googlenet_is_not_mistaken_for_a_model_without_rectifiers() -> None:
    torch.manual_seed(0)
    module = torchvision.models.googlenet(
        weights=None, num_classes=5, aux_logits=False, init_weights=False
    )
    classifier, picture = classify(module.requires_grad_(False), 64), paint(1, 64)
    found = guided_backprop(classifier, picture, np.array([2]))[0]
    gradient = ordinary_gradient(classifier, picture[0], 2)
    assert np.abs(found - gradient).max() > 0.1 * np.abs(gradient).max()


def test_a_batch_equals_its_single_pictures() -> None:
    classifier, pictures, outputs = classify(small_net(), 12), paint(3, 12), np.array([0, 3, 1])
    together = guided_backprop(classifier, pictures, outputs)
    alone = [guided_backprop(classifier, pictures[i : i + 1], outputs[i : i + 1]) for i in range(3)]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-6)


@pytest.mark.parametrize("n_outputs", [1, 4])
def test_another_number_of_outputs_than_pictures_is_an_error(n_outputs: int) -> None:
    with pytest.raises(ValueError, match=f"{n_outputs} outputs for 3 pictures"):
        guided_backprop(classify(small_net(), 12), paint(3, 12), np.zeros(n_outputs, int))


def test_a_model_without_rectifiers_is_refused() -> None:
    for rectifier in (nn.SiLU, nn.Hardtanh):
        with pytest.raises(InputError, match="small has no ReLU"):
            guided_backprop(classify(small_net(rectifier), 12), paint(1, 12), np.array([0]))


class _Failing(nn.Module):
    def forward(self, values: Tensor) -> Tensor:
        raise ZeroDivisionError


def test_the_model_is_left_as_it_was_also_after_an_exception() -> None:
    module = small_net()
    for parameter in module.parameters():
        parameter.requires_grad_()  # as in a model that is being trained
    classifier, pictures = classify(module, 12), paint(1, 12)
    parts = list(module.modules())
    before = copy.deepcopy(module.state_dict())
    gradient = ordinary_gradient(classifier, pictures[0], 0)

    def look() -> None:
        assert all(a is b for a, b in zip(module.modules(), parts, strict=True))
        for part in parts:
            assert not part._forward_hooks and not part._backward_hooks
        assert [part.inplace for part in parts if isinstance(part, nn.ReLU)] == [True, True]
        assert all(p.requires_grad and p.grad is None for p in module.parameters())
        assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
        np.testing.assert_array_equal(ordinary_gradient(classifier, pictures[0], 0), gradient)

    guided_backprop(classifier, pictures, np.array([0]))
    look()
    with pytest.raises(ZeroDivisionError):
        failing = classify(nn.Sequential(*module, _Failing()), 12)
        guided_backprop(failing, pictures, np.array([0]))
    look()


# --- Guided Grad-CAM -------------------------------------------------------------------------


def test_the_product_by_hand() -> None:
    # Enlarged from 2 to 4 bilinearly, a step from 0 to 1 becomes 0, 1/4, 3/4, 1; the peak is 1.
    gradients = np.full((2, 4, 4, 3), -2.0, dtype=np.float32)
    gradients[1] = np.arange(48).reshape(4, 4, 3)
    cams = np.array([[[0, 5], [0, 5]], [[7, 7], [7, 7]]], dtype=np.float32)
    found = guided_grad_cam(gradients, cams)
    assert found.shape == gradients.shape and found.dtype == np.float32
    expected = np.tile([0, -0.5, -1.5, -2], (4, 1))
    for channel in range(3):
        np.testing.assert_allclose(found[0, :, :, channel], expected, atol=1e-6)
    np.testing.assert_allclose(found[1], gradients[1], rtol=1e-6)  # an even map changes nothing


def test_an_empty_map_leaves_nothing() -> None:
    assert not guided_grad_cam(np.ones((1, 8, 8, 3), np.float32), np.zeros((1, 2, 2))).any()
    with pytest.raises(ValueError, match="1 maps for 2 gradients"):
        guided_grad_cam(np.ones((2, 8, 8, 3), np.float32), np.zeros((1, 2, 2)))


# --- gradients as pictures -------------------------------------------------------------------


def test_shades_by_hand() -> None:
    # At the 100th percentile the largest value is white: zero 128, half of it 191.5, its opposite 1.
    gradient = np.array([0, 4, 2, -4, -2, 1]).reshape(1, 2, 3)
    found = shade(gradient, percentile=100)
    assert found.dtype == np.uint8
    assert found.ravel().tolist() == [128, 255, 192, 1, 64, 160]


def test_a_few_strong_pixels_are_cut_off() -> None:
    gradient = np.ones((100, 100, 3))
    gradient[0, 0] = 1000
    assert (shade(gradient) == 255).all()
    assert (shade(-gradient) == 1).all()


def test_shades_do_not_depend_on_the_scale_of_a_gradient() -> None:
    gradient = np.random.default_rng(0).normal(size=(16, 16, 3))
    np.testing.assert_array_equal(shade(gradient), shade(1e-6 * gradient))
    assert (shade(np.zeros((4, 4, 3))) == 128).all()
    sparse = np.zeros((100, 100, 3))
    sparse[0, 0] = [1, -1, 0]  # fewer than the percentile leaves out
    assert shade(sparse)[0, 0].tolist() == [255, 1, 128]
