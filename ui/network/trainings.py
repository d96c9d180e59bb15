"""Which trainings left something to look at, and which of them made a run's model."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from layerscope.errors import InputError
from layerscope.training.curves import HISTORY, TrainingCurves, read_curves
from layerscope.training.distributions import Distributions, read_distributions
from ui.address import change
from ui.library import load_params, name_run
from ui.memory import keep
from ui.network.address import FINAL

_HISTOGRAMS = "histograms.zarr"


def list_trainings(run: str) -> dict[str, str]:
    """Trainings with curves, the run's own first, and what they are called.

    The first is what is shown where nothing is chosen; for a model that was not trained here it is
    `FINAL`, its weights as they are.
    """
    try:
        params = load_params()
    except InputError:
        return {FINAL: "not trained here"}
    own = _find_own(run)
    names = {}
    for name, entry in params.train.items():
        if (Path(entry.weights).parent / HISTORY).is_file():
            names[name] = name + (" (this model's)" if name == own else "")
    if own in names:
        return {own: names.pop(own), **names}
    return {FINAL: f"{name_run(run).rpartition(' / ')[2]}: not trained here", **names}


def draw_training_choice(trainings: dict[str, str], chosen: str) -> None:
    """The list of trainings; the first is the run's own and is not written to the address."""
    first = next(iter(trainings))

    def keep() -> None:
        picked = st.session_state["training"]
        change(training=None if picked == first else picked, epoch=None)

    st.session_state["training"] = chosen
    st.selectbox(
        "Training",
        tuple(trainings),
        key="training",
        format_func=trainings.__getitem__,
        on_change=keep,
    )


def _find_own(run: str) -> str | None:
    """The training that made the weights of a run's model."""
    params = load_params()
    settings = params.runs.get(run)
    if settings is None or settings.weights_file is None:
        return None
    file = settings.weights_file
    return next((name for name, each in params.train.items() if Path(each.weights) == file), None)


def _folder(training: str) -> Path:
    return Path(load_params().training(training).weights).parent


def load_curves(training: str) -> TrainingCurves:
    """The curves of a training. Raises `InputError`."""
    folder = _folder(training).absolute()
    path = folder / HISTORY
    return _read_curves(folder, path.stat().st_mtime_ns if path.is_file() else 0)


@keep
def _read_curves(folder: Path, changed: int) -> TrainingCurves:
    return read_curves(folder)


def load_distributions(training: str) -> Distributions:
    """The distributions of a training. Raises `InputError`."""
    path = (_folder(training) / _HISTOGRAMS).absolute()
    marker = path / "zarr.json"
    return _read_distributions(path, marker.stat().st_mtime_ns if marker.is_file() else 0)


@keep
def _read_distributions(path: Path, changed: int) -> Distributions:
    found = read_distributions(path)
    found.counts.flags.writeable = found.ranges.flags.writeable = False
    return found
