"""The view of kernels without a browser: what is on a page, the address, what a browser may send."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from layerscope.datasets.categories import IMAGENETTE
from layerscope.features.kernels import describe_network, read_kernel
from layerscope.features.weight_figures import WeightFigures
from layerscope.models.layers import Layer
from layerscope.models.registry import Classifier, load_model
from tests.shared.inputs import take
from ui.components.kernel_grid import Pages, read_page
from ui.features.kernels.choice import KernelChoice, count_pages, read_kernel_choice
from ui.features.kernels.figures import KINDS, list_columns, list_facts, name_kind
from ui.features.kernels.pages import (
    Weights,
    cut_page,
    fold_norms,
    list_shapes,
    sort_filters,
    summarize,
)
from ui.live import weights
from ui.live.weights import Weighted

pytestmark = pytest.mark.usefixtures("one_thread")


def node(key: str, kind: str, shape: tuple[int, ...]) -> Layer:
    return Layer(key, kind, key, shape, 1, 0, 0)


NODES = (
    node("input", "input", (3, 8, 8)),
    node("0", "conv", (40, 6, 6)),
    node("1", "relu", (40, 6, 6)),
    node("2", "conv", (50, 4, 4)),
    node("4", "dense", (7,)),
)


def build() -> Classifier:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 40, 3),
        nn.ReLU(),
        nn.Conv2d(40, 50, 3),
        nn.Flatten(),
        nn.Linear(50 * 4 * 4, 7),
        nn.Linear(7, 5),
    )
    module = module.eval().requires_grad_(False)
    return Classifier("small", module, take(8), IMAGENETTE[:5])


CLASSIFIER = build()


def read(classifier: Classifier) -> Weighted:
    return weights.describe(classifier, lambda *_: None, lambda: False)  # type: ignore[arg-type]


with pytest.MonkeyPatch.context() as patch:
    patch.setattr(weights, "load", lambda source: source)
    SHAPES = list_shapes(read(CLASSIFIER), NODES)


@pytest.fixture(autouse=True)
def given_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network stands for where it comes from."""
    monkeypatch.setattr(weights, "load", lambda source: source)


def describe(classifier: Classifier, key: str) -> WeightFigures:
    return next(each for each in describe_network(classifier) if each.key == key)


def page(choice: KernelChoice, classifier: Classifier = CLASSIFIER) -> Any:
    weighted = read(classifier)
    network = Weights(classifier, weighted, list_shapes(weighted, NODES))  # type: ignore[arg-type]
    return cut_page(network, choice, NODES)


def weights_of(key: str) -> np.ndarray:
    return read_kernel(CLASSIFIER, key)


# --- what is on a page -----------------------------------------------------------------------


def test_what_is_drawn_of_each_layer() -> None:
    # Colours are one tile a filter; the dense layer behind maps of 4 x 4 is a convolution of 4 x 4.
    assert SHAPES == {
        "0": (40, 1, 3, 3),
        "2": (50, 40, 3, 3),
        "4": (7, 50, 4, 4),
        "5": (5, 7, 1, 1),
    }


def test_first_filters_are_in_colour_with_the_largest_weight_at_the_end_of_the_scale() -> None:
    shown = page(KernelChoice("0"))
    weights = weights_of("0")
    largest = abs(weights).max()
    assert shown.tiles.shape == (1, 40, 3, 3, 3) and not shown.is_cut and shown.is_linked
    expected = (128 + 127 * weights.transpose(0, 2, 3, 1) / largest).round()
    np.testing.assert_array_equal(shown.tiles[0], expected)
    assert shown.limit == pytest.approx(largest)
    np.testing.assert_allclose(
        shown.norms, np.linalg.norm(weights.reshape(40, -1), axis=1), rtol=1e-5
    )


@pytest.mark.parametrize("size", ["large", "medium", "small"])
@pytest.mark.parametrize("order", ["number", "norm"])
@pytest.mark.parametrize("key", ["0", "2", "4", "5"])
def test_pages_cover_every_weight_exactly_once(key: str, order: str, size: str) -> None:
    count, reads, height, width = SHAPES[key]
    seen = np.full((count, reads, height * width), np.nan, dtype=np.float32)
    rows, columns = count_pages(size, SHAPES[key])
    for row in range(rows):
        for column in range(columns):
            shown = page(KernelChoice(key, order, size, row, column))
            assert len(shown.rows.names) == rows and len(shown.columns.names) == columns
            assert shown.tiles.nbytes + shown.weights.nbytes < 500_000
            if key == "0":
                assert (shown.inputs == -1).all()
                seen[shown.filters, 0] = shown.weights[0].reshape(-1, 3, 9)[:, 0]
                continue
            at = np.ix_(shown.filters, shown.inputs[:, 0])
            assert np.isnan(seen[at]).all()
            seen[at] = shown.weights.swapaxes(0, 1)
    weights = weights_of(key).reshape(count, -1, height * width)
    np.testing.assert_array_equal(seen, weights[:, :reads])


def test_tiles_of_a_page_are_hand_computed_grey_levels() -> None:
    shown = page(KernelChoice("2", "number", "large", 1, 2))
    weights = weights_of("2")[24:36, 8:16].swapaxes(0, 1)
    limit = np.quantile(abs(weights_of("2")), 0.995)
    assert shown.is_cut and shown.limit == pytest.approx(limit, rel=1e-5)
    expected = (128 + 127 * np.clip(weights / shown.limit, -1, 1)).round()
    np.testing.assert_array_equal(shown.tiles, expected)
    assert (shown.rows.names[1], shown.columns.names[2]) == ("8 – 15", "24 – 35")


def test_the_strongest_come_first() -> None:
    figures = describe(CLASSIFIER, "2")
    rows, columns = sort_filters(figures, SHAPES["2"], "norm")
    weights = weights_of("2")
    assert (np.diff(np.linalg.norm(weights.reshape(50, -1), axis=1)[columns]) <= 0).all()
    by_input = np.linalg.norm(weights.swapaxes(0, 1).reshape(40, -1), axis=1)
    assert (np.diff(by_input[rows]) <= 0).all()
    shown = page(KernelChoice("2", "norm"))
    assert shown.filters[0] == columns[0] and shown.inputs[0, 0] == rows[0]
    assert shown.columns.names[0] == "#1 – 24"


def test_inputs_of_a_map_are_one_row_of_a_dense_layer() -> None:
    found = fold_norms(describe(CLASSIFIER, "4"), SHAPES["4"])
    weights = weights_of("4").reshape(7, 50, 16)
    np.testing.assert_allclose(found, np.sqrt((weights**2).sum(axis=(0, 2))), rtol=1e-5)


def test_only_filters_of_nodes_can_be_opened() -> None:
    assert page(KernelChoice("4")).is_linked
    assert not page(KernelChoice("5")).is_linked


def test_layers_inside_blocks_depthwise_ones_too_have_pages() -> None:
    classifier = load_model("efficientnet_lite0")
    shapes = list_shapes(read(classifier), ())
    assert shapes["conv_stem"] == (32, 1, 3, 3)
    assert shapes["blocks.1.0.conv_dw"] == (96, 1, 3, 3)
    assert shapes["classifier"] == (1000, 1280, 1, 1)
    shown = page(KernelChoice("blocks.6.0.conv_dw", "number", "medium", 0, 11), classifier)
    assert shown.filters[0] == 11 * 96 and len(shown.filters) == 96
    np.testing.assert_array_equal(shown.inputs[0], shown.filters)
    figures = describe(classifier, "blocks.6.0.conv_dw")
    assert "one input channel each" in summarize(figures, shapes["blocks.6.0.conv_dw"])
    kinds = [name_kind(describe(classifier, key)) for key in list(shapes)[:3]]
    assert kinds == ["convolution", "depthwise", "1 × 1"] and set(kinds) < set(KINDS)


def test_figures_are_told() -> None:
    figures = describe(CLASSIFIER, "2")
    told = list_facts(figures)
    assert "50 × 40 × 3 × 3" in told and f"{figures.near_zero:.1%}" in told
    column = list_columns([figures])[0]
    assert column.key == "2" and column.kind == "convolution"
    assert column.profile.sum() <= figures.size and (np.diff(column.quantiles) > 0).all()


# --- the address -----------------------------------------------------------------------------


def test_an_address_and_back() -> None:
    choice = KernelChoice("2", "norm", "large", 3, 2)
    params = choice.to_params("0")
    assert read_kernel_choice(params, SHAPES) == (choice, [])
    assert KernelChoice("0").to_params("0") == {}
    assert read_kernel_choice({}, SHAPES) == (KernelChoice("0"), [])


HOSTILE = [
    ("kernel_layer", "1", "layer with weights"),
    ("kernel_layer", "<script>", "layer with weights"),
    ("kernel_order", "size", "order of filters"),
    ("kernel_size", "", "size of tiles"),
    ("kernel_columns", "5", "page of filters"),
    ("kernel_columns", "-1", "page of filters"),
    ("kernel_rows", "01", "page of filters"),
    ("kernel_rows", "9" * 5000, "page of filters"),
]


@pytest.mark.parametrize(("key", "value", "name"), HOSTILE)
def test_what_is_not_there_is_refused_by_name(key: str, value: str, name: str) -> None:
    assert read_kernel_choice({key: value}, SHAPES) == (KernelChoice("0"), [name])


def test_a_page_is_there_or_not_as_the_layer_and_the_size_have_it() -> None:
    last = {"kernel_layer": "2", "kernel_size": "large", "kernel_rows": "4", "kernel_columns": "4"}
    assert read_kernel_choice(last, SHAPES)[1] == []
    assert read_kernel_choice(last | {"kernel_size": "small"}, SHAPES)[1] == ["page of filters"] * 2


# --- what a browser sends --------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {"axis": "rows"},
        {"axis": "layer", "page": 0},
        {"axis": "rows", "page": 1},
        {"axis": "columns", "page": True},
        {"axis": "columns", "page": -1},
        {"axis": "columns", "page": 0, "more": 1},
    ],
)
def test_pages_that_are_not_there_are_not_turned_to(sent: object) -> None:
    with pytest.raises(ValueError, match="not"):
        read_page(sent, Pages(["0 – 3"], 0), Pages(["0 – 3", "4 – 7"], 0))


def test_pages_that_are_there_are_turned_to() -> None:
    found = read_page({"axis": "columns", "page": 1}, Pages(["a"], 0), Pages(["a", "b"], 0))
    assert found == ("columns", 1)
