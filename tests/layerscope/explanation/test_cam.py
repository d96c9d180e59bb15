"""Grad-CAM against its definition, and maps over pictures."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.datasets.categories import IMAGENETTE
from layerscope.errors import InputError
from layerscope.explanation.cam import choose_layer, grad_cam
from layerscope.explanation.heatmap import colorize, fit_to_picture, overlay
from layerscope.models.inputs import IMAGENET_MEAN, IMAGENET_STD
from layerscope.models.layer_table import layer_table
from layerscope.models.layers import Layer
from layerscope.models.registry import (
    Classifier,
    to_pixels,
    vgg16_slim,
)
from layerscope.vision import torchvision
from tests.shared.inputs import take

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(8 * 6 * 6, 5),
    )
    module = module.eval().requires_grad_(False)
    return Classifier(
        "small", module, take(12, mean=IMAGENET_MEAN, std=IMAGENET_STD), IMAGENETTE[:5]
    )


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, 12, 12, 3), dtype=np.uint8)


def by_hand(classifier: Classifier, picture: np.ndarray, output: int, layer: int) -> Tensor:
    """ReLU of the sum of maps, each weighted by the mean gradient of the logit by the map."""
    maps = classifier.normalize(to_pixels(picture[None]))
    for module in classifier.module[: layer + 1]:
        maps = functional.relu(maps) if isinstance(module, nn.ReLU) else module(maps)
    maps = maps.detach().requires_grad_()
    rest = maps
    for module in classifier.module[layer + 1 :]:
        rest = functional.relu(rest) if isinstance(module, nn.ReLU) else module(rest)
    (gradient,) = torch.autograd.grad(rest[0, output], maps)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * maps).sum(dim=1)[0].relu().detach()


@pytest.mark.parametrize("layer", [0, 1, 2, 3, 4])
def test_maps_are_those_of_the_definition(
    classifier: Classifier, pictures: np.ndarray, layer: int
) -> None:
    # Also at a convolution whose output the ReLU behind it would overwrite.
    outputs = np.array([4, 0, 2, 2])
    with grad_cam(classifier, str(layer)) as explain:
        found = explain(pictures, outputs)
    side = 12 if layer < 2 else 6
    assert found.shape == (4, side, side) and found.dtype == np.float32
    for picture, output, one in zip(pictures, outputs, found, strict=True):
        expected = by_hand(classifier, picture, int(output), layer).numpy()
        np.testing.assert_allclose(one, expected, atol=1e-5 * max(1.0, expected.max()))
    assert found.max() > 0


def test_a_batch_equals_its_single_pictures(classifier: Classifier, pictures: np.ndarray) -> None:
    outputs = np.array([0, 1, 2, 3])
    with grad_cam(classifier, "4") as explain:
        together = explain(pictures, outputs)
        alone = [explain(pictures[i : i + 1], outputs[i : i + 1])[0] for i in range(4)]
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_each_picture_is_explained_for_its_own_output(
    classifier: Classifier, pictures: np.ndarray
) -> None:
    same = np.repeat(pictures[:1], 3, axis=0)
    with grad_cam(classifier, "4") as explain:
        first, second, again = explain(same, np.array([0, 3, 0]))
    np.testing.assert_allclose(first, again, atol=1e-6)
    assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize("n_outputs", [1, 3, 5])
def test_another_number_of_outputs_than_pictures_is_an_error(
    classifier: Classifier, pictures: np.ndarray, n_outputs: int
) -> None:
    with (
        grad_cam(classifier, "4") as explain,
        pytest.raises(ValueError, match=f"{n_outputs} outputs for 4 pictures"),
    ):
        explain(pictures, np.zeros(n_outputs, int))


def test_the_model_is_left_as_it_was(classifier: Classifier, pictures: np.ndarray) -> None:
    parts = list(classifier.module.modules())
    before = copy.deepcopy(classifier.module.state_dict())

    def look() -> None:
        assert all(a is b for a, b in zip(classifier.module.modules(), parts, strict=True))
        for part in parts:
            assert not part._forward_hooks and not part._backward_hooks
        assert [part.inplace for part in parts if isinstance(part, nn.ReLU)] == [True, True]
        assert not any(p.requires_grad or p.grad is not None for p in parts[0].parameters())
        after = classifier.module.state_dict()
        assert all(torch.equal(before[key], after[key]) for key in before)

    with grad_cam(classifier, "4") as explain:
        explain(pictures, np.zeros(4, int))
        look()
    look()
    with pytest.raises(ZeroDivisionError), grad_cam(classifier, "4"):
        raise ZeroDivisionError
    look()


def test_an_unknown_layer_is_refused(classifier: Classifier) -> None:
    with pytest.raises(InputError, match="unknown layer '99'"), grad_cam(classifier, "99"):
        pass


# --- the layer -------------------------------------------------------------------------------


def table_of(module: nn.Module) -> tuple[Layer, ...]:
    module = module.eval()
    return layer_table(Classifier("x", module, take(224, mean=IMAGENET_MEAN, std=IMAGENET_STD), ()))


@pytest.fixture(scope="module")
def slim_table() -> tuple[Layer, ...]:
    return table_of(vgg16_slim(2))


def test_the_last_layer_of_vgg_is_the_relu_before_the_last_pool(
    slim_table: tuple[Layer, ...],
) -> None:
    layer = choose_layer(slim_table)
    assert (layer.key, layer.label, layer.shape) == ("features.29", "relu5_3", (128, 14, 14))


def test_the_last_layer_of_resnet_is_its_last_block() -> None:
    layer = choose_layer(table_of(torchvision.models.resnet50(weights=None)))
    assert (layer.key, layer.shape) == ("layer4.2", (2048, 7, 7))


def test_any_layer_with_maps_can_be_named_and_no_other(slim_table: tuple[Layer, ...]) -> None:
    for key in ("features.0", "features.30"):
        assert choose_layer(slim_table, key).key == key
    for key in ("classifier.0", "input", "probabilities", "features.99"):
        with pytest.raises(InputError, match=f"layer '{key}'"):
            choose_layer(slim_table, key)


# --- maps over pictures ----------------------------------------------------------------------


def test_a_map_is_scaled_to_its_peak_and_to_the_picture() -> None:
    found = fit_to_picture(np.array([[0, 2], [4, 0]], np.float16), (4, 4))
    assert found.shape == (4, 4) and found.dtype == np.float32
    # The corners of a bilinear enlargement are the corners of the map.
    np.testing.assert_allclose(found[[0, 0, -1, -1], [0, -1, 0, -1]], [0, 0.5, 1, 0])
    np.testing.assert_array_equal(fit_to_picture(np.full((3, 3), 7.0), (9, 12)), np.ones((9, 12)))


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_a_map_without_anything_is_blank(nothing: float) -> None:
    # NaN stands for a class that the model does not have.
    found = fit_to_picture(np.full((7, 7), nothing, np.float16), (14, 14))
    np.testing.assert_array_equal(found, np.zeros((14, 14)))


def test_colours_run_from_black_to_pale_yellow_and_grow_lighter() -> None:
    colours = colorize(np.linspace(0, 1, 256)[None])[0].astype(int)
    assert colours.shape == (256, 3)
    assert colours[0].max() < 5 and colours[-1].tolist() == [252, 255, 164]  # inferno's ends, RGB
    luminance = colours @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > -0.8).all() and luminance[-1] > 240
    np.testing.assert_array_equal(colorize(np.array([[-1.0, 2.0]]))[0], colours[[0, -1]])


def test_an_overlay_mixes_by_opacity_and_by_the_map() -> None:
    picture = np.full((2, 2, 3), 200, np.uint8)
    cam = np.array([[0.0, 3.0], [0.0, 0.0]], np.float32)
    np.testing.assert_array_equal(overlay(picture, cam, 0.0), picture)
    np.testing.assert_array_equal(overlay(picture, cam, 1.0)[0, 1], [252, 255, 164])
    # Half at the peak: (200 + 252) / 2 and so on; a fifth as much of black where the map is empty.
    np.testing.assert_array_equal(overlay(picture, cam, 0.5)[0, 1], [226, 228, 182])
    empty = overlay(picture, cam, 0.5)[1, 0].astype(int)
    np.testing.assert_allclose(empty, 200 * (1 - 0.5 * 0.35), atol=1)
