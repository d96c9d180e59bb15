"""The embeddings of one experiment, with what was measured of them."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from layerscope.embedding.layouts import effective_perplexity
from layerscope.errors import InputError
from layerscope.runs.samples import Samples
from layerscope.storage.files import read_table
from layerscope.storage.store import Store

FIGURES = ("knn_accuracy", "trustworthiness", "kl_divergence")
Figures = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Layouts:
    """All plane embeddings of a run, of one number of samples.

    Attributes
    ----------
    layers : tuple of str
        Keys, from input to output.
    labels : ndarray of int16, (n,)
        Index into `classes`.
    classes : tuple of str
    identity : str
        Equal where the samples are the same in the same order.
    points : mapping of str to ndarray of float32, (n_layers, n, 2)
        By name: "pca", "tsne-30", "umap".
    figures : mapping of str to ndarray of float32, (n_layers, 3)
        By the same names: what `FIGURES` are; NaN where there is none.
    """

    layers: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    identity: str
    points: Mapping[str, np.ndarray]
    figures: Figures

    @property
    def size(self) -> int:
        """Number of samples."""
        return len(self.labels)


def name_embeddings(perplexities: Sequence[object]) -> tuple[str, ...]:
    """What the plane embeddings of a run are called, from its ``tsne.perplexity``."""
    numbers = [p for p in perplexities if isinstance(p, int | float) and not isinstance(p, bool)]
    return ("pca", *(f"tsne-{p:g}" for p in numbers), "umap")


def read_perplexity(embedding: str, size: int) -> float | None:
    """The perplexity that a t-SNE really used, None for other embeddings.

    KL divergences may be compared where it is the same.
    """
    method, _, asked = embedding.partition("-")
    return effective_perplexity(float(asked), size) if method == "tsne" else None


def identify_samples(paths: Sequence[str], labels: np.ndarray) -> str:
    """A text that is the same for the same samples in the same order."""
    told = "\n".join(f"{path} {label}" for path, label in zip(paths, labels.tolist(), strict=True))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def read_layouts(folder: Path, embeddings: Sequence[str], size: int) -> Layouts:
    """Read what the stages wrote.

    Parameters
    ----------
    folder : Path
        Of a run, with ``samples.zarr``, the embeddings' stores and ``layers.csv``.
    embeddings : sequence of str
        Names that are wanted.
    size : int
        Number of samples.

    Raises
    ------
    InputError
        Where something is missing, broken, or does not fit together.
    """
    samples = Samples(folder / "samples.zarr")
    labels = samples.labels[:size].astype(np.int16)
    if len(labels) != size:
        raise InputError(f"{folder}: has {len(labels)} samples, not {size}")
    points = {name: _read_points(folder, name, size) for name in embeddings}
    layers = tuple(Store(folder / "pca.zarr").attributes["layers"])
    for name, each in points.items():
        if each.shape != (len(layers), size, 2) or not np.isfinite(each).all():
            raise InputError(f"{folder}: {name} does not fit; delete it and run `dvc repro`")
    table = read_figures(folder / "layers.csv")
    return Layouts(
        layers,
        labels,
        tuple(category.name for category in samples.categories),
        identify_samples(samples.paths[:size], labels),
        points,
        {name: pick_figures(table, size, name, layers) for name in embeddings},
    )


def _read_points(folder: Path, name: str, size: int) -> np.ndarray:
    method, _, perplexity = name.partition("-")
    store, array = {
        "pca": ("pca", f"{size}/points"),
        "tsne": (f"tsne/{perplexity}", f"{size}/points"),
        "umap": ("umap", f"{size}/2d"),
    }[method]
    return Store(folder / f"{store}.zarr").read(array).astype(np.float32)


Table = dict[tuple[str, str], dict[str, dict[str, float]]]  # (size, embedding) -> layer -> name


def read_figures(path: Path) -> Table:
    """A ``layers.csv``; empty where it is missing or damaged, for figures are an addition."""
    table: Table = {}
    try:
        for row in read_table(path):
            values = {name: float(row[name]) for name in FIGURES if row.get(name)}
            table.setdefault((row["size"], row["embedding"]), {})[row["layer"]] = values
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        return {}
    return table


def pick_figures(table: Table, size: int, embedding: str, layers: Sequence[str]) -> np.ndarray:
    """The figures of an embedding, (n_layers, 3) float32, NaN where there are none."""
    found = table.get((str(size), embedding), {})
    rows = [[found.get(layer, {}).get(name, np.nan) for name in FIGURES] for layer in layers]
    return np.array(rows, dtype=np.float32).reshape(len(layers), len(FIGURES))
