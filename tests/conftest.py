"""Fixtures that several test modules share."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numpy as np
import pytest
from ruamel.yaml import YAML

from layerscope.datasets.dataset import Dataset, PictureSource, Sample
from layerscope.runs.samples import write_samples
from layerscope.storage.store import writing
from tests.shared.computing import Here
from tests.shared.project import CLASSES, LAYERS, OUTPUTS, ROOT, SIZES, TINY
from ui.bundle import ensure_bundle

if TYPE_CHECKING:
    from playwright.sync_api import Page


hypothesis.settings.register_profile("patient", deadline=None)  # other work may hold the machine
hypothesis.settings.load_profile("patient")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Unpack the embedded data once, before several processes would do it at the same time."""
    if not hasattr(session.config, "workerinput"):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(ROOT)
            ensure_bundle()  # what is amiss is told by the tests that need it


@pytest.fixture(autouse=True)
def computing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine is asked is computed in the test's own process, which can look into it."""
    monkeypatch.setattr("ui.live.engine.networks", Here())
    monkeypatch.setattr("ui.live.engine.arrays", Here())


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """With so little to compute, threads wait for one another where others use the machine."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def object_server() -> Iterator[str]:
    """Address of a server on this machine that speaks S3."""
    from object_server import serving_objects

    with serving_objects() as address:
        yield address


@pytest.fixture
def bucket(object_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder in an empty bucket, which the environment leads to."""
    from object_server import make_bucket

    return make_bucket(object_server, monkeypatch)


def _draw_sample(rng: np.random.Generator, label: int) -> Sample:
    """Noise with a disc or a bar in it, and the parts that these are."""
    y, x = np.mgrid[:64, :64]
    inside = np.hypot(x - 32, y - 30) < 18 if label == 0 else abs(x - 20 - 10 * label) < 8
    picture = rng.integers(0, 90, (64, 64, 3), dtype=np.uint8)
    picture[inside] += np.uint8(150)
    part_map = np.where(inside, label % 2 + 1, 0).astype(np.uint8)
    return Sample(picture, part_map)


def _write_arrays(run: Path, rng: np.random.Generator, labels: np.ndarray) -> None:
    """Embeddings and neighbours, the class lying in the first axis."""
    keys = [layer.key for layer in LAYERS]

    def place(size: int, dims: int) -> np.ndarray:
        points = rng.normal(0, 0.3, (len(keys), size, dims)).astype(np.float32)
        points[:, :, 0] += 3 * labels[:size]
        return points

    with writing(run / "pca.zarr", layers=keys) as store:
        for size in SIZES:
            store.add(f"{size}/points", place(size, 2), ["layer", "sample", "component"])
    with writing(run / "umap.zarr", layers=keys) as store:
        for size in SIZES:
            store.add(f"{size}/2d", place(size, 2), ["layer", "sample", "component"])
            store.add(f"{size}/15d", place(size, 15), ["layer", "sample", "component"])
    for perplexity in (5, 30):
        effective = {str(size): min(float(perplexity), (size - 1) // 3) for size in SIZES}
        facts = {"perplexity": float(perplexity), "effective_perplexity": effective}
        with writing(run / f"tsne/{perplexity}.zarr", layers=keys, **facts) as store:
            for size in SIZES:
                store.add(f"{size}/points", place(size, 2), ["layer", "sample", "component"])
    with writing(run / "nearest.zarr", layers=keys) as store:
        for size in SIZES:
            indices = np.array([[(i + 1 + k) % size for k in range(10)] for i in range(size)])
            store.add(f"{size}/indices", np.stack([indices] * 4), ["layer", "sample", "neighbor"])
    _write_answers(run, rng, labels)


def _write_answers(run: Path, rng: np.random.Generator, labels: np.ndarray) -> None:
    """Probabilities and heatmaps; the model has no output for the third class."""
    n = len(labels)
    cam = rng.random((n, 2, 4, 4)).astype(np.float16)
    cam[labels == 2, 1] = np.nan
    with writing(run / "cam.zarr", targets=["predicted", "true"]) as store:
        store.add("cam", cam, ["sample", "target", "y", "x"])
    scores = rng.random((n, 12))
    scores[np.arange(n), labels % 2] += 8 * (np.arange(n) % 5 > 0)  # one in five is wrong, mostly
    facts = {
        "model": "tiny",
        "categories": [asdict(category) for category in (*CLASSES[:2], *OUTPUTS)],
        "layers": [asdict(layer) for layer in LAYERS],
        "outputs": [0, 1, -1],
    }
    with writing(run / "predictions.zarr", **facts) as store:
        probability = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
        store.add("probability", probability, ["sample", "category"])


def _write_figures(path: Path) -> None:
    names = ("features", "pca", "tsne-5", "tsne-30", "umap")
    head = ("size", "depth", "layer", "embedding", "knn_accuracy", "trustworthiness")
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow((*head, "explained_variance", "kl_divergence"))
        for size in SIZES:
            for depth, layer in enumerate(LAYERS):
                for name in names:
                    variance = 0.5 if name == "pca" else ""
                    divergence = 0.25 if name.startswith("tsne") else ""
                    row = (size, depth, layer.key, name, 0.2 * depth, 0.9, variance, divergence)
                    table.writerow(row)


@pytest.fixture(scope="session")
def tiny_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ``params.yaml`` and a complete small run in ``data``, written once."""
    root = tmp_path_factory.mktemp("tiny")
    rng = np.random.default_rng(0)
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["runs"] = {TINY: {**next(iter(params["runs"].values())), "sizes": list(SIZES)}}
    yaml.dump(params, root / "params.yaml")
    run = root / "data" / TINY
    labels = np.arange(SIZES[-1]) % 3
    sources = [PictureSource("val", f"val/{i:06d}", int(label)) for i, label in enumerate(labels)]
    drawn = [(source, _draw_sample(rng, source.label)) for source in sources]
    dataset = Dataset(
        "objects", CLASSES, ("body", "shaft"), lambda _: sources, lambda *_: drawn[0][1]
    )
    write_samples(run / "samples.zarr", dataset, drawn, quality=90, sizes=list(SIZES))
    _write_arrays(run, rng, labels)
    _write_figures(run / "layers.csv")
    return root


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with the embedded runs; what a server writes stays in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert ensure_bundle() is None
    folder = tmp_path_factory.mktemp("embedded")
    for name in ("data", "weights", "params.yaml", ".streamlit"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def app_address(embedded: Path) -> Iterator[str]:
    """The address of the app, served with the embedded runs."""
    from browser import serving

    with serving(embedded) as found:
        yield found


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a fresh browser; in the end nothing may have gone wrong on it."""
    from browser import browsing

    with browsing() as (page, errors):
        yield page
        assert errors == []
        assert page.locator("[data-testid=stException]").all_inner_texts() == []


@pytest.fixture
def tiny_run(tiny_source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run of one's own, with its project as the working directory."""
    root = tmp_path / "project"
    shutil.copytree(tiny_source, root)
    monkeypatch.chdir(root)
    return root / "data" / TINY
