"""The curves that a training left beside its weights."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from layerscope.errors import InputError
from layerscope.storage.files import read_table
from layerscope.storage.store import Store

HISTORY, BATCHES = "history.csv", "batches.zarr"
OF_TRAINING = ("learning_rate", "loss", "accuracy")  # there are none before it
COLUMNS = (
    "epoch",
    "picture_size",
    *OF_TRAINING,
    "val_loss",
    "val_accuracy",
    "seconds",
    "processor_seconds",
)


@dataclass(frozen=True)
class EpochRange:
    """Epochs that follow each other with pictures of one side, in pixels; both ends included."""

    first: int
    last: int
    picture_size: int


@dataclass(frozen=True)
class TrainingCurves:
    """A training by epoch and by batch.

    Attributes
    ----------
    columns : dict of str to ndarray of float64, (1 + E,)
        By the names in `COLUMNS`, before training and after each epoch: losses in nats, accuracies in
        [0, 1], seconds of a whole epoch by the clock and summed over processors. Those in `OF_TRAINING`
        begin with nan.
    batches : dict of str to ndarray of float32, (S,)
        By the names in `OF_TRAINING`, a value a batch; as many in each epoch.
    """

    columns: dict[str, np.ndarray]
    batches: dict[str, np.ndarray]

    @property
    def epochs(self) -> np.ndarray:
        """Their numbers; 0 is before training."""
        return self.columns["epoch"].astype(int)

    @property
    def batch_epochs(self) -> np.ndarray:
        """Epochs (S,) that were trained when each batch was done, fractions counted."""
        n = len(self.batches["loss"])
        return np.arange(1, n + 1) * (self.epochs[-1] / n)

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
    """The curves in a folder of weights, as `layerscope.training.fit.write_history` wrote them.

    Raises
    ------
    InputError
        In one line, where anything is missing or damaged.
    """
    path = folder / HISTORY
    rows = _read_table(path)
    try:
        columns = {name: np.array([float(row[name] or "nan") for row in rows]) for name in COLUMNS}
    except ValueError as error:
        raise InputError(f"{path}: {error}; train anew or mend it there") from None
    if len(rows) < 2 or not np.array_equal(columns["epoch"], np.arange(len(rows))):
        raise InputError(f"{path}: epochs are not 0, 1, 2 and so on; train anew")
    for name, values in columns.items():
        if not np.isfinite(values[name in OF_TRAINING :]).all():
            raise InputError(f"{path}: {name} lacks a number; train anew or mend it there")
    store = Store(folder / BATCHES)
    batches = {name: store.read(name) for name in OF_TRAINING}
    lengths = {len(values) for values in batches.values()}
    if len(lengths) != 1 or not (n := lengths.pop()) or n % (len(rows) - 1):
        raise InputError(f"{folder / BATCHES}: not as many batches in each epoch; train anew")
    return TrainingCurves(columns, batches)


def _read_table(path: Path) -> list[dict[str, str]]:
    try:
        rows = read_table(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not readable ({type(error).__name__})") from None
    for row in rows:
        if any(row.get(name) is None for name in COLUMNS):
            raise InputError(f"{path}: needs the columns {', '.join(COLUMNS)}; train anew")
    return rows
