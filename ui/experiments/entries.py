"""What there is to compare: sweeps that come along, experiments of this repository, the workspace."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from layerscope.errors import InputError
from layerscope.experiments.layouts import (
    Layouts,
    Table,
    name_embeddings,
    read_figures,
    read_layouts,
)
from layerscope.experiments.record import Experiment, flatten, keep_of_run, read_metrics
from layerscope.experiments.repository import linked_outputs
from layerscope.experiments.sweep import Sweep, read_sweep
from layerscope.storage.store import DATA
from ui.arrays import Stamp, explaining, stamp
from ui.library import Contents, load_params
from ui.memory import keep

EXPERIMENTS = Path("experiments")
WORKSPACE = "workspace"


@dataclass(frozen=True)
class ExperimentEntry:
    """Something that can be looked at beside another.

    Attributes
    ----------
    key : str
        In the address; unlike those of all others.
    experiment : Experiment
    source : str
        "along", "local" or "workspace".
    run : str
    sizes : tuple of int
        Numbers of samples, rising.
    embeddings : tuple of str
        As in `layerscope.experiments.layouts`.
    figures : mapping
        (size, embedding) to layer to name to value.
    layouts : Layouts or None
        Where they come along.
    outs : mapping of str to str
        Where they are in DVC's cache: paths and hashes.
    cache : Path or None
    """

    key: str
    experiment: Experiment
    source: str
    run: str
    sizes: tuple[int, ...]
    embeddings: tuple[str, ...]
    figures: Table = field(hash=False)
    layouts: Layouts | None = field(default=None, hash=False)
    outs: Mapping[str, str] = field(default_factory=dict, hash=False)
    cache: Path | None = None

    def measured(self, embedding: str, layer: str, size: int | None = None) -> Mapping[str, float]:
        """What was measured of an embedding in a layer; of the largest size unless told."""
        table = self.figures.get((str(size or self.sizes[-1]), embedding), {})
        return table.get(layer, {})


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino


@keep
def _keep_sweep(path: Path, made: tuple[Stamp, Stamp]) -> Sweep:
    return read_sweep(path)


def read_sweeps(run: str) -> tuple[tuple[Sweep, ...], tuple[str, ...]]:
    """The sweeps of a run that come along, by name; and what is wrong with files."""
    sweeps, problems = [], []
    for path in sorted(EXPERIMENTS.absolute().glob("*.json")):
        try:
            made = _stamp(path), _stamp(path.with_suffix(".npz"))
            sweep = _keep_sweep(path, made)
        except InputError as error:
            problems.append(str(error).replace(f"{path.parent.parent}/", ""))
        except OSError:
            problems.append(f"experiments/{path.name}: its arrays are missing; export it again")
        else:
            sweeps += [sweep] if sweep.run == run else []
    return tuple(sweeps), tuple(problems)


def list_swept_runs() -> tuple[str, ...]:
    """Runs that a sweep comes along of."""
    found: dict[str, None] = {}
    for path in sorted(EXPERIMENTS.glob("*.json")):
        try:
            found[str(json.loads(path.read_text(encoding="utf-8"))["run"])] = None
        except (OSError, ValueError, KeyError, TypeError):
            continue  # which the page of its run says
    return tuple(found)


def tabulate(layouts: Layouts, names: Sequence[str]) -> Table:
    """Figures that come along, as in a ``layers.csv``."""
    return {
        (str(layouts.size), embedding): {
            layer: {n: float(v) for n, v in zip(names, row, strict=True) if v == v}  # not NaN
            for layer, row in zip(layouts.layers, figures, strict=True)
        }
        for embedding, figures in layouts.figures.items()
    }


def enter_sweep(sweep: Sweep) -> list[ExperimentEntry]:
    """The experiments of a sweep that comes along."""
    from layerscope.experiments.layouts import FIGURES

    return [
        ExperimentEntry(
            trial.experiment.name,
            trial.experiment,
            "along",
            sweep.run,
            (trial.layouts.size,),
            tuple(trial.layouts.points),
            tabulate(trial.layouts, FIGURES),
            trial.layouts,
        )
        for trial in sweep.trials
    ]


def enter_workspace(contents: Contents, known: Iterable[str]) -> ExperimentEntry:
    """What lies in ``data/`` now, with the parameters of ``params.yaml``.

    Parameters
    ----------
    contents : Contents
    known : iterable of str
        Names of the parameters that experiments have; others stay away. All where there are none.
    """
    folder = DATA / contents.run
    try:
        params = keep_of_run(flatten(asdict(load_params())), contents.run)
    except InputError:
        params = {}  # the page says what is wrong with the file
    wanted = set(known) or set(params)
    metrics, created = _read_metrics_file(folder / "metrics.json")
    experiment = Experiment(
        WORKSPACE, "", created, {n: v for n, v in params.items() if n in wanted}, metrics
    )
    embeddings = name_embeddings([float(text) for text in contents.perplexities])
    table = read_figures(folder / "layers.csv")
    return ExperimentEntry(
        WORKSPACE, experiment, WORKSPACE, contents.run, contents.sizes, embeddings, table
    )


def _read_metrics_file(path: Path) -> tuple[dict[str, float], str]:
    try:
        made = datetime.fromtimestamp(path.stat().st_mtime).isoformat(timespec="seconds")
        return read_metrics(json.loads(path.read_text(encoding="utf-8"))), made
    except (OSError, ValueError, AttributeError):
        return {}, ""


def merge_entries(
    along: Sequence[ExperimentEntry], local: Sequence[ExperimentEntry], workspace: ExperimentEntry
) -> list[ExperimentEntry]:
    """All of them, each with a key of its own; what comes along is not listed again as local."""
    there = {each.experiment.revision for each in along}
    kept = [each for each in local if each.experiment.revision not in there]
    merged: dict[str, ExperimentEntry] = {}
    for each in (*along, *kept):
        key = each.experiment.name
        if key in merged or key == WORKSPACE:
            key = f"{key}@{each.experiment.revision[:7]}"
        if key not in merged:
            merged[key] = replace(each, key=key)
    return [*merged.values(), workspace]


def load_layouts(entry: ExperimentEntry, embedding: str, size: int) -> Layouts:
    """One embedding of an entry.

    Raises
    ------
    InputError
        Where an experiment's arrays are not in DVC's cache.
    Unavailable
        Where the workspace's are missing or broken.
    """
    if entry.layouts is not None:
        return entry.layouts
    if entry.source == WORKSPACE:
        store = embedding.replace("-", "/")
        with explaining(entry.run, store):
            made = stamp(entry.run, store), stamp(entry.run, "samples")
            return _keep_workspace(DATA.absolute() / entry.run, embedding, size, made)
    try:
        return _keep_cached(entry, embedding, size)
    except InputError as error:
        raise InputError(
            f"The arrays of {entry.key} cannot be read: {error}. "
            f"`dvc exp apply {entry.experiment.name}` and `dvc repro` make them anew"
        ) from error


@keep
def _keep_workspace(folder: Path, embedding: str, size: int, made: tuple[Stamp, Stamp]) -> Layouts:
    return read_layouts(folder, [embedding], size)


def _keep_cached(entry: ExperimentEntry, embedding: str, size: int) -> Layouts:
    assert entry.cache is not None
    made = (entry.experiment.revision, entry.run, str(entry.cache))
    return _read_cached(entry.cache, entry.outs, embedding, size, made)


@keep
def _read_cached(
    _cache: Path, _outs: Mapping[str, str], embedding: str, size: int, made: tuple[str, str, str]
) -> Layouts:
    with linked_outputs(_cache, _outs, [embedding]) as folder:
        return read_layouts(folder, [embedding], size)
