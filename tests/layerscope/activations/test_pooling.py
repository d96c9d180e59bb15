"""One forward pass hands over every layer as it was, before anything could overwrite it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.activations.averaging import Averaging
from layerscope.activations.pooling import forward, pool, pooled_shape
from layerscope.datasets.categories import IMAGENETTE
from layerscope.models.layer_table import layer_table
from layerscope.models.layers import Layer
from layerscope.models.registry import SLIM_INPUTS, Classifier, vgg16_slim

pytestmark = pytest.mark.usefixtures("one_thread")

BY_FOUR = Averaging("pool", 4)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    torch.manual_seed(0)
    module = vgg16_slim(10)
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):  # keeps values in range through 16 layers
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            nn.init.zeros_(part.bias)
    module = module.eval().requires_grad_(False)
    return Classifier("vgg16_slim", module, SLIM_INPUTS, IMAGENETTE)


@pytest.fixture(scope="module")
def layers(classifier: Classifier) -> tuple[Layer, ...]:
    return layer_table(classifier)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)


Outputs = dict[str, Tensor]


@pytest.fixture(scope="module")
def outputs(
    classifier: Classifier, layers: tuple[Layer, ...], pictures: np.ndarray
) -> tuple[Outputs, np.ndarray]:
    """Copies of what each node handed over, and the probabilities."""
    kept: Outputs = {}

    def keep(key: str, output: Tensor) -> None:
        assert key not in kept
        kept[key] = output.clone()

    return kept, forward(classifier, pictures, layers, keep)


def n_hooks(module: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in module.modules())


def test_every_node_is_handed_over_in_order_and_in_its_shape(
    outputs: tuple[Outputs, np.ndarray], layers: tuple[Layer, ...]
) -> None:
    assert list(outputs[0]) == [layer.key for layer in layers]
    assert [tuple(x.shape) for x in outputs[0].values()] == [(2, *la.shape) for la in layers]


def test_a_convolution_is_not_its_relu(
    outputs: tuple[Outputs, np.ndarray], layers: tuple[Layer, ...]
) -> None:
    # torchvision's ReLUs work in place: a hook that keeps a reference sees rectified convolutions.
    kept, pairs = outputs[0], 0
    for layer, behind in itertools.pairwise(layers):
        if layer.kind in {"conv", "dense"} and behind.kind == "relu":
            assert (kept[layer.key] < 0).float().mean() > 0.1
            assert torch.equal(kept[layer.key].relu(), kept[behind.key])
            pairs += 1
    assert pairs == 13 + 2


def test_no_two_nodes_are_the_same(outputs: tuple[Outputs, np.ndarray]) -> None:
    kept = list(outputs[0].values())
    for i, one in enumerate(kept):
        for other in kept[i + 1 :]:
            assert one.shape != other.shape or not torch.equal(one, other)


def test_the_input_node_is_the_pixels_before_normalisation(
    outputs: tuple[Outputs, np.ndarray], pictures: np.ndarray
) -> None:
    expected = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    torch.testing.assert_close(outputs[0]["input"], expected)


def test_probabilities_are_the_softmax_of_the_logits_and_sum_to_one(
    outputs: tuple[Outputs, np.ndarray], classifier: Classifier
) -> None:
    kept, probabilities = outputs
    assert probabilities.shape == (2, 10) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    torch.testing.assert_close(kept["probabilities"], kept["classifier.6"].softmax(dim=1))
    np.testing.assert_array_equal(kept["probabilities"].numpy(), probabilities)
    with torch.no_grad():  # and the hooks change nothing
        logits = classifier.module(classifier.normalize(kept["input"]))
    torch.testing.assert_close(logits, kept["classifier.6"])


def test_a_batch_equals_its_single_pictures(
    outputs: tuple[Outputs, np.ndarray],
    classifier: Classifier,
    layers: tuple[Layer, ...],
    pictures: np.ndarray,
) -> None:
    def compare(key: str, output: Tensor) -> None:
        together = outputs[0][key][index : index + 1]
        torch.testing.assert_close(output, together, rtol=1e-3, atol=1e-4)

    for index in range(2):
        alone = forward(classifier, pictures[index : index + 1], layers, compare)
        np.testing.assert_allclose(alone[0], outputs[1][index], atol=1e-5)


def test_only_the_layers_asked_for_are_handed_over(
    classifier: Classifier, layers: tuple[Layer, ...], pictures: np.ndarray
) -> None:
    asked = tuple(layer for layer in layers if layer.label in {"conv3_2", "fc7"})
    found: list[str] = []
    forward(classifier, pictures[:1], asked, lambda key, _: found.append(key))
    assert found == ["features.12", "classifier.3"]


def test_hooks_are_gone_after_use_and_after_an_exception(
    classifier: Classifier, layers: tuple[Layer, ...], pictures: np.ndarray
) -> None:
    def fail(key: str, _: Tensor) -> None:
        if key == "features.5":
            raise ZeroDivisionError

    forward(classifier, pictures[:1], layers, lambda *_: None)
    assert n_hooks(classifier.module) == 0
    with pytest.raises(ZeroDivisionError):
        forward(classifier, pictures[:1], layers, fail)
    assert n_hooks(classifier.module) == 0


# --- pooling ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "by_four", "by_eight"),
    [
        (224, 56, 28),
        (112, 28, 14),
        (56, 14, 7),
        (28, 7, 4),
        (14, 4, 2),
        (7, 2, 2),
        (2, 2, 2),
        (1, 1, 1),
    ],
)
def test_pooled_sides_of_vgg_never_fall_below_two(side: int, by_four: int, by_eight: int) -> None:
    assert (BY_FOUR.side(side), Averaging("pool", 8).side(side)) == (by_four, by_eight)


@pytest.mark.parametrize(("side", "cells"), [(224, 7), (14, 7), (7, 7), (6, 6), (1, 1)])
def test_a_grid_is_the_same_for_all_maps_that_have_it(side: int, cells: int) -> None:
    assert Averaging("grid", 7).side(side) == cells


@pytest.mark.parametrize("side", [224, 55, 14, 13, 7, 3])
def test_many_grids_at_once_are_those_of_each_alone(side: int) -> None:
    maps = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    ways = [BY_FOUR, *(Averaging("grid", cells) for cells in (14, 1, 7, 2, 4))]
    for way, found in zip(ways, pool(maps, *ways), strict=True):
        expected = functional.adaptive_avg_pool2d(maps, way.side(side))
        np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-6)


def test_a_pool_changes_nothing_on_a_grid_that_both_layers_have() -> None:
    # With a factor the layer behind the pool has another grid than the one before it.
    maps = torch.randn(2, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    behind = functional.avg_pool2d(maps, 2)
    grid = Averaging("grid", 7)
    np.testing.assert_allclose(pool(maps, grid)[0], pool(behind, grid)[0], atol=1e-6)
    assert pool(maps, BY_FOUR)[0].shape != pool(behind, BY_FOUR)[0].shape


def test_announced_shapes_are_those_that_pooling_gives(
    outputs: tuple[Outputs, np.ndarray], layers: tuple[Layer, ...]
) -> None:
    for layer in layers:
        ways = BY_FOUR, Averaging("pool", 8), Averaging("grid", 7), Averaging("grid", 14)
        for way, pooled in zip(ways, pool(outputs[0][layer.key], *ways), strict=True):
            assert pooled.shape == (2, *pooled_shape(layer, way))
            assert pooled.dtype == np.float32


@pytest.mark.parametrize(("side", "to"), [(16, 4), (7, 2), (14, 4), (3, 2)])
def test_pooling_is_torchs_adaptive_average(side: int, to: int) -> None:
    maps = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    expected = functional.adaptive_avg_pool2d(maps, to)
    np.testing.assert_allclose(pool(maps, BY_FOUR)[0], expected.numpy(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("side", [16, 14])
def test_pooling_does_not_depend_on_the_order_in_memory(side: int) -> None:
    maps = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    inner = maps.to(memory_format=torch.channels_last)
    np.testing.assert_allclose(
        pool(inner, BY_FOUR)[0], pool(maps, BY_FOUR)[0], rtol=1e-3, atol=1e-6
    )


def test_feature_maps_stay_in_the_order_that_convolutions_like(
    classifier: Classifier, layers: tuple[Layer, ...], pictures: np.ndarray
) -> None:
    # From the pictures through all layers: one that went back would be copied twice.
    def look(key: str, output: Tensor) -> None:
        if output.ndim == 4:
            assert output.is_contiguous(memory_format=torch.channels_last), key

    forward(classifier, pictures, layers, look)


def test_pooling_averages_the_cells_that_one_expects() -> None:
    maps = torch.arange(64.0).reshape(1, 1, 8, 8)
    # The mean of rows 0 to 3 and columns 0 to 3 is 8 * 1.5 + 1.5; cells are 4 and 32 apart.
    np.testing.assert_array_equal(pool(maps, BY_FOUR)[0][0, 0], [[13.5, 17.5], [45.5, 49.5]])


@pytest.mark.parametrize("shape", [(2, 5), (2, 3, 2, 2)])
def test_what_is_pooled_stays_when_the_next_layer_writes_in_place(shape: tuple[int, ...]) -> None:
    output = torch.ones(shape)
    pooled = pool(output, BY_FOUR)[0]
    output.zero_()
    assert (pooled == 1).all()


def test_dense_layers_are_not_pooled_and_no_value_is_clipped() -> None:
    values = torch.tensor([[1.5, -2.0, 1e6, -1e-12]])
    np.testing.assert_array_equal(pool(values, BY_FOUR)[0], values.numpy())
