"""A sweep that comes along: experiments as two files, for where there is neither git nor DVC.

``<name>.json`` can be read: parameters that all have, those that differ, metrics. ``<name>.npz``
holds the embeddings in steps of 1/32767 of a layer's extent, each one once.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from layerscope.errors import InputError
from layerscope.experiments.layouts import FIGURES, Layouts
from layerscope.experiments.record import Experiment, drop_technical, read_metrics
from layerscope.storage.files import write_text

FORMAT = 1
_LARGEST = np.iinfo(np.int16).max


@dataclass(frozen=True)
class EmbeddedExperiment:
    """An experiment with its embeddings."""

    experiment: Experiment
    layouts: Layouts


@dataclass(frozen=True)
class Sweep:
    """Experiments on the same samples of a run.

    Attributes
    ----------
    name : str
    run : str
    trials : tuple of EmbeddedExperiment
        At least one.
    """

    name: str
    run: str
    trials: tuple[EmbeddedExperiment, ...]


class _Gathered:
    """Arrays of one shape, each kept once."""

    def __init__(self) -> None:
        self.rows: list[tuple[np.ndarray, ...]] = []
        self._places: dict[bytes, int] = {}

    def place(self, *arrays: np.ndarray) -> int:
        key = b"".join(each.tobytes() for each in arrays)
        if key not in self._places:
            self._places[key] = len(self.rows)
            self.rows.append(arrays)
        return self._places[key]

    def stack(self, number: int) -> np.ndarray:
        return np.stack([row[number] for row in self.rows])


def quantize(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Layouts about their means, in whole steps.

    Parameters
    ----------
    points : ndarray, (n_layers, n, 2)

    Returns
    -------
    steps : ndarray of int16, (n_layers, n, 2)
    step : ndarray of float32, (n_layers,)
        What one step is; no place is off by more than half of it.
    """
    centred = points.astype(np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    step = (np.maximum(np.abs(centred).max(axis=(1, 2)), 1e-12) / _LARGEST).astype(np.float32)
    steps = np.rint(centred / step[:, None, None])
    return np.clip(steps, -_LARGEST, _LARGEST).astype(np.int16), step


def write_sweep(folder: Path, sweep: Sweep) -> tuple[Path, Path]:
    """Write a sweep: the same experiments give the same bytes.

    Raises
    ------
    InputError
        Where the experiments are not of the same samples and layers.
    """
    first = sweep.trials[0].layouts
    for trial in sweep.trials:
        same = trial.layouts.identity == first.identity and trial.layouts.layers == first.layers
        if not same:
            raise InputError(f"{trial.experiment.name}: other samples or layers than the others")
    clouds, figures = _Gathered(), _Gathered()
    listed = []
    common = _find_common([trial.experiment.params for trial in sweep.trials])
    for trial in sweep.trials:
        embeddings = {
            name: {
                "points": clouds.place(*quantize(points)),
                "figures": figures.place(trial.layouts.figures[name]),
            }
            for name, points in trial.layouts.points.items()
        }
        listed.append(_describe(trial.experiment, common) | {"embeddings": embeddings})
    packed = io.BytesIO()
    np.savez_compressed(  # whose files all bear the same date
        packed,
        points=clouds.stack(0).astype("<i2"),
        step=clouds.stack(1).astype("<f4"),
        figures=figures.stack(0).astype("<f4"),
        labels=first.labels.astype("<i2"),
    )
    content = {
        "layerscope_sweep": FORMAT,
        "run": sweep.run,
        "samples": first.identity,
        "classes": list(first.classes),
        "layers": list(first.layers),
        "figures": list(FIGURES),
        "arrays": hashlib.sha256(packed.getvalue()).hexdigest(),
        "params": common,
        "experiments": listed,
    }
    paths = folder / f"{sweep.name}.json", folder / f"{sweep.name}.npz"
    folder.mkdir(parents=True, exist_ok=True)
    partial = paths[1].with_name(paths[1].name + ".partial")
    partial.write_bytes(packed.getvalue())
    partial.replace(paths[1])
    write_text(paths[0], json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return paths


def _find_common(params: Sequence[Mapping[str, object]]) -> dict[str, object]:
    first = params[0]
    return {
        name: value
        for name, value in first.items()
        if all(name in each and each[name] == value for each in params)
    }


def _describe(experiment: Experiment, common: Mapping[str, object]) -> dict[str, Any]:
    return {
        "name": experiment.name,
        "revision": experiment.revision,
        "created": experiment.created,
        "params": {n: value for n, value in experiment.params.items() if n not in common},
        "metrics": dict(experiment.metrics),
    }


def read_sweep(path: Path) -> Sweep:
    """Read ``<name>.json`` and the arrays beside it.

    Raises
    ------
    InputError
        Where a file is missing, damaged, or of another version.
    """
    arrays = path.with_suffix(".npz")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["layerscope_sweep"] != FORMAT:
            raise ValueError(f"format {content['layerscope_sweep']}")
        packed = arrays.read_bytes()
        if hashlib.sha256(packed).hexdigest() != content["arrays"]:
            raise ValueError(f"{arrays.name} is not the one that belongs to it")
        with np.load(io.BytesIO(packed), allow_pickle=False) as found:
            unpacked = {name: found[name] for name in ("points", "step", "figures", "labels")}
        return _assemble(path.stem, content, unpacked)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, BadZipFile) as e:
        reason = f"{type(e).__name__}: {e}" if str(e) else type(e).__name__
        raise InputError(f"{path}: cannot be read ({reason}); export the sweep again") from e


def _assemble(name: str, content: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Sweep:
    layers, n = tuple(content["layers"]), len(arrays["labels"])
    if arrays["points"].shape[1:] != (len(layers), n, 2) or content["figures"] != list(FIGURES):
        raise ValueError("arrays do not fit")
    points = arrays["points"] * arrays["step"][:, :, None, None]  # (m, n_layers, n, 2)
    for each in (points, arrays["figures"], arrays["labels"]):
        each.flags.writeable = False
    trials = tuple(
        EmbeddedExperiment(
            Experiment(
                str(each["name"]),
                str(each["revision"]),
                str(each["created"]),
                drop_technical({**content["params"], **each["params"]}),
                read_metrics(each["metrics"]),
            ),
            Layouts(
                layers,
                arrays["labels"],
                tuple(content["classes"]),
                content["samples"],
                {key: points[place["points"]] for key, place in each["embeddings"].items()},
                {k: arrays["figures"][place["figures"]] for k, place in each["embeddings"].items()},
            ),
        )
        for each in content["experiments"]
    )
    if not trials:
        raise ValueError("no experiments")
    return Sweep(name, content["run"], trials)
