"""The model map: how large nodes are drawn, how they are grouped, and what is said of them."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.models.layers import Layer
from tests.shared.project import LAYERS
from ui.components import component, model_map
from ui.components.model_map import LayerCurve, draw_model_map
from ui.components.model_map.captions import (
    describe_layer,
    format_count,
    format_shape,
    list_kinds,
    name_groups,
)
from ui.components.model_map.geometry import (
    BAR_THICKNESS,
    SHORTEST_BAR,
    SMALLEST_PITCH,
    SMALLEST_SIDE,
    THINNEST,
    measure_layers,
    number_groups,
    scale_channels,
    scale_side,
    scale_units,
)


def node(kind: str, *shape: int) -> Layer:
    return Layer(f"{kind}-{shape}", kind, kind, shape, 1, 0, 0)


def stage(side: int, channels: int, convolutions: int) -> list[Layer]:
    """Convolutions with their ReLUs, then a pool, as in a VGG."""
    maps = (channels, side, side)
    inner = [node(kind, *maps) for _ in range(convolutions) for kind in ("conv", "relu")]
    return [*inner, node("pool", channels, side // 2, side // 2)]


VGG16 = [
    node("input", 3, 224, 224),
    *stage(224, 64, 2),
    *stage(112, 128, 2),
    *stage(56, 256, 3),
    *stage(28, 512, 3),
    *stage(14, 512, 3),
    *(node(kind, 4096) for kind in ("dense", "relu") * 2),
    node("dense", 1000),
    node("output", 1000),
]
RESNET50 = [
    node("input", 3, 224, 224),
    *(node(kind, 64, 112, 112) for kind in ("conv", "norm", "relu")),
    node("pool", 64, 56, 56),
    *[node("block", 256, 56, 56)] * 3,
    *[node("block", 512, 28, 28)] * 4,
    *[node("block", 1024, 14, 14)] * 6,
    *[node("block", 2048, 7, 7)] * 3,
    node("pool", 2048, 1, 1),
    node("dense", 1000),
    node("output", 1000),
]


# --- measures --------------------------------------------------------------------------------


def test_measures_are_the_ones_worked_out_by_hand() -> None:
    assert scale_side(224, 224) == 1
    assert scale_side(112, 224) == pytest.approx(0.5**0.35)  # 0.785
    assert scale_side(7, 224) == pytest.approx(2 ** (-5 * 0.35))  # 0.297
    assert scale_side(1, 224) == SMALLEST_SIDE == 0.16  # 0.150 by the power
    assert scale_channels(2048) == 1
    assert scale_channels(512) == pytest.approx(2 ** (-2 * 0.35))  # 0.616
    assert scale_channels(64) == pytest.approx(2 ** (-5 * 0.35))
    assert scale_channels(1) == THINNEST
    assert scale_units(4096) == pytest.approx(0.94)
    assert scale_units(512) == pytest.approx(0.94 * 2 ** (-3 * 0.12))  # 0.732
    assert scale_units(2) == SHORTEST_BAR
    pool, fc = measure_layers(VGG16)[30], measure_layers(VGG16)[32]
    assert (pool.height, pool.side) == (scale_side(14, 224),) * 2
    assert pool.thickness == scale_channels(512)
    assert (fc.height, fc.thickness) == (scale_units(4096), BAR_THICKNESS)


@pytest.mark.parametrize("scale", [lambda v: scale_side(v, 4000), scale_channels, scale_units])
@given(st.integers(1, 4000), st.integers(1, 4000))
def test_what_is_larger_is_never_drawn_smaller(
    scale: Callable[[int], float], one: int, other: int
) -> None:
    low, high = sorted((one, other))
    assert 0 < scale(low) <= scale(high) <= 1


def test_sizes_that_networks_have_are_told_apart() -> None:
    for scale, sizes in (
        (lambda v: scale_side(v, 224), (7, 14, 28, 56, 112, 224)),
        (scale_channels, (16, 32, 64, 128, 256, 512, 1024, 2048)),
        (scale_units, (100, 512, 1000, 4096)),
    ):
        drawn = [scale(size) for size in sizes]
        assert all(b / a > 1.07 for a, b in itertools.pairwise(drawn))


def test_a_model_with_a_wider_input_fills_the_same_height() -> None:
    cuboids = measure_layers([node("input", 3, 299, 299), node("conv", 32, 149, 149)])
    assert cuboids[0].height == cuboids[0].side == 1
    assert cuboids[1].height == pytest.approx((149 / 299) ** 0.35)


def test_height_and_width_are_measured_apart() -> None:
    square, wide = measure_layers([node("input", 3, 64, 64), node("conv", 8, 16, 64)])
    assert wide.side == square.side == 1
    assert wide.height == pytest.approx(0.25**0.35)


@pytest.mark.parametrize("layers", [VGG16, RESNET50, LAYERS])
def test_every_node_leaves_room_to_point_at_it(layers: list[Layer]) -> None:
    for cuboid in measure_layers(layers):
        assert cuboid.gap > 0
        assert cuboid.thickness + cuboid.gap >= min(SMALLEST_PITCH, THINNEST + 0.34)


@given(
    st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 500), st.integers(1, 500)), min_size=1)
)
def test_measures_are_bounded_for_any_table(shapes: list[tuple[int, int, int]]) -> None:
    cuboids = measure_layers([node("conv", *shape) for shape in shapes])
    assert max(cuboid.height for cuboid in cuboids) <= 1
    assert max(max(cuboid.height, cuboid.side) for cuboid in cuboids) == 1
    assert all(min(each.height, each.side) >= SMALLEST_SIDE for each in cuboids)
    assert all(THINNEST <= each.thickness <= 1 for each in cuboids)


# --- groups ----------------------------------------------------------------------------------


def lengths(layers: list[Layer]) -> list[int]:
    groups = number_groups(layers)
    return [groups.count(group) for group in range(max(groups) + 1)]


def test_vgg16_comes_apart_into_five_stages_and_its_dense_layers() -> None:
    assert len(VGG16) == 38
    assert lengths(VGG16) == [1 + 5, 5, 7, 7, 7, 6]


def test_resnet50_comes_apart_where_its_maps_shrink() -> None:
    assert len(RESNET50) == 24
    assert lengths(RESNET50) == [1, 4, 3, 4, 6, 3 + 1, 2]


def test_a_convolution_without_padding_stays_in_its_group() -> None:
    layers = [node("conv", 32, side, side) for side in (149, 147, 147, 73, 71)]
    assert number_groups(layers) == [0, 0, 0, 1, 1]


def test_groups_start_at_nought_and_rise_by_one() -> None:
    assert number_groups([]) == []
    assert measure_layers([]) == []
    assert number_groups(list(LAYERS)) == [0, 0, 1, 1]


def test_groups_are_named_after_the_size_of_their_maps() -> None:
    names = name_groups(RESNET50, number_groups(RESNET50))
    sizes = [f"{side} × {side}" for side in (224, 112, 56, 28, 14, 7)]
    assert names == [*sizes, "vectors"]


# --- words -----------------------------------------------------------------------------------


def test_a_node_is_described_without_what_it_has_none_of() -> None:
    conv = Layer("features.28", "conv", "conv5_3", (512, 14, 14), 196, 2_359_808, 462_422_016)
    assert describe_layer(conv) == [
        "14 × 14 × 512",
        "2.4 M parameters",
        "receptive field 196 px",
        "0.46 G multiply-adds",
    ]
    assert describe_layer(node("relu", 64, 9, 8)) == ["9 × 8 × 64", "receptive field 1 px"]
    assert format_shape((1000,)) == "1000 units"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (448, "448"),
        (1792, "1.8 k"),
        (999_949, "999.9 k"),
        (999_950, "1.0 M"),
        (138_357_544, "138.4 M"),
        (15_470_000_000, "15.47 G"),
    ],
)
def test_counts_keep_two_or_three_digits(count: int, text: str) -> None:
    assert format_count(count) == text


def test_kinds_of_one_colour_share_an_entry_and_absent_ones_have_none() -> None:
    assert [name for _, name in list_kinds(RESNET50)] == [
        "input, output",
        "convolution, block",
        "ReLU, normalisation",
        "pooling",
        "dense",
    ]
    assert [name for _, name in list_kinds([node("pool", 1, 1, 1)])] == ["pooling"]


# --- what goes to the browser, and what comes back -------------------------------------------


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the component was mounted with; `pick` plays the browser."""
    found: dict[str, Any] = {"picked": []}

    def render(*, key: str, data: dict[str, Any], on_pick_change: Callable[[], None]) -> None:
        def pick(value: object) -> None:
            monkeypatch.setattr(
                component.st, "session_state", {key: {"pick": value}}, raising=False
            )
            on_pick_change()

        found.update(data=data, pick=pick)

    monkeypatch.setattr(model_map._COMPONENT, "render", render)
    return found


def mount(found: dict[str, Any], *curves: LayerCurve) -> dict[str, Any]:
    draw_model_map(LAYERS, "input", curves, key="map", on_pick=found["picked"].append)
    return found["data"]


def test_only_keys_of_layers_are_picked(mounted: dict[str, Any]) -> None:
    mount(mounted)
    for value in (None, 1, "", "features.99", ["features.0"], {"key": "features.0"}, "features.0"):
        mounted["pick"](value)
    assert mounted["picked"] == ["features.0"]


def test_curves_have_a_figure_or_none_for_every_layer(mounted: dict[str, Any]) -> None:
    figures = {"input": 0.125, "features.0": math.nan, "probabilities": 1.2, "elsewhere": 0.5}
    data = mount(mounted, LayerCurve("kNN accuracy", figures, strong=True))
    assert data["curves"] == [
        {"name": "kNN accuracy", "strong": True, "figures": [0.125, None, None, 1.0]}
    ]
    json.dumps(data, allow_nan=False)


def test_nodes_carry_words_colour_and_measures(mounted: dict[str, Any]) -> None:
    nodes = mount(mounted)["nodes"]
    assert [each["key"] for each in nodes] == [layer.key for layer in LAYERS]
    assert nodes[1]["label"] == "conv1_1" and nodes[1]["kind"] == "convolution"
    assert nodes[1]["color"] == "#4d7ea8"
    assert nodes[1]["height"] == 1 and nodes[1]["group"] == 0
