"""The curves that a training left beside its weights, and what must be said of them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from layerscope.errors import InputError
from layerscope.storage.files import read_table

HISTORY, NOTES = "history.csv", "history_notes.csv"
COLUMNS = (
    "epoch",
    "picture_size",
    "learning_rate",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "seconds",
)


@dataclass(frozen=True)
class Note:
    """What must be known of some epochs.

    Attributes
    ----------
    first, last : int
        Epochs, from 1, both included.
    columns : tuple of str
        Which columns it is about.
    text : str
    """

    first: int
    last: int
    columns: tuple[str, ...]
    text: str

    def covers(self, column: str) -> bool:
        """Whether it is about a column."""
        return column in self.columns


@dataclass(frozen=True)
class EpochRange:
    """Epochs that follow each other with pictures of one side, in pixels; both ends included."""

    first: int
    last: int
    picture_size: int


@dataclass(frozen=True)
class TrainingCurves:
    """A training by epoch.

    Attributes
    ----------
    columns : dict of str to ndarray of float64, (E,)
        By the names in `COLUMNS`: losses in nats, accuracies in [0, 1], seconds of a whole epoch.
    notes : tuple of Note
    """

    columns: dict[str, np.ndarray]
    notes: tuple[Note, ...] = ()

    @property
    def epochs(self) -> np.ndarray:
        """Their numbers, from 1."""
        return self.columns["epoch"].astype(int)

    @property
    def phases(self) -> tuple[EpochRange, ...]:
        """Runs of epochs with pictures of one size."""
        rows = zip(self.epochs, self.columns["picture_size"], strict=True)
        phases = []
        for size, run in groupby(rows, key=lambda row: int(row[1])):
            epochs = [int(epoch) for epoch, _ in run]
            phases.append(EpochRange(epochs[0], epochs[-1], size))
        return tuple(phases)


def read_curves(folder: Path) -> TrainingCurves:
    """The curves in a folder of weights: ``history.csv``, and ``history_notes.csv`` where it is there.

    Raises
    ------
    InputError
        In one line, where the first is missing or either is damaged.
    """
    rows = _read_table(folder / HISTORY, COLUMNS)
    try:
        columns = {name: np.array([float(row[name]) for row in rows]) for name in COLUMNS}
    except ValueError as error:
        raise InputError(f"{folder / HISTORY}: {error}; train anew or mend it there") from None
    if not len(rows) or not np.array_equal(columns["epoch"], np.arange(1, len(rows) + 1)):
        raise InputError(f"{folder / HISTORY}: epochs are not 1, 2, 3 and so on; train anew")
    return TrainingCurves(columns, _read_notes(folder / NOTES))


def _read_notes(path: Path) -> tuple[Note, ...]:
    if not path.is_file():
        return ()
    rows = _read_table(path, ("first", "last", "columns", "note"))
    try:
        return tuple(
            Note(int(row["first"]), int(row["last"]), tuple(row["columns"].split()), row["note"])
            for row in rows
        )
    except ValueError as error:
        raise InputError(f"{path}: {error}; mend it there") from None


def _read_table(path: Path, wanted: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        rows = read_table(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not readable ({type(error).__name__})") from None
    for row in rows:
        if any(row.get(name) is None for name in wanted):
            raise InputError(f"{path}: needs the columns {', '.join(wanted)}")
    return rows
