"""Cached, read-only access to the stores of a run.

Caches hold objects, not copies, and are keyed by a store's path and its modification stamp, so that
a store that was rebuilt is read again. Arrays are made unwritable, since all sessions share them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.files import read_table
from layerscope.storage.store import DATA, Store, store_path
from ui.memory import keep

Stamp = tuple[int, int]
_DAMAGE = (OSError, ValueError, KeyError, TypeError, csv.Error)  # what reading a table may raise
Figures = dict[tuple[str, str], dict[str, dict[str, float]]]  # (size, embedding) -> layer -> name
Notes = dict[tuple[str, str, str], str]  # (size, embedding, layer)


class Unavailable(Exception):
    """Arrays of a run that are not there or cannot be read.

    Attributes
    ----------
    run : str
    name : str
        The store, for example "tsne/30".
    broken : bool
        True where something is there, but damaged.
    """

    def __init__(self, run: str, name: str, broken: bool) -> None:
        super().__init__(f"{run}: {name} is {'broken' if broken else 'missing'}")
        self.run, self.name, self.broken = run, name, broken


@contextmanager
def explaining(run: str, name: str) -> Iterator[None]:
    """Turn whatever reading a store raises into `Unavailable`.

    Damaged stores raise nearly anything: codecs, JSON and indexing each have errors of their own.
    """
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:
        raise Unavailable(run, name, store_path(run, name).exists()) from error


def _stamp(path: Path) -> Stamp:
    """What changes when a store is replaced."""
    status = (path / "zarr.json" if path.is_dir() else path).stat()
    return status.st_mtime_ns, status.st_ino


def _freeze(values: np.ndarray) -> np.ndarray:
    values.flags.writeable = False
    return values


@keep
def _open_samples(path: Path, stamp: Stamp) -> Samples:
    samples = Samples(path)
    if not samples.encoded(0):  # zeros are what Zarr reads where a file is gone
        raise ValueError("no pictures")
    _freeze(samples.labels)
    return samples


@keep
def _open_predictions(path: Path, stamp: Stamp) -> Predictions:
    predictions = Predictions(path)
    total = 1 if predictions.categories else 0
    if not np.allclose(predictions.probabilities.sum(axis=1), total, atol=0.05):
        raise ValueError("probabilities do not sum to one")
    _freeze(predictions.probabilities)
    return predictions


@keep
def _open_store(path: Path, stamp: Stamp) -> Store:
    return Store(path)


@keep
def _read_array(path: Path, stamp: Stamp, array: str) -> np.ndarray:
    return _freeze(_open_store(path, stamp).read(array))


@keep
def _read_figures(path: Path, stamp: Stamp) -> tuple[Figures, Notes]:
    skipped = {"size", "depth", "layer", "embedding", "note"}
    table: Figures = {}
    notes: Notes = {}
    for row in read_table(path):
        if None in row.values():
            raise ValueError("a row that is cut off")
        values = {key: float(v) for key, v in row.items() if v and key not in skipped}
        table.setdefault((row["size"], row["embedding"]), {})[row["layer"]] = values
        notes[row["size"], row["embedding"], row["layer"]] = row.get("note", "")
    if not table:
        raise ValueError("no rows")
    return table, notes


def stamp(run: str, name: str) -> Stamp:
    """What changes when a store of a run is replaced: a key for what is derived from it."""
    with explaining(run, name):
        return _stamp(store_path(run, name))


def load_samples(run: str) -> Samples:
    """The samples of a run. Raises `Unavailable`, as all of these do."""
    with explaining(run, "samples"):
        path = store_path(run, "samples").absolute()
        return _open_samples(path, _stamp(path))


@keep
def _read_column(path: Path, stamp: Stamp, index: int) -> np.ndarray | list[str]:
    values = _open_samples(path, stamp).column(index)
    return _freeze(values) if isinstance(values, np.ndarray) else values


def load_column(run: str, index: int) -> np.ndarray | list[str]:
    """What a table says of each sample, as `Samples.column`."""
    with explaining(run, "samples"):
        path = store_path(run, "samples").absolute()
        return _read_column(path, _stamp(path), index)


def read_pictures(run: str, count: int) -> list[bytes]:
    """The first `count` pictures as WebP files, not cached; one by one they take ten times longer."""
    with explaining(run, "samples"):
        return Store(store_path(run, "samples")).blobs("picture", count)


def load_predictions(run: str) -> Predictions:
    """The predictions of a run."""
    with explaining(run, "predictions"):
        path = store_path(run, "predictions").absolute()
        return _open_predictions(path, _stamp(path))


def load_array(run: str, name: str, array: str) -> np.ndarray:
    """A whole array of a store, unwritable."""
    with explaining(run, name):
        path = store_path(run, name).absolute()
        return _read_array(path, _stamp(path), array)


def load_attributes(run: str, name: str) -> Mapping[str, Any]:
    """Parameters and names kept with a store."""
    with explaining(run, name):
        path = store_path(run, name).absolute()
        return _open_store(path, _stamp(path)).attributes


def load_figures(run: str, size: int, embedding: str) -> Mapping[str, Mapping[str, float]]:
    """What ``layers.csv`` says of an embedding: layer keys to named figures; empty without."""
    try:
        return _load_table(run)[0].get((str(size), embedding), {})
    except _DAMAGE:
        return {}  # figures are an addition; a view without them is still a view


def list_embeddings(run: str, size: int) -> tuple[str, ...]:
    """What ``layers.csv`` has figures of: the layer in several ways, then its embeddings; none without it."""
    try:
        return tuple(name for at, name in _load_table(run)[0] if at == str(size))
    except _DAMAGE:
        return ()


def load_reason(run: str, size: int, embedding: str, layer: str, figure: str) -> str:
    """Why ``layers.csv`` has no such figure, or not of all samples; empty where it says nothing."""
    try:
        note = _load_table(run)[1].get((str(size), embedding, layer), "")
    except _DAMAGE:
        return ""
    named = dict(part.split(": ", 1) for part in note.split("; ") if ": " in part)
    return named.get(figure, "") if named else note  # else it is of all figures


def tell_damaged_figures(run: str) -> str | None:
    """One line to show where a run's ``layers.csv`` is there but cannot be read."""
    try:
        _load_table(run)
    except FileNotFoundError:
        return None
    except _DAMAGE:
        path = DATA / run / "layers.csv"
        return f"{path} is damaged: no figures are shown. Delete it, run `dvc repro` and reload this page."
    return None


def _load_table(run: str) -> tuple[Figures, Notes]:
    path = (DATA / run / "layers.csv").absolute()
    return _read_figures(path, _stamp(path))
