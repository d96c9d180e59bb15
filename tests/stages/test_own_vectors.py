"""Vectors of one's own as one more node: reduced, compared and shown as a layer is."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest

from bench.projects import edit_params
from layerscope.errors import InputError
from layerscope.models.layers import GIVEN
from layerscope.params import read_params
from layerscope.runs.given import digest_file
from layerscope.runs.predictions import Predictions
from layerscope.storage.store import Store, store_path
from projects.add_run import add_run
from tests.shared.networks import RUN, run_stage_of
from tests.shared.odd_runs import N, build
from tests.shared.pages import open_app, text_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread", "run")]
LABELS = np.arange(N) % 2
VECTORS = np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32) + 50 * LABELS[:, None]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vectors")
    file = folder / "mine.npy"
    np.save(file, VECTORS)
    build(folder, LABELS, vectors={"file": str(file), "sha256": digest_file(file)})
    with chdir(folder):
        edit_params(comparisons={"own": {"first": RUN, "second": RUN}})
        edit_params("similarity", n_permutations=5)
        from stages import similarity

        similarity.main("own")
    return folder


@pytest.fixture
def run(project: Path) -> Iterator[None]:
    with chdir(project):
        yield


def test_they_are_the_last_of_all_layers_in_every_array() -> None:
    predictions = Predictions(store_path(RUN, "predictions"))
    assert predictions.layers[-1].key == GIVEN and predictions.layers[-1].shape == (5,)
    keys = [layer.key for layer in predictions.layers]
    for name in ("activations", "components", "pca", "tsne/3", "umap", "nearest"):
        assert Store(store_path(RUN, name)).attributes["layers"] == keys
    stored = Store(store_path(RUN, "activations")).read(f"grid7/{GIVEN}")
    np.testing.assert_allclose(stored, VECTORS, rtol=1e-3)
    nearest = Store(store_path(RUN, "nearest")).read(f"{N}/indices")[-1]
    assert (LABELS[nearest] == LABELS[:, None]).all()  # the classes lie far apart in them
    channels = Store(store_path(RUN, "channels"))
    start, stop = channels.attributes["rows"][GIVEN]
    means = channels.read(f"{N}/class_mean")[start:stop]
    expected = np.stack([VECTORS[label == LABELS].mean(axis=0) for label in (0, 1)], axis=1)
    np.testing.assert_allclose(means, expected, rtol=1e-5)
    similar = Store(store_path("similarity", "own")).read("first-first/cka")[0]
    assert similar.shape == (len(keys), len(keys)) and similar[-1, -1] == pytest.approx(1, abs=1e-3)


def test_they_are_no_output_of_the_model() -> None:
    with Path("data", RUN, "layers.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["size"] == str(N)]
    of = {(row["layer"], row["embedding"]): row["knn_accuracy"] for row in rows}
    assert of[GIVEN, "features"] == "1.0"
    summary = json.loads(Path("data", RUN, "metrics.json").read_text(encoding="utf-8"))
    assert str(summary["knn_accuracy_output"]["features"]) == of["probabilities", "features"]


@pytest.mark.parametrize("page", ["", "Explain", "Features", "Network", "Performance", "UMAP_Tour"])
def test_every_page_opens_on_them(page: str) -> None:
    open_app(page, run=RUN, sample="1", layer=GIVEN, size=str(N), channel="2")


@pytest.mark.parametrize("view", ["units", "kernels", "classes", "trial"])
def test_every_view_of_features_opens_on_them(view: str) -> None:
    said = text_of(open_app("Features", run=RUN, sample="1", layer=GIVEN, show=view))
    assert ("No picture is run through vectors of your own" in said) == (view == "units")


def test_a_file_that_changed_is_refused_with_what_to_write(tmp_path: Path) -> None:
    before = read_params().runs[RUN].vectors
    assert before is not None
    other = tmp_path / "other.npy"
    np.save(other, VECTORS + 1)
    edit_params("runs", **{RUN: edited(other, before.sha256)})
    try:
        with pytest.raises(
            InputError, match=f"is another file by now.*sha256: {digest_file(other)}"
        ):
            run_stage_of("predict")
    finally:
        edit_params("runs", **{RUN: edited(Path(before.file), before.sha256)})


def edited(file: Path, sha256: str) -> dict[str, object]:
    """The run's settings with other vectors."""
    run = read_params().runs[RUN]
    kept = {"dataset": run.dataset, "model": run.model, "weights": run.weights}
    return kept | {"sizes": list(run.sizes), "vectors": {"file": str(file), "sha256": sha256}}


def test_a_run_is_added_with_the_digest_of_its_vectors(tmp_path: Path) -> None:
    file = tmp_path / "v.npy"
    np.save(file, VECTORS)
    name = add_run("birds", "vgg16", None, [20], None, vectors=str(file))
    assert add_run("birds", "vgg16", None, [20], None, vectors=str(file)) == name
    vectors = read_params().runs[name].vectors
    assert vectors is not None and (vectors.file, vectors.sha256) == (str(file), digest_file(file))
    np.save(file, VECTORS + 1)
    assert add_run("birds", "vgg16", None, [20], None, vectors=str(file)) == f"{name}-2"
    with pytest.raises(InputError, match="No such file"):
        add_run("birds", "vgg16", None, [20], None, vectors="nowhere.npy")
