"""The arrays that come with a clone: complete, small, and what the code would make again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from layerscope.activations.pooling import forward
from layerscope.datasets import draw, open_dataset
from layerscope.explanation.cam import grad_cam
from layerscope.models.registry import load_model
from layerscope.params import read_params
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import Store, store_path
from tests.shared.inputs import take
from tests.shared.project import ROOT
from ui.bundle import EMBEDDED, ensure_bundle

MEGABYTE = 1 << 20


@pytest.fixture(autouse=True, scope="module")
def bundle() -> Iterator[None]:
    """The embedded runs, unpacked in the project itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert ensure_bundle() is None
        yield


def test_the_bundle_is_at_most_40_megabytes() -> None:
    files = [path for path in (ROOT / "bundle").rglob("*") if path.is_file()]
    assert 1 * MEGABYTE < sum(path.stat().st_size for path in files) <= 40 * MEGABYTE


def test_weights_are_at_most_10_megabytes_each() -> None:
    sizes = [path.stat().st_size for path in (ROOT / "weights").rglob("*.safetensors")]
    assert len(sizes) == 2
    assert max(sizes) <= 10 * MEGABYTE


@pytest.mark.parametrize("run", [run for run in EMBEDDED if run.endswith("vgg16_slim")])
def test_the_model_reaches_95_percent(run: str) -> None:
    samples = Samples(store_path(run, "samples"))
    predictions = Predictions(store_path(run, "predictions"))
    assert len(samples) == 1000
    assert (predictions.predicted == predictions.targets(samples.labels)).mean() >= 0.95


@pytest.mark.parametrize("run", EMBEDDED)
def test_every_embedding_is_there(run: str) -> None:
    params = read_params()
    layers = Predictions(store_path(run, "predictions")).layers
    for size in params.run(run).sizes:
        for perplexity in params.tsne.perplexity:
            store = Store(store_path(run, f"tsne/{perplexity:g}"))
            assert store.read(f"{size}/points").shape == (len(layers), size, 2)
        assert Store(store_path(run, "umap")).read(f"{size}/15d").shape == (len(layers), size, 15)
        assert Store(store_path(run, "nearest")).read(f"{size}/indices").shape[2] == 10


@pytest.mark.parametrize("run", EMBEDDED)
def test_rebuilt_pictures_predictions_and_maps_equal_the_bundle(run: str) -> None:
    """Pictures to a grey level, figures to the rounding of another processor."""
    n = 8
    params, chosen = read_params(), read_params().run(run)
    samples = Samples(store_path(run, "samples"))
    predictions = Predictions(store_path(run, "predictions"))
    drawn = draw(
        open_dataset(chosen.dataset),
        n,
        split=params.prepare.split,
        random_state=params.prepare.random_state,
        inputs=take(224),
    )
    for uid, (source, sample) in enumerate(drawn):
        assert samples.paths[uid] == source.path
        assert samples.labels[uid] == source.label
        # Stored with some loss: the mean difference shows that it is the same picture.
        assert np.abs(samples.picture(uid).astype(int) - sample.picture).mean() < 6
        stored = samples.part_map(uid)
        assert stored is not None
        assert (stored == sample.part_map).mean() > 0.999
    classifier = load_model(chosen.model, chosen.weights_file)
    pictures = samples.pictures(0, n)
    rebuilt = forward(classifier, pictures, (), lambda *_: None)
    np.testing.assert_allclose(rebuilt, predictions.probabilities[:n], atol=1e-3)
    cam = Store(store_path(run, "cam"))
    with grad_cam(classifier, cam.attributes["layer"]) as explain:
        maps = explain(pictures, predictions.predicted[:n])
    stored_maps = np.asarray(cam.array("cam")[:n, 0], dtype=np.float32)
    np.testing.assert_allclose(maps, stored_maps, rtol=5e-3, atol=5e-3 * stored_maps.max())


@pytest.mark.parametrize("run", EMBEDDED)
def test_nearest_neighbours_share_the_class_deep_in_the_network(run: str) -> None:
    labels = Samples(store_path(run, "samples")).labels
    nearest = Store(store_path(run, "nearest")).read("1000/indices")
    agreement = (labels[nearest] == labels[None, :, None]).mean(axis=(1, 2))
    assert agreement[0] < 0.35
    assert agreement[-2] > 0.9  # the last layer before the probabilities
