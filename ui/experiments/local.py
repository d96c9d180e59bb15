"""The experiments of this repository, asked of git and DVC beside the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from layerscope.errors import InputError
from layerscope.experiments.layouts import name_embeddings
from layerscope.experiments.record import Experiment, parse_experiments
from layerscope.experiments.repository import (
    find_cache,
    is_repository,
    list_baselines,
    list_references,
    read_cached_figures,
    read_outputs,
    show_experiments,
)
from ui.experiments.entries import ExperimentEntry
from ui.queue import Report, State, session_id, shared

TIMEOUT = 60.0  # seconds for DVC to read every revision


@dataclass(frozen=True)
class Local:
    """What is known of this repository's experiments.

    Attributes
    ----------
    entries : tuple of ExperimentEntry
    is_pending : bool
        Whether they are still being read.
    problem : str
        One line where they cannot be.
    """

    entries: tuple[ExperimentEntry, ...] = ()
    is_pending: bool = False
    problem: str = ""


def look_up(run: str) -> Local:
    """The experiments of a run, as far as they are known; what is not yet is asked for.

    They are asked for again when git's references to them have changed.
    """
    folder = Path.cwd()
    if not is_repository(folder):
        return Local()
    try:
        references = list_references(folder)
    except InputError as error:
        return Local(problem=str(error))
    if not references:
        return Local()
    key = ("experiments", str(folder), run, references)
    if shared.look(key) is None:
        problem = shared.ask(
            key, lambda _, stop: read_local(folder, run, references, stop), session_id(), True
        )
        if problem:
            return Local(problem=problem)
    return _tell(shared.look(key))


def _tell(report: Report[tuple[ExperimentEntry, ...]] | None) -> Local:
    if report is None or report.is_open:
        return Local(is_pending=True)
    if report.state is State.FAILED:
        return Local(problem=f"The experiments of this repository cannot be read: {report.problem}")
    return Local(report.result or ())


def read_local(
    folder: Path, run: str, references: tuple[str, ...], stop: Callable[[], bool]
) -> tuple[ExperimentEntry, ...]:
    """Every experiment of a repository, with what is needed to find its arrays. Raises `InputError`."""
    shown = show_experiments(folder, list_baselines(references), TIMEOUT, stop)
    found = parse_experiments(shown, run)
    if not found:
        return ()
    cache = find_cache(folder)
    ordered = sorted(found, key=lambda each: each.created)
    entries = (_enter(folder, cache, each, run) for each in ordered if not stop())
    return tuple(each for each in entries if each is not None)


def _enter(folder: Path, cache: Path, experiment: Experiment, run: str) -> ExperimentEntry | None:
    """None for an experiment of a commit that did not have the run yet."""
    sizes, perplexities = (experiment.params.get(name) for name in ("sizes", "tsne.perplexity"))
    if not (isinstance(sizes, list) and isinstance(perplexities, list) and sizes):
        return None
    if not all(type(size) is int for size in sizes):
        return None
    try:
        outs = read_outputs(folder, experiment.revision, run)
    except InputError:
        outs = {}
    return ExperimentEntry(
        experiment.name,
        experiment,
        "local",
        run,
        tuple(sorted(sizes)),
        name_embeddings(perplexities),
        read_cached_figures(cache, outs),
        outs=outs,
        cache=cache,
    )
