"""Write experiments and their embeddings as files that come along with the repository."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from layerscope.errors import InputError
from layerscope.experiments.layouts import name_embeddings, read_layouts
from layerscope.experiments.record import Experiment, parse_experiments
from layerscope.experiments.repository import (
    find_cache,
    linked_outputs,
    list_baselines,
    list_references,
    read_outputs,
    show_experiments,
)
from layerscope.experiments.sweep import EmbeddedExperiment, Sweep, write_sweep
from layerscope.names import check_name
from stages.command import ensure_utf8, one_line_errors

EXPERIMENTS = Path("experiments")
TIMEOUT = 600.0  # seconds for DVC to read every revision


def choose(found: Sequence[Experiment], names: Sequence[str]) -> list[Experiment]:
    """The experiments of these names, in this order; the newest of a name. All without names."""
    by_name = {each.name: each for each in sorted(found, key=lambda each: each.created)}
    missing = [name for name in names if name not in by_name]
    if missing or not by_name:
        known = ", ".join(by_name) or "none"
        raise InputError(f"no experiment {' or '.join(missing)}; there are: {known}")
    return [by_name[name] for name in names or by_name]


def read_trial(folder: Path, cache: Path, experiment: Experiment, run: str) -> EmbeddedExperiment:
    """An experiment with its embeddings, of its largest number of samples, out of DVC's cache."""
    sizes, perplexities = (experiment.params[name] for name in ("sizes", "tsne.perplexity"))
    assert isinstance(sizes, list) and isinstance(perplexities, list)
    embeddings = name_embeddings(perplexities)
    outs = read_outputs(folder, experiment.revision, run)
    with linked_outputs(cache, outs, embeddings) as linked:
        return EmbeddedExperiment(experiment, read_layouts(linked, embeddings, max(sizes)))


def export(name: str, run: str, names: Sequence[str]) -> tuple[Path, Path]:
    """Write ``experiments/<name>.json`` and ``.npz``; returns their paths."""
    for each, what in ((name, "sweep"), (run, "run"), *((each, "experiment") for each in names)):
        check_name(each, what)
    folder = Path.cwd()
    references = list_references(folder)
    if not references:
        raise InputError("this repository has no experiments; compute some with `layerscope sweep`")
    shown = show_experiments(folder, list_baselines(references), TIMEOUT)
    chosen = choose(parse_experiments(shown, run), names)
    cache = find_cache(folder)
    trials = tuple(read_trial(folder, cache, each, run) for each in chosen)
    return write_sweep(EXPERIMENTS, Sweep(name, run, trials))


def main() -> None:
    ensure_utf8()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="of the sweep: what the files are called")
    parser.add_argument("run", help="a run in params.yaml")
    parser.add_argument("experiments", nargs="*", help="their names; all without any")
    arguments = parser.parse_args()
    with one_line_errors():
        paths = export(arguments.name, arguments.run, arguments.experiments)
    for path in paths:
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
