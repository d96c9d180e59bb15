"""Scores and statistics of channels, and the samples that drive each of them the most."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from layerscope.activations.channels import describe, entropy, histogram, score, shrink
from layerscope.activations.pooling import forward
from layerscope.activations.top_samples import TopSamples, find_maxima, find_row, locate_channels
from layerscope.datasets.categories import Category
from layerscope.features.selectivity import measure_selectivity
from layerscope.models.layer_table import layer_table
from layerscope.models.layers import find_layer
from layerscope.models.registry import Classifier, load_model
from layerscope.params import read_params
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import Store, store_path
from stages import channels as stage
from tests.shared.inputs import take
from tests.shared.project import LAYERS, ROOT, TINY, edit_params
from ui.bundle import EMBEDDED, ensure_bundle

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def maps() -> np.ndarray:
    """What a convolution, a ReLU and a dead channel give, of many shapes of distribution."""
    rng = np.random.default_rng(0)
    maps = rng.normal(0, 3, (40, 14, 14)).astype(np.float32)
    maps[10:20] = np.maximum(maps[10:20], 0)
    maps[20:30] = rng.exponential(2, (10, 14, 14)) - 1
    maps[30] = 0
    maps[31] = -2.5
    return maps


# --- score -----------------------------------------------------------------------------------


def test_score_of_a_channel_counted_by_hand() -> None:
    # Five values in the first bin, three in the sixth ([5, 6)), two in the last: shares .5, .3, .2.
    channel = np.array([[0, 0, 0, 0.5, 0.9], [5, 5.5, 5.9, 9.5, 10]], dtype=np.float32)
    expected = -(0.5 * np.log(0.5) + 0.3 * np.log(0.3) + 0.2 * np.log(0.2))
    assert entropy(channel[None])[0] == pytest.approx(expected)
    assert score(channel[None])[0] == pytest.approx(expected * 3.73, rel=1e-6)


def test_values_on_an_edge_belong_to_the_bin_above_and_the_largest_to_the_last() -> None:
    counts, edges = histogram(np.arange(11, dtype=np.float32))
    assert counts.tolist() == [1] * 9 + [2]
    assert edges.tolist() == list(range(11))


def test_entropy_agrees_with_numpy_and_scipy(maps: np.ndarray) -> None:
    expected = [stats.entropy(np.histogram(each.astype(float), bins=10)[0]) for each in maps]
    np.testing.assert_allclose(entropy(maps), expected, atol=1e-12)


def test_entropy_of_large_maps_agrees_too() -> None:
    # Large enough to be worked on in several blocks, the last of them shorter.
    maps = np.random.default_rng(1).gamma(0.5, 2, (7, 150, 151)).astype(np.float32)
    expected = [stats.entropy(np.histogram(each.astype(float), bins=10)[0]) for each in maps]
    np.testing.assert_allclose(entropy(maps), expected, atol=1e-12)


def test_a_constant_channel_scores_zero(maps: np.ndarray) -> None:
    assert score(maps)[30:32].tolist() == [0, 0]
    assert entropy(maps)[30:32].tolist() == [0, 0]


def test_entropy_is_between_nothing_and_that_of_equal_shares(maps: np.ndarray) -> None:
    assert (entropy(maps) >= 0).all() and (entropy(maps) <= np.log(10)).all()
    even = np.arange(20, dtype=np.float32).reshape(1, 4, 5)
    assert entropy(even)[0] == pytest.approx(np.log(10))


CHANNELS = arrays(np.float32, (3, 4, 5), elements=st.integers(-50, 50).map(np.float32))


@settings(max_examples=50, deadline=None)
@given(CHANNELS, st.sampled_from([2, 4, 0.5, 8]))
def test_scaling_scales_the_score_and_no_order_of_pixels_matters(
    maps: np.ndarray, factor: float
) -> None:
    # Powers of two are exact, so that no value changes its bin.
    np.testing.assert_allclose(entropy(maps * np.float32(factor)), entropy(maps))
    np.testing.assert_allclose(score(maps * np.float32(factor)), factor * score(maps), rtol=1e-6)
    shuffled = np.random.default_rng(0).permuted(maps.reshape(3, -1), axis=1).reshape(maps.shape)
    np.testing.assert_allclose(entropy(shuffled), entropy(maps))
    order = [2, 0, 1]
    np.testing.assert_allclose(score(maps[order]), score(maps)[order])


def test_a_shift_leaves_the_entropy_and_moves_the_mean(maps: np.ndarray) -> None:
    whole = np.round(maps)
    np.testing.assert_allclose(entropy(whole + 7), entropy(whole))


def test_statistics_are_those_of_numpy(maps: np.ndarray) -> None:
    found = describe(maps)
    for c, channel in enumerate(maps.astype(np.float64)):
        assert found.minimum[c] == channel.min() and found.maximum[c] == channel.max()
        assert found.mean[c] == pytest.approx(channel.mean())
        assert found.std[c] == pytest.approx(channel.std())
        assert found.zeros[c] == (channel == 0).mean()
        assert found.positive[c] == (channel > 0).mean()
    np.testing.assert_array_equal(found.score, score(maps))
    np.testing.assert_array_equal(found.entropy, entropy(maps))


def test_a_histogram_is_that_of_numpy() -> None:
    values = np.random.default_rng(0).normal(size=(30, 30))
    counts, edges = histogram(values, bins=24)
    expected, expected_edges = np.histogram(values, bins=24)
    np.testing.assert_array_equal(counts, expected)
    np.testing.assert_allclose(edges, expected_edges)


def test_shrinking_averages_cells() -> None:
    maps = np.random.default_rng(0).random((2, 8, 12)).astype(np.float32)
    small = shrink(maps, 4)
    assert small.shape == (2, 4, 4) and small.dtype == np.float32
    np.testing.assert_allclose(small, maps.reshape(2, 4, 2, 4, 3).mean(axis=(2, 4)), rtol=1e-6)
    np.testing.assert_array_equal(shrink(maps, 12), maps)


def test_shrinking_what_does_not_divide_covers_every_pixel_once() -> None:
    row = np.arange(7, dtype=np.float32).reshape(1, 1, 7)
    np.testing.assert_allclose(shrink(row, 3), [[[1, 4, 6]]])


# --- top-activating images -----------------------------------------------------------------

CLASSES = 3


@pytest.fixture(scope="module")
def outputs() -> np.ndarray:
    """A layer's output for 23 samples; channel 2 is dead, and many values are equal."""
    maps = np.random.default_rng(0).integers(-3, 6, (23, 5, 4, 6)).astype(np.float32)
    maps[:, 2] = 0
    return maps


def collect(outputs: np.ndarray, k: int, step: int) -> TopSamples:
    top = TopSamples(outputs.shape[1], k)
    for start in range(0, len(outputs), step):
        batch = torch.from_numpy(outputs[start : start + step])
        top.add(start, len(batch), find_maxima(batch))
    return top


@pytest.mark.parametrize("step", [1, 4, 23])
def test_the_strongest_samples_are_those_of_a_full_sort(outputs: np.ndarray, step: int) -> None:
    top = collect(outputs, k=6, step=step)
    for channel in range(outputs.shape[1]):
        maxima = outputs[:, channel].max(axis=(1, 2))
        order = sorted(range(23), key=lambda uid: (-maxima[uid], uid))[:6]
        assert top.uid[channel].tolist() == order
        assert top.value[channel].tolist() == maxima[order].tolist()
        for uid, place in zip(order, top.position[channel], strict=True):
            flat = outputs[uid, channel].argmax()
            assert tuple(place) == np.unravel_index(flat, outputs.shape[2:])


def test_dense_layers_have_one_place() -> None:
    values = np.random.default_rng(0).normal(size=(23, 7)).astype(np.float32)
    top = collect(values, k=4, step=5)
    np.testing.assert_array_equal(top.uid, np.argsort(-values, axis=0)[:4].T)
    np.testing.assert_array_equal(top.position, 0)


def test_of_a_batch_only_the_samples_of_the_size_are_taken(outputs: np.ndarray) -> None:
    top = TopSamples(5, 4)
    top.add(0, 10, find_maxima(torch.from_numpy(outputs)))
    np.testing.assert_array_equal(top.uid, collect(outputs[:10], 4, 10).uid)


def test_rows_of_all_layers_follow_one_another() -> None:
    rows = locate_channels(LAYERS)
    assert rows["input"] == (0, 3) and rows["features.0"] == (3, 11)
    assert find_row({"rows": rows}, "classifier.0", 2) == 13
    for wrong in (-1, 12):
        with pytest.raises(IndexError, match="no channel"):
            find_row({"rows": rows}, "classifier.0", wrong)
    with pytest.raises(KeyError):
        find_row({"rows": rows}, "features.1", 0)


# --- the stage -------------------------------------------------------------------------------


@pytest.fixture
def classifier(monkeypatch: pytest.MonkeyPatch) -> Classifier:
    """A small random model in the place of the run's own."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 3, padding=1),
        torch.nn.ReLU(inplace=True),
        torch.nn.MaxPool2d(4),
        torch.nn.Flatten(),
        torch.nn.Linear(6 * 16 * 16, 5),
    )
    categories = tuple(Category(None, None, str(i)) for i in range(5))
    module = module.eval().requires_grad_(False)
    made = Classifier("small", module, take(64), categories)
    monkeypatch.setattr(stage, "load_classifier", lambda *_: made)
    return made


def test_the_stage_finds_what_brute_force_finds(
    tiny_run: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = layer_table(classifier)
    monkeypatch.setattr(Predictions, "layers", layers)
    edit_params("compute", scheduler="synchronous")
    edit_params("channels", batch_size=7, top_k=4)  # 20, a size, is inside a batch
    stage.main(TINY)
    samples = Samples(tiny_run / "samples.zarr")
    everything: dict[str, np.ndarray] = {}
    forward(
        classifier,
        samples.pictures(0, len(samples)),
        layers,
        lambda key, output: everything.__setitem__(key, output.numpy().copy()),
    )
    store = Store(tiny_run / "channels.zarr")
    for size in samples.sizes:
        uid, value, mean = (store.read(f"{size}/{name}") for name in ("uid", "value", "class_mean"))
        for key, output in everything.items():
            flat = output[:size].reshape(size, output.shape[1], -1)
            start = find_row(store.attributes, key, 0)
            for channel in range(output.shape[1]):
                maxima = flat[:, channel].max(axis=1)
                best = np.sort(maxima)[::-1][:4]
                np.testing.assert_allclose(value[start + channel], best, rtol=1e-4, atol=1e-5)
                named = maxima[uid[start + channel]]
                np.testing.assert_allclose(named, best, rtol=1e-4, atol=1e-5)
                by_class = [
                    flat[samples.labels[:size] == label, channel].mean() for label in range(3)
                ]
                np.testing.assert_allclose(mean[start + channel], by_class, rtol=1e-3, atol=1e-5)
        null = {
            name: store.read(f"{size}/selectivity/{name}") for name in ("expected", "high", "p")
        }
        index = measure_selectivity(mean).index
        assert (np.isfinite(null["p"]) <= np.isfinite(index)).all() and (null["p"] > 0).any()
        tested = np.isfinite(null["p"])
        # Of 200 shuffles 95 % stay at or below `high`: what lies above it has a p of 0.05 or less.
        np.testing.assert_array_equal(
            index[tested] > null["high"][tested] + 1e-6, null["p"][tested] < 0.05
        )


def test_fewer_samples_than_asked_for_are_all_kept(
    tiny_run: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Predictions, "layers", layer_table(classifier))
    edit_params("compute", scheduler="synchronous")
    edit_params("channels", top_k=30)
    stage.main(TINY)
    store = Store(tiny_run / "channels.zarr")
    assert store.read("20/uid").shape[1] == 20 and store.read("40/uid").shape[1] == 30
    assert set(store.read("20/uid")[0]) == set(range(20))


@pytest.mark.slow
@pytest.mark.parametrize("run", EMBEDDED)
def test_the_embedded_arrays_are_what_the_model_gives(
    run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert ensure_bundle() is None
    samples = Samples(store_path(run, "samples"))
    predictions = Predictions(store_path(run, "predictions"))
    chosen = read_params().run(run)
    assert isinstance(chosen.model, str)
    keys = {
        "vgg16_slim": ("features.28", "classifier.3"),
        "efficientnet_lite0": ("blocks.5.3", "classifier"),
    }[chosen.model]
    layers = tuple(find_layer(predictions.layers, key) for key in keys)
    classifier = load_model(chosen.model, chosen.weights_file)
    everything: dict[str, list[np.ndarray]] = {layer.key: [] for layer in layers}
    for start in range(0, 100, 20):
        pictures = samples.pictures(start, start + 20)
        keep = everything.__getitem__
        forward(
            classifier, pictures, layers, lambda k, o, keep=keep: keep(k).append(o.numpy().copy())
        )
    store = Store(store_path(run, "channels"))
    for layer in layers:
        output = np.concatenate(everything[layer.key]).reshape(100, layer.shape[0], -1)
        first = find_row(store.attributes, layer.key, 0)
        rows = slice(first, first + layer.shape[0])
        strongest = np.sort(output.max(axis=2), axis=0)[::-1][:10].T
        np.testing.assert_allclose(store.array("100/value")[rows], strongest, rtol=1e-3, atol=1e-3)
        means = np.stack(
            [output[samples.labels[:100] == c].mean(axis=(0, 2)) for c in range(10)], 1
        )
        np.testing.assert_allclose(store.array("100/class_mean")[rows], means, rtol=1e-3, atol=1e-3)
        # Every place of a maximum holds that maximum.
        uid, place = store.array("1000/uid")[rows], store.array("1000/position")[rows]
        width = layer.shape[2] if len(layer.shape) == 3 else 1
        for channel, k in np.argwhere(np.asarray(uid) < 100)[:200]:
            y, x = place[channel, k]
            value = output[uid[channel, k], channel, y * width + x]
            assert value == pytest.approx(store.array("1000/value")[first + channel, k], abs=1e-3)
