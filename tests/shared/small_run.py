"""A complete small run, written without a network: noise with a disc or a bar, in known places."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from layerscope.datasets.categories import Category
from layerscope.datasets.dataset import Dataset, Fact, PictureSource, Sample
from layerscope.embedding.neighbors import majority
from layerscope.runs.samples import write_samples
from layerscope.storage.store import writing
from tests.shared.project import CLASSES, LAYERS, OUTPUTS, ROOT, SIZES, TINY


def write_run(
    root: Path,
    labels: np.ndarray,
    *,
    sizes: Sequence[int] = SIZES,
    categories: tuple[Category, ...] = CLASSES,
    facts: Mapping[str, Sequence[Fact]] | None = None,
    splits: Sequence[str] = (),
) -> Path:
    """Write a ``params.yaml`` and a run.

    Parameters
    ----------
    root : Path
        The project's folder.
    labels : ndarray of int, (n,)
        Of the samples; the model has the first two classes. -1 without `categories`.
    sizes, categories : sequence
        Of the run.
    facts : mapping of str to sequence, optional
        Columns of a table, a value a sample.
    splits : sequence of str, optional
        Of the samples; all of "val" without.

    Returns
    -------
    Path
        The folder of the run.
    """
    rng = np.random.default_rng(0)
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["runs"] = {TINY: {**next(iter(params["runs"].values())), "sizes": list(sizes)}}
    yaml.dump(params, root / "params.yaml")
    run = root / "data" / TINY
    sources = [
        PictureSource(
            split := splits[i] if splits else "val",
            f"{split}/{i:06d}",
            int(label),
            {name: values[i] for name, values in (facts or {}).items()},
        )
        for i, label in enumerate(labels)
    ]
    drawn = [(source, _draw_sample(rng, source.label)) for source in sources]
    dataset = Dataset(
        "objects", categories, ("body", "shaft"), lambda _: sources, lambda *_: drawn[0][1]
    )
    write_samples(run / "samples.zarr", dataset, drawn, quality=90, sizes=list(sizes))
    _write_arrays(run, rng, labels, sizes)
    _write_answers(run, rng, labels, len(categories))
    _write_figures(run / "layers.csv", sizes)
    return run


def _draw_sample(rng: np.random.Generator, label: int) -> Sample:
    """Noise with a disc or a bar in it, and the parts that these are."""
    y, x = np.mgrid[:64, :64]
    inside = np.hypot(x - 32, y - 30) < 18 if label == 0 else abs(x - 20 - 10 * label) < 8
    picture = rng.integers(0, 90, (64, 64, 3), dtype=np.uint8)
    picture[inside] += np.uint8(150)
    part_map = np.where(inside, label % 2 + 1, 0).astype(np.uint8)
    return Sample(picture, part_map)


def _write_arrays(
    run: Path, rng: np.random.Generator, labels: np.ndarray, sizes: Sequence[int]
) -> None:
    """Embeddings and neighbours, the class lying in the first axis."""
    keys = [layer.key for layer in LAYERS]

    def place(size: int, dims: int) -> np.ndarray:
        points = rng.normal(0, 0.3, (len(keys), size, dims)).astype(np.float32)
        points[:, :, 0] += 3 * labels[:size]
        return points

    with writing(run / "pca.zarr", layers=keys) as store:
        for size in sizes:
            store.add(f"{size}/points", place(size, 2), ["layer", "sample", "component"])
    with writing(run / "umap.zarr", layers=keys) as store:
        for size in sizes:
            store.add(f"{size}/2d", place(size, 2), ["layer", "sample", "component"])
            store.add(f"{size}/15d", place(size, 15), ["layer", "sample", "component"])
    for perplexity in (5, 30):
        effective = {str(size): min(float(perplexity), (size - 1) // 3) for size in sizes}
        facts = {"perplexity": float(perplexity), "effective_perplexity": effective}
        with writing(run / f"tsne/{perplexity}.zarr", layers=keys, **facts) as store:
            for size in sizes:
                store.add(f"{size}/points", place(size, 2), ["layer", "sample", "component"])
    for name in ("densmap", "pacmap"):
        with writing(run / f"{name}.zarr", layers=keys) as store:
            for size in sizes:
                store.add(f"{size}/points", place(size, 2), ["layer", "sample", "component"])
    settings = [["grid7", 10], ["grid7", 5], ["grid1", 10]]
    facts = {"settings": {str(size): settings for size in sizes}}
    with writing(run / "nearest.zarr", layers=keys, **facts) as store:
        dims = ["layer", "sample", "neighbor"]
        for size in sizes:
            indices = np.array([[(i + 1 + k) % size for k in range(10)] for i in range(size)])
            store.add(f"{size}/indices", np.stack([indices] * 4), dims)
            store.add(f"{size}/cosine", np.stack([indices[:, ::-1]] * 4), dims)
            store.add(f"{size}/kept", np.full((4, size), 7, np.uint8), dims[:2])
            votes = np.stack(
                [majority(indices, labels[:size], k) == labels[:size] for _, k in settings]
            )
            agrees = np.repeat(votes[:, None], 4, axis=1)
            store.add(f"{size}/agrees", agrees, ["setting", *dims[:2]])


def _write_answers(run: Path, rng: np.random.Generator, labels: np.ndarray, n_classes: int) -> None:
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
        "outputs": [0, 1, *[-1] * n_classes][:n_classes],
    }
    with writing(run / "predictions.zarr", **facts) as store:
        probability = (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)
        store.add("probability", probability, ["sample", "category"])


def _write_figures(path: Path, sizes: Sequence[int]) -> None:
    names = ("features", "pca", "tsne-5", "tsne-30", "umap")
    head = ("size", "depth", "layer", "embedding", "knn_accuracy", "trustworthiness")
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow((*head, "explained_variance", "kl_divergence"))
        for size in sizes:
            for depth, layer in enumerate(LAYERS):
                for name in names:
                    variance = 0.5 if name == "pca" else ""
                    divergence = 0.25 if name.startswith("tsne") else ""
                    row = (size, depth, layer.key, name, 0.2 * depth, 0.9, variance, divergence)
                    table.writerow(row)
