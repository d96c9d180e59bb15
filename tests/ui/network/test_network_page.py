"""The Network page without a browser: distributions, curves, the address, and what is drawn of them."""

from __future__ import annotations

import csv
import re
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layerscope.errors import InputError
from layerscope.models.graph.model_graph import Edge, Group, ModelGraph, Operator
from layerscope.models.layers import Layer
from layerscope.storage.store import Store
from layerscope.training.curves import OF_TRAINING, read_curves
from layerscope.training.distributions import (
    bound_norms,
    count_weights,
    find_moments,
    find_quantiles,
    find_share_below,
    read_distributions,
    spread,
)
from tests.shared.pages import open_app, text_of
from tests.shared.project import ROOT, TINY
from ui.components.network_graph import read_groups
from ui.network.address import FINAL, NetworkChoice, check_graph, read_choice, write_opened
from ui.network.distribution_charts import draw_history, draw_matrix
from ui.network.labels import format_memory, format_share, list_boxes, name_operator, tell_span
from ui.network.layer_choice import find_layer
from ui.network.scales import Scale, find_scale
from ui.network.steps import STEPS
from ui.network.training_charts import draw_curves
from ui.network.trainings import list_trainings

RENDERED = ROOT / "weights/rendered"
values = arrays(
    np.float64, st.integers(2, 400), elements=st.floats(-1e3, 1e3, allow_subnormal=False)
)

# --- distributions ---------------------------------------------------------------------------


def count(numbers: np.ndarray, bins: int = 64) -> tuple[np.ndarray, np.ndarray]:
    counts, edges = np.histogram(numbers, bins=bins)
    return counts, edges[[0, -1]]


def test_figures_of_four_bins_by_hand() -> None:
    counts, ranges = np.array([1, 3, 3, 1]), np.array([-2.0, 2.0])
    mean, deviation = find_moments(counts, ranges)
    assert mean == 0
    assert deviation == pytest.approx(np.sqrt((2 * 1.5**2 + 6 * 0.5**2) / 8))
    assert find_share_below(counts, ranges) == 0.5
    assert find_share_below(counts, ranges, -1.5) == pytest.approx(0.5 / 8)
    quantiles = find_quantiles(counts, ranges, np.array([0, 0.125, 0.5, 1]))
    assert quantiles.tolist() == [-2, -1, 0, 2]
    low, middle, high = bound_norms(counts, ranges)
    assert low == pytest.approx(np.sqrt(2 * 1))  # the two inner bins hold zero at their edge
    assert middle == pytest.approx(np.sqrt(2 * 1.5**2 + 6 * 0.5**2))
    assert high == pytest.approx(np.sqrt(2 * 4 + 6 * 1))
    density = spread(counts[None], ranges[None], np.array([-4.0, -2, -1, 1, 2]))
    assert density.tolist() == [[0, 1 / 8, 3 / 8, 1 / 8]]


@given(values)
def test_figures_from_bins_hold_for_what_was_counted(numbers: np.ndarray) -> None:
    counts, ranges = count(numbers)
    low, middle, high = bound_norms(counts, ranges)
    room = 1e-6 * (1 + high)
    assert low - room <= np.linalg.norm(numbers) <= high + room
    assert low - room <= middle <= high + room
    mean, _ = find_moments(counts, ranges)
    assert abs(mean - numbers.mean()) <= np.ptp(ranges) / 128 + 1e-6
    below = find_share_below(counts, ranges)
    inside = np.mean(np.abs(numbers) <= np.ptp(ranges) / 64)  # those that share a bin with zero
    assert abs(below - np.mean(numbers < 0)) <= inside + 1e-6
    edges = np.linspace(ranges[0] - 1, ranges[1] + 1, 40)
    density = spread(counts[None], ranges[None], edges)[0]
    assert (density * np.diff(edges)).sum() == pytest.approx(1)


def test_what_is_read_are_the_arrays_of_the_store() -> None:
    path = RENDERED / "histograms.zarr"
    found, store = read_distributions(path), Store(path)
    counts, ranges = store.read("counts"), store.read("ranges")
    assert found.last == len(counts) - 1 == 15
    for q, quantity in enumerate(found.quantities):
        for i, layer in enumerate(found.layers):
            mine = found.of(quantity, layer)
            assert np.array_equal(mine[0], counts[:, q, i])
            assert np.array_equal(mine[1], ranges[:, q, i])
        assert np.array_equal(found.at(4, quantity)[0], counts[4, q])
    assert store.attributes["layers"] == list(found.layers)


def test_the_last_epoch_is_the_model_that_is_used() -> None:
    """Counted anew from the file, which has half the digits: few weights change their bin."""
    from layerscope.models.registry import load_model

    module = load_model("vgg16_slim", RENDERED / "vgg16_slim.safetensors").module
    stored = read_distributions(RENDERED / "histograms.zarr")
    weights = {key: module.get_parameter(f"{key}.weight").numpy() for key in stored.layers}
    live = count_weights(weights)
    assert live.layers == stored.layers
    ours, theirs = live.at(0, "weight"), stored.at(stored.last, "weight")
    assert np.allclose(ours[1], theirs[1], rtol=1e-2)
    moved = np.abs(ours[0] - theirs[0]).sum(axis=1) / theirs[0].sum(axis=1)
    assert moved.max() < 0.05
    low, _, high = bound_norms(*theirs)
    norms = np.array([np.linalg.norm(each) for each in weights.values()])
    assert (low <= norms * 1.001).all() and (norms <= high * 1.001).all()


def test_a_store_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        read_distributions(tmp_path / "histograms.zarr")


# --- curves ----------------------------------------------------------------------------------


def test_curves_are_those_of_the_file() -> None:
    curves = read_curves(RENDERED)
    with (RENDERED / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for name, column in curves.columns.items():
        np.testing.assert_array_equal(column, [float(row[name] or "nan") for row in rows])
    phases = [(phase.first, phase.last, phase.picture_size) for phase in curves.phases]
    assert phases == [(0, 6, 64), (7, 10, 96), (11, 13, 128), (14, 15, 224)]
    traces = draw_curves(curves, 500).data
    drawn = {t.hovertemplate.partition(" ")[0]: list(t.y) for t in traces if t.hovertemplate}
    assert drawn["val_accuracy"] == curves.columns["val_accuracy"].tolist()
    assert set(drawn) == set(curves.columns) - {"epoch", "picture_size"}
    behind = {trace.meta: trace for trace in traces if trace.meta}
    assert set(behind) == set(OF_TRAINING)
    for name, trace in behind.items():
        assert list(trace.y) == curves.batches[name].tolist()
        assert (trace.x[0], trace.x[-1]) == pytest.approx((15 / len(trace.y), 15))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epoch,loss\n1,2\n", "needs the columns"),
        ("", "epochs are not"),
        (f"{','.join(read_curves(RENDERED).columns)}\n2,1,1,1,1,1,1,1,1\n", "epochs are not"),
        (f"{','.join(read_curves(RENDERED).columns)}\n0,1,x,1,1,1,1,1,1\n", "could not convert"),
    ],
    ids=["columns", "empty", "epochs", "words"],
)
def test_damaged_curves_are_told_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        read_curves(tmp_path)


# --- axes and charts -------------------------------------------------------------------------


@given(values, st.floats(1e-6, 10))
def test_a_symmetric_log_axis_keeps_order_and_comes_back(numbers: np.ndarray, unit: float) -> None:
    scale = Scale("symlog", unit)
    assert np.allclose(scale.value(scale.place(numbers)), numbers, rtol=1e-9, atol=1e-9)
    rising = np.unique(numbers)
    assert (np.diff(scale.place(rising)) >= 0).all()
    assert np.allclose(scale.place(-numbers), -scale.place(numbers))
    low, high = float(rising[0]), float(rising[-1])
    ticks = scale.ticks(low, high)
    places = np.array(ticks["tickvals"], dtype=float)
    assert (np.diff(places) > 0).all() and len(places) == len(ticks["ticktext"]) < 24


def test_the_unit_of_an_axis_is_that_of_the_narrowest() -> None:
    assert find_scale("symlog", np.array([0.0, np.nan, 4.0, 2.0])).unit == 1
    assert find_scale("symlog", np.array([0.0])).unit == 1


def test_all_epochs_are_drawn_and_the_chosen_one_is_marked() -> None:
    found = read_distributions(RENDERED / "histograms.zarr")
    figure = draw_history(found, "weight", "features.0", 3, Scale("linear"), "ridges")
    assert len(figure.data) == found.last + 1
    marked = [trace.line.color for trace in figure.data]
    assert [i for i, color in enumerate(marked) if color == "#ffb454"] == [3]
    heat = draw_history(found, "weight", "features.0", 3, Scale("linear"), "heat").data[0]
    assert np.allclose(np.max(heat.z, axis=1), 1)


def test_cells_without_a_figure_stay_empty() -> None:
    figure = draw_matrix(
        np.array([[0.1, np.nan], [1.0, 10.0]]), ["a", "b"], "norm", ".2g", True, 200
    )
    heat = figure.data[0]
    assert heat.z[0][1] is None and heat.text[0][1] == "none"
    assert heat.z[1] == (0.0, 1.0) or list(heat.z[1]) == [0.0, 1.0]
    assert heat.text[1][1] == "b, epoch 1: norm 10"


# --- words -----------------------------------------------------------------------------------


def operator(key: str, kind: str = "conv", weights: tuple = (), **changed: object) -> Operator:
    usual = {"module": key, "module_type": "", "shape": (4, 2, 2), "multiply_adds": 0}
    usual |= {"receptive_field": 3, "memory": 64, "layer": None, "group": None}
    return Operator(key=key, operator="conv2d", kind=kind, weights=weights, **usual | changed)  # type: ignore[arg-type]


def small_graph() -> ModelGraph:
    return ModelGraph(
        "small",
        (
            operator("input", "input", module="", layer="input"),
            operator("a", weights=(("weight", (4, 3, 3, 3)),), group="+1", layer="a"),
            operator("b", weights=(("weight", (4, 1, 5, 5)),), group="+1", layer="b"),
            operator("probabilities", "output", module="", layer="probabilities"),
        ),
        (Edge("input", "a", (3, 2, 2)), Edge("a", "b", (4, 2, 2))),
        (Group("+1", "Conv block 1", "", None),),
        "torch.export",
        0,
    )


def test_operators_are_called_what_people_call_them() -> None:
    graph = small_graph()
    assert name_operator(graph.operator("a")) == "conv 3×3"
    assert name_operator(graph.operator("b")) == "depthwise 5×5"
    assert tell_span((operator("features.0"), operator("features.4"))) == "features.0 – 4"
    assert format_memory(1536) == "1.5 KiB" and format_memory(1 << 30) == "1 GiB"
    assert (format_share(0), format_share(0.0001), format_share(0.5)) == (
        "0.0 %",
        "<0.1 %",
        "50.0 %",
    )


def test_boxes_hold_shares_of_the_whole_and_labels_of_layers() -> None:
    layers = (Layer("a", "conv", "conv1_1", (4, 2, 2), 3, 108, 0),)
    boxes = {box.key: box for box in list_boxes(small_graph(), layers)}
    assert boxes["+1"].is_group and boxes["+1"].parameter_share == 1
    assert boxes["a"].parameter_share == pytest.approx(108 / 208)
    assert boxes["a"].label == "conv1_1 · conv 3×3" and boxes["a"].parent == "+1"
    assert boxes["input"].parameters == ""


def test_layers_without_weights_show_the_ones_before() -> None:
    keys = ("input", "features.0", "features.1", "block", "probabilities")
    layers = tuple(Layer(key, "conv", key, (1,), 1, 0, 0) for key in keys)
    there = ("features.0", "block.a", "block.b")
    assert find_layer("features.1", layers, there) == "features.0"
    assert find_layer("block", layers, there) == "block.b"
    assert find_layer("block", layers, there, "block.a") == "block.a"
    assert find_layer("block", layers, there, "features.0") == "block.b"
    assert find_layer("input", layers, there) == "features.0"
    assert find_layer("nowhere", layers, there) == "features.0"


# --- the address -----------------------------------------------------------------------------


def test_an_address_comes_back_as_it_was() -> None:
    choice = NetworkChoice(
        "distributions", "operators", "a", "+1", "rendered", "gradient", 3, "symlog"
    )
    assert read_choice(choice.to_params(), ["rendered"]) == (choice, [])
    assert read_choice({}, []) == (NetworkChoice(), []) and NetworkChoice().to_params() == {}


@pytest.mark.parametrize(
    "text", ["", "nowhere", "<img src=x>", "0", "-1", "9" * 30000, "١", "+1~x"], ids=range(8)
)
def test_a_hostile_address_is_refused_by_name(text: str) -> None:
    keys = ("network_view", "level", "training", "quantity", "epoch", "scale", "drawing")
    for key in keys:
        if (key, text) == ("epoch", "0"):
            continue  # before training
        choice, refused = read_choice({key: text}, ["rendered"])
        assert choice == NetworkChoice() and len(refused) == 1, key
    graph = small_graph()
    choice, _ = read_choice({"node": text, "opened": text}, [])
    node, opened, refused = check_graph(choice, graph)
    assert node is None and refused
    assert opened <= {"+1"}


def test_open_groups_are_kept_only_where_they_differ_from_the_level() -> None:
    graph = small_graph()
    assert write_opened([], graph, "stages") is None
    assert write_opened(["+1"], graph, "operators") is None
    assert write_opened(["+1"], graph, "stages") == "+1"
    closed = write_opened([], graph, "operators")
    choice = NetworkChoice(level="operators", opened=closed)
    assert check_graph(choice, graph) == (None, frozenset(), [])
    assert check_graph(NetworkChoice(level="operators"), graph)[1] == {"+1"}


@pytest.mark.parametrize(
    "sent", [None, "+1", ["+1", "+1"], ["nowhere"], [1], {"+1": 1}], ids=range(6)
)
def test_a_browser_may_open_only_groups_that_there_are(sent: object) -> None:
    with pytest.raises(ValueError, match="not"):
        read_groups(sent, ["+1"])
    assert read_groups(["+1"], ["+1"]) == {"+1"}


# --- the tour --------------------------------------------------------------------------------


def test_steps_are_short_and_point_at_what_is_there() -> None:
    pages = "".join(file.read_text() for file in ROOT.glob("ui/**/*.py"))
    drawn = "".join(file.read_text() for file in ROOT.glob("ui/components/network_graph/*.html"))
    for step in STEPS:
        assert len(step.text) <= 240 and len(re.findall(r"[.?!](?= |$)", step.text)) <= 2
        for name in re.findall(r"\.([\w-]+)", step.target):
            key = name.removeprefix("st-key-")
            assert f'key="{key}"' in pages or f'class="{name}"' in drawn, name


# --- the page --------------------------------------------------------------------------------


open_page = partial(open_app, "Network")


def test_no_run_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "There is no run yet" in text_of(open_page())


def test_a_model_without_a_training_says_so(tiny_run: Path) -> None:
    assert list_trainings(TINY) == {FINAL: "tiny: not trained here"}
    assert "This model was not trained here" in text_of(open_page(network_view="training"))


def test_trainings_are_listed_with_the_own_one_first(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(embedded)
    assert list(list_trainings("objects-vgg16_slim")) == ["rendered", "imagenette"]
    assert list(list_trainings("objects-efficientnet_lite0")) == [FINAL, "rendered", "imagenette"]


def test_a_convolution_inside_a_block_is_shown_by_its_address(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(embedded)
    app = open_page(
        run="objects-efficientnet_lite0",
        network_view="distributions",
        layer="blocks.1.0",
        part="blocks.1.0.conv_pw",
    )
    deadline = time.monotonic() + 60
    while "Weights of" not in text_of(app) and time.monotonic() < deadline:
        time.sleep(0.2)
        app.run()
    assert "Weights of blocks.1.0.conv_pw" in text_of(app)


def test_views_are_drawn_with_their_techniques(
    embedded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(embedded)
    app = open_page(run="objects-vgg16_slim", network_view="training", training="rendered")
    text = text_of(app)
    assert "Touvron et al. 2019" in text and "of processors" in text
    app = open_page(run="objects-vgg16_slim", network_view="distributions", epoch="99")
    assert app.slider(key="epoch_slider").value == 15
    assert any("epoch" in toast.value for toast in app.toast)
    assert "Weights of classifier.6" in text_of(app)
    app.slider(key="epoch_slider").set_value(4).run()
    assert app.query_params["epoch"] in ("4", ["4"])
