"""Filters as pictures, by hand: colours, groups, norms, histograms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from layerscope.datasets.categories import IMAGENETTE
from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled
from layerscope.features.kernels import (
    count_weights,
    describe_network,
    draw_first_filters,
    draw_slices,
    find_weighted,
    measure_norms,
    read_kernel,
    reads_colors,
)
from layerscope.features.weight_figures import N_PROFILE, QUANTILES, describe_weights
from layerscope.models.registry import Classifier, load_model
from tests.shared.inputs import take


def classify(*parts: nn.Module) -> Classifier:
    module = nn.Sequential(*parts).eval().requires_grad_(False)
    return Classifier("small", module, take(8), IMAGENETTE[:2])


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
    weights = rng.normal(size=(4, 3, 2, 2)).astype(np.float32)
    found = draw_slices(classify(convolution(weights)), "0")
    np.testing.assert_array_equal(found.weights, weights.swapaxes(0, 1))
    np.testing.assert_array_equal(found.inputs, np.repeat(np.arange(3)[:, None], 4, axis=1))
    scaled = 128 + 127 * weights / np.abs(weights).max()
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
    assert found.tiles.shape == (reads, n_filters, 1, 1)
    limit = layer.weight.abs().max()
    for channel in range(groups * reads):
        impulse = torch.zeros(1, groups * reads, 1, 1)
        impulse[0, channel] = 1
        answer = layer(impulse).detach()[0, :, 0, 0]
        rows, filters = np.nonzero(found.inputs == channel)
        np.testing.assert_array_equal(filters, np.flatnonzero(answer.numpy()))
        np.testing.assert_array_equal(found.weights[rows, filters, 0, 0], answer[filters])
        levels = (128 + 127 * answer[filters] / limit).round().numpy()
        np.testing.assert_array_equal(found.tiles[rows, filters, 0, 0], levels)


def test_a_page_is_a_part_of_the_whole_on_the_same_scale() -> None:
    weights = np.random.default_rng(2).normal(size=(6, 5, 3, 3))
    classifier = classify(convolution(weights))
    whole = draw_slices(classifier, "0")
    page = draw_slices(classifier, "0", np.array([4, 0]), np.array([5, 1, 2]))
    chosen = np.ix_([4, 0], [5, 1, 2])
    for name in ("weights", "inputs", "tiles"):
        np.testing.assert_array_equal(getattr(page, name), getattr(whole, name)[chosen])
    with pytest.raises(IndexError):
        draw_slices(classifier, "0", np.array([5]))


def test_what_lies_beyond_the_limit_is_black_or_white() -> None:
    weights = np.array([-4, -2, -1, 0, 1, 2, 4]).reshape(7, 1, 1, 1)
    tiles = draw_slices(classify(convolution(weights)), "0", limit=2).tiles
    np.testing.assert_array_equal(tiles.ravel(), [1, 1, 64, 128, 192, 255, 255])


def test_a_dense_layer_behind_maps_is_a_convolution_as_large_as_they_are() -> None:
    dense = nn.Linear(2 * 3 * 4, 5)
    found = draw_slices(classify(nn.Flatten(), dense), "1", window=(3, 4))
    pixels = torch.rand(1, 2, 3, 4)
    answer = torch.nn.functional.conv2d(pixels, torch.from_numpy(found.weights.swapaxes(0, 1)))
    np.testing.assert_allclose(answer.ravel() + dense.bias, dense(pixels.flatten(1))[0], rtol=1e-5)
    single = draw_slices(classify(nn.Flatten(), dense), "1")
    np.testing.assert_array_equal(single.weights[:, :, 0, 0], dense.weight.T)
    with pytest.raises(InputError, match="24 inputs"):
        draw_slices(classify(nn.Flatten(), dense), "1", window=(5, 1))


def test_only_the_first_convolution_reads_colours() -> None:
    first, second = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 4, 3)
    classifier = classify(first, nn.ReLU(), second)
    assert [reads_colors(classifier, key) for key in ("0", "2")] == [True, False]
    assert not reads_colors(classify(nn.Conv2d(4, 3, 3), second), "1")


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
    assert depthwise.tiles.shape == (1, 32, 3, 3)
    np.testing.assert_array_equal(depthwise.inputs[0], np.arange(32))
    first = draw_first_filters(classifier)
    assert first.shape == (32, 3, 3, 3) and {int(first.min()), int(first.max())} & {1, 255}
    assert sum(count_weights(classifier, "classifier", 64)[0]) == 1000 * 1280


# --- figures ---------------------------------------------------------------------------------


def test_figures_are_those_of_numpy() -> None:
    rng = np.random.default_rng(3)
    weights = rng.normal(0.2, 1.5, size=(12, 6, 3, 3)).astype(np.float32)
    found = describe_weights("0", weights, 1)
    flat = weights.astype(np.float64).ravel()
    assert (found.shape, found.groups, found.size) == ((12, 6, 3, 3), 1, flat.size)
    np.testing.assert_allclose((found.mean, found.std), (flat.mean(), flat.std()), rtol=1e-6)
    assert (found.low, found.high) == (flat.min(), flat.max())
    np.testing.assert_allclose(found.near_zero, (abs(flat) < 0.1 * flat.std()).mean())
    np.testing.assert_allclose(found.outer, np.quantile(abs(flat), 0.995), rtol=1e-5)
    np.testing.assert_allclose(found.quantiles, np.quantile(flat, QUANTILES), rtol=1e-5)
    np.testing.assert_allclose(found.norms, np.sqrt((weights**2).sum((1, 2, 3))), rtol=1e-5)
    np.testing.assert_allclose(found.input_norms, np.sqrt((weights**2).sum((0, 2, 3))), rtol=1e-5)
    expected = count_weights(classify(convolution(weights)), "0", len(found.counts))
    np.testing.assert_array_equal(found.counts, expected[0])
    np.testing.assert_array_equal(found.edges, expected[1])
    inside = abs(flat) < 4 * flat.std()
    assert found.profile.shape == (N_PROFILE,) and found.profile.sum() == inside.sum()


def test_many_weights_are_described_by_an_even_choice_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("layerscope.features.weight_figures._MOST", 10_000)
    weights = np.random.default_rng(0).uniform(-1, 1, (200, 300)).astype(np.float32)
    found = describe_weights("1", weights, 1)
    flat = weights.ravel()
    assert found.std == pytest.approx(flat.std(), rel=1e-5)  # of all of them
    np.testing.assert_allclose(found.quantiles, np.quantile(flat, QUANTILES), atol=0.1 * flat.std())


def test_the_even_choice_is_not_always_of_the_same_corner(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.ones((20, 10, 7, 7), np.float32)
    weights[:, :, 0, 0] = 100
    monkeypatch.setattr("layerscope.features.weight_figures._MOST", 200)  # one in 49
    found = describe_weights("0", weights, 1)
    share = found.counts[-1] / found.counts.sum()
    assert 0 < share < 3 / 49


def test_layers_of_one_value_are_described_too() -> None:
    nothing, same = np.zeros((2, 1, 1, 1)), np.full((2, 1, 1, 1), 0.5)
    zeros, halves = describe_network(classify(convolution(nothing), convolution(same)))
    assert (zeros.near_zero, zeros.std, zeros.profile.sum()) == (1, 0, 0)
    assert (halves.near_zero, halves.std, halves.profile.sum()) == (0, 0, 0)


def test_all_layers_are_described_in_order_and_it_can_be_called_off() -> None:
    classifier = classify(nn.Conv2d(3, 4, 3, groups=1), nn.ReLU(), nn.Conv2d(4, 4, 3, groups=4))
    steps: list[tuple[int, int]] = []
    found = describe_network(classifier, lambda done, total: steps.append((done, total)))
    assert [(each.key, each.groups) for each in found] == [("0", 1), ("2", 4)]
    assert steps == [(0, 2), (1, 2)]
    with pytest.raises(Cancelled):
        describe_network(classifier, cancelled=lambda: True)
