"""A first look at a run that is not built: a few of its samples through the first stages, in one process.

The whole pipeline imports its libraries anew in every stage, and takes all samples through one stage before
it begins the next. Here a few samples go through four stages at once, so that a page has something to show.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import chdir
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from layerscope.params import PARAMS, Run, read_params
from layerscope.storage.store import DATA, store_path
from projects.folder import format_yaml, open_yaml
from projects.state import BUILDS, first_look_of
from stages.command import ensure_utf8, one_line_errors

N_SAMPLES = 24
_STAGES = ("prepare", "predict", "activations", "pca")
_INTERMEDIATE = ("activations", "components")


def find_files(run: Run) -> Run:
    """The run with its files named from anywhere."""

    def settle(path: str | None) -> str | None:
        return path if path is None or "://" in path else str(Path(path).expanduser().absolute())

    vectors = run.vectors and replace(run.vectors, file=settle(run.vectors.file) or "")
    weights = settle(run.weights) or ""
    return replace(
        run, root=settle(run.root), labels=settle(run.labels), weights=weights, vectors=vectors
    )


def write_settings(folder: Path, run: str, name: str) -> None:
    """A ``params.yaml`` of one run, which is like another but for its size, and computes in this process."""
    settings = find_files(read_params().run(run))
    content: Any = open_yaml().load(PARAMS)
    entry = content["runs"][run]
    entry.update(sizes=[min(N_SAMPLES, settings.sizes[0])], weights=settings.weights)
    for key in ("root", "labels"):
        if key in entry:
            entry[key] = getattr(settings, key)
    if settings.vectors:
        del entry["vectors"]  # which have a row for each sample of the run
    content["runs"] = {name: entry}
    content["compute"].update(scheduler="synchronous", storage="")
    (folder / PARAMS).write_text(format_yaml(content), encoding="utf-8")


def run_stage(stage: str, *arguments: str) -> None:
    """A stage of the project in the working folder, in this process."""
    import_module(f"stages.{stage}").main(*arguments)


def look(run: str) -> None:
    """Compute the first look at a run, and put it beside the run's place."""
    place = (DATA / first_look_of(run)).absolute()
    place.parent.mkdir(exist_ok=True)
    BUILDS.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=BUILDS) as home:
        write_settings(Path(home), run, first_look_of(run))
        with chdir(home):
            for stage in _STAGES:
                run_stage(stage, first_look_of(run))
            for name in _INTERMEDIATE:
                shutil.rmtree(store_path(first_look_of(run), name))
        forget(run)
        (Path(home) / DATA / first_look_of(run)).replace(place)


def forget(run: str) -> None:
    """Delete the first look at a run."""
    shutil.rmtree(DATA / first_look_of(run), ignore_errors=True)


if __name__ == "__main__":
    ensure_utf8()
    with one_line_errors():
        look(sys.argv[1])
