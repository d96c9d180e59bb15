"""Filters as pictures, by hand: colours, groups, norms, histograms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from layerscope.datasets.categories import IMAGENETTE
from layerscope.errors import InputError
from layerscope.features.kernels import (
    count_weights,
    draw_first_filters,
    draw_slices,
    find_weighted,
    measure_norms,
    read_kernel,
)
from layerscope.models import Classifier, load_model


def classify(*parts: nn.Module) -> Classifier:
    module = nn.Sequential(*parts).eval().requires_grad_(False)
    return Classifier("small", module, 8, (0.5,) * 3, (0.5,) * 3, IMAGENETTE[:2])


def convolution(weights: np.ndarray, groups: int = 1) -> nn.Conv2d:
    """One with the weights that are given, (F, C / groups, h, w)."""
    n_filters, reads = weights.shape[:2]
    size = (weights.shape[2], weights.shape[3])
    layer = nn.Conv2d(reads * groups, n_filters, size, groups=groups, bias=False)
    layer.weight.data = torch.from_numpy(weights.astype(np.float32))
    return layer


# --- first layer -----------------------------------------------------------------------------


def test_tiles_have_one_symmetric_scale_with_zero_at_mid_grey() -> None:
    weights = np.zeros((2, 3, 1, 2))
    weights[0, :, 0, 0] = 2, -2, 0  # the largest of all filters: to the ends of the scale
    weights[1, :, 0, 1] = 1, -1, 0.5  # half as far from grey, a quarter
    found = draw_first_filters(classify(convolution(weights)))
    assert found.shape == (2, 1, 2, 3) and found.dtype == np.uint8
    np.testing.assert_array_equal(found[0, 0], [[255, 1, 128], [128, 128, 128]])
    np.testing.assert_array_equal(found[1, 0], [[128, 128, 128], [192, 64, 160]])


def test_a_filter_that_reads_one_colour_is_grey_in_the_others() -> None:
    # Depthwise, two filters a colour: the fourth is the second of green.
    weights = np.arange(1, 7).reshape(6, 1, 1, 1)
    found = draw_first_filters(classify(convolution(weights, groups=3)))[:, 0, 0]
    levels = (128 + 127 * np.arange(1, 7) / 6).round()
    for filter_, color in enumerate((0, 0, 1, 1, 2, 2)):
        expected = np.full(3, 128.0)
        expected[color] = levels[filter_]
        np.testing.assert_array_equal(found[filter_], expected)


def test_filters_of_zeros_are_grey() -> None:
    assert (draw_first_filters(classify(convolution(np.zeros((2, 3, 3, 3))))) == 128).all()


def test_a_first_convolution_of_other_inputs_is_refused() -> None:
    with pytest.raises(InputError, match="three colours"):
        draw_first_filters(classify(convolution(np.ones((2, 4, 3, 3)))))
    with pytest.raises(InputError, match="three colours"):
        draw_first_filters(classify(nn.Flatten(), nn.Linear(4, 2)))


# --- grouped by input channel ----------------------------------------------------------------


def test_slices_of_an_ordinary_convolution() -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(4, 3, 2, 2))
    found = draw_slices(classify(convolution(weights)), "0")
    assert found.tiles.shape == (3, 4, 2, 2)
    np.testing.assert_array_equal(found.filters, np.tile(np.arange(4), (3, 1)))
    scaled = 128 + 127 * weights.astype(np.float32) / np.abs(weights).max().astype(np.float32)
    for channel in range(3):
        np.testing.assert_array_equal(found.tiles[channel], scaled[:, channel].round())


@pytest.mark.parametrize(("groups", "n_filters", "reads"), [(2, 6, 2), (4, 4, 1), (4, 8, 1)])
def test_slices_of_a_grouped_convolution_are_what_its_input_channels_move(
    groups: int, n_filters: int, reads: int
) -> None:
    # The reference is the convolution itself: an impulse in one input channel gives, in each output
    # channel of its group, that slice's weight; and nothing in the others.
    rng = np.random.default_rng(1)
    layer = convolution(rng.normal(size=(n_filters, reads, 1, 1)), groups)
    found = draw_slices(classify(layer), "0")
    limit = layer.weight.abs().max()
    for channel in range(groups * reads):
        impulse = torch.zeros(1, groups * reads, 1, 1)
        impulse[0, channel] = 1
        answer = layer(impulse).detach()[0, :, 0, 0]
        moved = np.flatnonzero(answer.numpy())
        np.testing.assert_array_equal(found.filters[channel], moved)
        levels = (128 + 127 * answer[moved] / limit).round().numpy()
        np.testing.assert_array_equal(found.tiles[channel, :, 0, 0], levels)


def test_a_dense_layer_has_no_slices() -> None:
    with pytest.raises(InputError, match="no filters"):
        draw_slices(classify(nn.Flatten(), nn.Linear(4, 2)), "1")


# --- norms and histograms --------------------------------------------------------------------


def test_norms_by_hand_for_convolutions_and_dense_layers() -> None:
    weights = np.zeros((3, 1, 2, 2))
    weights[0, 0] = [[3, 0], [0, 4]]
    weights[2, 0] = [[1, 1], [1, -1]]
    dense = nn.Linear(2, 2)
    dense.weight.data = torch.tensor([[0.6, 0.8], [5.0, -12.0]])
    classifier = classify(convolution(weights), nn.Flatten(), dense)
    np.testing.assert_allclose(measure_norms(classifier, "0"), [5, 0, 2])
    np.testing.assert_allclose(measure_norms(classifier, "2"), [1, 13], rtol=1e-6)


def test_histogram_by_hand() -> None:
    weights = np.array([-1, -0.9, 0, 0.1, 0.6, 1]).reshape(6, 1, 1, 1)
    counts, edges = count_weights(classify(convolution(weights)), "0", bins=4)
    np.testing.assert_array_equal(counts, [2, 0, 2, 2])
    np.testing.assert_allclose(edges, [-1, -0.5, 0, 0.5, 1])


def test_layers_without_weights_are_refused() -> None:
    classifier = classify(nn.ReLU())
    for key in ("0", "nowhere", ""):
        with pytest.raises(InputError, match="layer"):
            read_kernel(classifier, key)


def test_layers_inside_blocks_are_found_in_a_real_model() -> None:
    classifier = load_model("efficientnet_lite0")
    keys = find_weighted(classifier)
    assert keys[:2] == ("conv_stem", "blocks.0.0.conv_dw") and keys[-1] == "classifier"
    depthwise = draw_slices(classifier, "blocks.0.0.conv_dw")
    assert depthwise.tiles.shape == (32, 1, 3, 3)
    np.testing.assert_array_equal(depthwise.filters[:, 0], np.arange(32))
    first = draw_first_filters(classifier)
    assert first.shape == (32, 3, 3, 3) and {int(first.min()), int(first.max())} & {1, 255}
    assert sum(count_weights(classifier, "classifier", 64)[0]) == 1000 * 1280
