"""What the Activations panel and the dialog of a channel show, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from layerscope.activations.channels import score, shrink
from layerscope.errors import InputError
from layerscope.features.patches import field_box
from layerscope.models.layers import Layer
from layerscope.models.registry import Classifier
from layerscope.runs.samples import Samples
from layerscope.storage.store import writing
from tests.shared.inputs import take
from tests.shared.project import CLASSES, LAYERS, TINY
from ui.arrays import Unavailable, load_predictions
from ui.channel import activations, live_maps
from ui.channel.activations import load_channels
from ui.channel.dialog import sort_channels
from ui.channel.figures import draw_class_means, draw_histogram, picture, write_number
from ui.channel.live_maps import load_maps
from ui.components import channel_grid, component
from ui.components.channel_grid import ORDERS, ChannelMaps, draw_channel_grid

pytestmark = pytest.mark.usefixtures("one_thread")
INPUT, CONV, DENSE, PROBABILITIES = LAYERS


class Net(nn.Module):
    """The tiny run's nodes, with an in-place ReLU behind the convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(4)
        )
        self.classifier = nn.Sequential(nn.Linear(128, 12))
        self.calls = 0

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.classifier(self.features(pixels).flatten(1))


@pytest.fixture
def net(tiny_run: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    """The model that the app is given instead of the run's own."""
    torch.manual_seed(0)
    module = Net().eval().requires_grad_(False)
    categories = load_predictions(TINY).categories
    classifier = Classifier("tiny", module, take(64), categories)
    monkeypatch.setattr("ui.live.maps.load", lambda source: classifier)
    live_maps._forward_all.cache_clear()
    yield module
    live_maps._forward_all.cache_clear()


def by_hand(net: Net, run: Path, uid: int) -> np.ndarray:
    """The convolution of a picture, without any of the code under test."""
    pixels = torch.from_numpy(Samples(run / "samples.zarr").picture(uid) / 127.5 - 1).float()
    return net.features[0](pixels.permute(2, 0, 1)[None])[0].numpy()


# --- live activations ------------------------------------------------------------------------


def test_a_live_activation_is_the_layers_own_before_its_relu(net: Net, tiny_run: Path) -> None:
    maps = load_maps(TINY, CONV, 3)
    assert maps.dtype == np.float32 and maps.shape == CONV.shape
    assert (maps < 0).any()
    np.testing.assert_allclose(maps, by_hand(net, tiny_run, 3), rtol=1e-4, atol=1e-5)


def test_it_is_computed_once_and_then_read_from_disk(net: Net, tiny_run: Path) -> None:
    first = load_maps(TINY, CONV, 3)
    live_maps._forward_all.cache_clear()
    assert net.calls == 1
    np.testing.assert_array_equal(load_maps(TINY, CONV, 3), first)
    assert net.calls == 1
    assert list(Path(".cache/activations").rglob("3-features.0.zarr"))
    load_maps(TINY, CONV, 4)
    assert net.calls == 2


def test_a_small_models_layers_all_come_from_one_pass(net: Net) -> None:
    for layer in (CONV, DENSE):
        load_maps(TINY, layer, 3)
    assert net.calls == 1


def test_a_large_models_pass_ends_at_the_layer(
    net: Net, tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_maps, "_KEPT_BYTES", 0)
    reached: list[bool] = []
    net.classifier.register_forward_pre_hook(lambda *_: reached.append(True))
    maps = load_maps(TINY, CONV, 3)
    assert reached == []
    np.testing.assert_allclose(maps, by_hand(net, tiny_run, 3), rtol=1e-4, atol=1e-5)
    assert load_maps(TINY, DENSE, 3).shape == DENSE.shape
    assert reached == [True]
    assert all(not module._forward_hooks for module in net.features.modules())


def test_other_predictions_mean_another_model(net: Net, tiny_run: Path) -> None:
    before = load_maps(TINY, CONV, 3)
    with torch.no_grad():
        net.features[0].weight.mul_(2)
    file = tiny_run / "predictions.zarr" / "zarr.json"
    file.write_text(file.read_text())  # as if the run had been built anew
    assert not np.allclose(load_maps(TINY, CONV, 3), before)


def test_without_a_cache_it_is_computed_each_time(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_maps, "_KEPT_BYTES", 0)
    params = Path("params.yaml")
    params.write_text(params.read_text().replace("cache_mb: 256", "cache_mb: 0"))
    for calls in (1, 2):
        load_maps(TINY, CONV, 3)
        assert net.calls == calls
    assert not list(Path(".cache").rglob("*.zarr"))


def test_both_ends_of_the_model_need_no_model(
    tiny_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(run: str) -> None:
        raise InputError("no weights")

    monkeypatch.setattr("ui.live.maps.load", fail)
    pixels = load_maps(TINY, INPUT, 5)
    expected = Samples(tiny_run / "samples.zarr").picture(5)
    np.testing.assert_array_equal((pixels * 255).round().transpose(1, 2, 0), expected)
    probabilities = load_maps(TINY, PROBABILITIES, 5)
    np.testing.assert_array_equal(probabilities, load_predictions(TINY).probabilities[5])
    with pytest.raises(InputError, match="no weights"):
        load_maps(TINY, CONV, 5)


def test_a_model_that_does_not_fit_its_arrays_is_said_in_one_line(net: Net) -> None:
    other = Layer("features.0", "conv", "conv1_1", (16, 64, 64), 3, 0, 0)
    with pytest.raises(InputError, match="another shape"):
        load_maps(TINY, other, 3)
    with torch.no_grad():
        net.features[0].bias.fill_(float("nan"))
    live_maps._forward_all.cache_clear()
    with pytest.raises(InputError, match="no numbers"):
        load_maps(TINY, CONV, 3)
    assert not list(Path(".cache").rglob("*.zarr"))


def test_missing_samples_are_unavailable(net: Net, tiny_run: Path) -> None:
    (tiny_run / "predictions.zarr" / "zarr.json").unlink()
    with pytest.raises(Unavailable):
        load_maps(TINY, CONV, 3)


# --- the grid --------------------------------------------------------------------------------


def test_thumbnails_hold_the_values_to_a_byte_of_each_channels_range(net: Net) -> None:
    maps, channels = load_maps(TINY, CONV, 3), load_channels(TINY, CONV, 3)
    assert channels.maps.shape == (8, 64, 64) and not channels.dense
    beyond = (maps < channels.low) | (maps > channels.high)
    assert beyond.mean() == pytest.approx(0.01, abs=0.001)
    assert (maps < channels.low).mean() == pytest.approx(0.005, abs=0.001)
    low, high = channels.ranges[:, :1, None], channels.ranges[:, 1:, None]
    values = low + channels.maps / 255 * (high - low)
    assert (abs(values - shrink(maps, 64)) <= (high - low) / 509).all()
    np.testing.assert_allclose(channels.scores, score(maps), rtol=1e-6)
    assert channels.names is None and channels.title == "features.0"


def test_dense_neurons_are_their_values_and_outputs_have_names(net: Net) -> None:
    neurons = load_channels(TINY, DENSE, 3)
    assert neurons.dense and neurons.maps.shape == (12, 1, 1)
    np.testing.assert_array_equal(neurons.scores, load_maps(TINY, DENSE, 3))
    np.testing.assert_array_equal(neurons.ranges[:, 0], neurons.scores)
    outputs = load_channels(TINY, PROBABILITIES, 3)
    assert outputs.names is not None and outputs.names[:2] == ["disc", "bar"]
    assert (outputs.low, outputs.high, outputs.unit) == (0, 1, "class")
    assert neurons.names == outputs.names  # the last dense layer has a neuron for each class
    colors = load_channels(TINY, INPUT, 3)
    assert list(colors.names or ()) == ["Red", "Green", "Blue"]


def test_a_constant_layer_is_drawn_as_such(net: Net) -> None:
    with torch.no_grad():
        net.features[0].weight.zero_()
        net.features[0].bias.fill_(0.5)
    channels = load_channels(TINY, CONV, 3)
    assert (channels.maps == 0).all() and channels.low == channels.high == 0.5
    assert (channels.scores == 0).all()


def test_without_a_sample_there_is_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(activations, "st", SimpleNamespace(html=said.append))
    nothing: Any = lambda _: None  # noqa: E731
    activations.draw_activations(
        TINY, CONV, None, chosen=None, order="-score", on_pick=nothing, on_order=nothing
    )
    assert "Pin a sample to see what each channel makes of it" in said[0]


PICKS = [
    (7, [7]), (0, [0]), (8, []), (-1, []), (True, []), ("3", []), (2.0, []), (None, []), ([1], []),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "heard"), PICKS)
def test_only_channels_that_there_are_can_be_picked(
    monkeypatch: pytest.MonkeyPatch, sent: object, heard: list[int]
) -> None:
    orders = [*ORDERS, "score; drop", None, 3]
    picked, ordered, mounted = [], [], {}
    state = {"grid": {"pick": sent, "order": None}}
    monkeypatch.setattr(channel_grid._COMPONENT, "render", lambda **given: mounted.update(given))
    monkeypatch.setattr(component, "st", SimpleNamespace(session_state=state))
    maps, ranges = np.zeros((8, 2, 2), np.uint8), np.zeros((8, 2), np.float32)
    channels = ChannelMaps(maps, ranges, np.zeros(8, np.float32), 0, 1, None, False, "features.0")
    draw_channel_grid(
        channels,
        chosen=None,
        order="sideways",
        key="grid",
        on_pick=picked.append,
        on_order=ordered.append,
    )
    assert mounted["data"]["order"] == "-score" and mounted["data"]["chosen"] == -1
    mounted["on_pick_change"]()
    assert picked == heard
    for order in orders:
        state["grid"]["order"] = order
        mounted["on_order_change"]()
    assert ordered == list(ORDERS)


# --- the dialog ------------------------------------------------------------------------------


def test_next_and_previous_follow_the_order_of_the_grid() -> None:
    scores = np.array([0.5, 2, -1, 2], dtype=np.float32)
    orders = {order: sort_channels(scores, order).tolist() for order in ORDERS}
    assert orders == {
        "-score": [1, 3, 0, 2],
        "score": [2, 0, 1, 3],
        "channel": [0, 1, 2, 3],
        "-channel": [3, 2, 1, 0],
    }


def test_the_square_of_a_unit_is_its_receptive_field_within_the_picture() -> None:
    layer = Layer("features.28", "conv", "conv5_3", (512, 14, 14), 196, 0, 0)
    middle = field_box(layer, 7, 6, (224, 224))
    assert middle == pytest.approx(
        ((6.5 / 14) - 98 / 224, 7.5 / 14 - 98 / 224, 0.875, 0.875), abs=0.03
    )
    left, top, width, height = field_box(layer, 0, 13, (224, 224)) or (0, 0, 0, 0)
    assert (top, left + width) == (0, 1)
    assert height == pytest.approx(0.5 / 14 + 98 / 224)
    pixel = Layer("features.0", "conv", "conv1_1", (64, 224, 224), 3, 0, 0)
    assert field_box(pixel, 100, 50, (224, 224)) == pytest.approx(
        (49 / 224, 99 / 224, 3 / 224, 3 / 224)
    )
    assert field_box(DENSE, 0, 0, (224, 224)) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (-0.76149, "−0.7615"), (5.0, "5.000"), (12345.6, "12346"), (1234567, "1.235e+06"),
        (0.0000123, "1.230e−05"), (41.7, "41.70"),
    ],
)  # fmt: skip
def test_values_have_four_significant_figures(value: float, text: str) -> None:
    assert write_number(value) == text


def test_a_histogram_tells_its_counts_and_marks_a_value() -> None:
    drawn = draw_histogram(np.array([3, 0, 1]), np.array([0.0, 1, 2, 3]), marked=1.5)
    assert "0 to 1.000: 3 of 4, 75.0%" in drawn
    assert "height:100.0%" in drawn and "height:33.3%" in drawn and "height:0.0%" in drawn
    assert 'style="left:50.00%"' in drawn
    assert "<u" not in draw_histogram(np.array([4, 0]), np.array([1.0, 1, 1]), marked=1)


def test_class_means_grow_from_zero_in_their_direction() -> None:
    drawn = draw_class_means([("a<b>", 3.0, "#fff", True), ("c", -1.0, "#000", False)])
    assert "a&lt;b&gt;" in drawn and "<b>3.00</b>" in drawn and "<b>−1.00</b>" in drawn
    assert "left:25.00%;width:75.00%" in drawn and "left:0.00%;width:25.00%" in drawn
    assert draw_class_means([("a", 0.0, "#fff", False)]).count("<li") == 1


def test_a_pictures_caption_is_text() -> None:
    drawn = picture(b"webp", f"Sample 0001, {CLASSES[2].name}", (0.0, 0.5, 0.5, 0.5))
    assert "&lt;b&gt;knot" in drawn
    assert "left:25.00%;top:75.00%;width:50.00%;height:50.00%" in drawn


def test_the_stores_of_a_run_tell_a_channels_strongest_samples(tiny_run: Path) -> None:
    # The dialog reads rows by way of the attributes: the layers' order in the file does not matter.
    with writing(tiny_run / "channels.zarr", rows={"features.0": [2, 10]}) as store:
        store.add("20/uid", np.arange(30, dtype=np.int32).reshape(10, 3), ["channel", "rank"])
    from layerscope.activations.top_samples import find_row
    from ui.arrays import load_array, load_attributes

    row = find_row(load_attributes(TINY, "channels"), "features.0", 1)
    assert load_array(TINY, "channels", "20/uid")[row].tolist() == [9, 10, 11]
