"""First looks at a run that is not built: few of its samples, in one process.

The whole pipeline imports its libraries anew in every stage, and takes all samples through one stage before
it begins the next. Here a few samples go through four stages at once, so that a page has something to show,
and then as many as the run's smallest size through all of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import chdir, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from layerscope.errors import InputError
from layerscope.home import enter_home
from layerscope.params import PARAMS, Run, read_params
from layerscope.storage.files import write_text
from layerscope.storage.store import DATA, store_path
from projects.building import STAGES, Stopped, announce
from projects.folder import format_yaml, open_yaml
from projects.state import BUILDS, first_look_of, is_stopped
from stages.command import ensure_utf8, one_line_errors

N_SAMPLES = 24
_FIRST = ("prepare", "predict", "activations", "pca")
_INTERMEDIATE = ("activations", "components", "neighbors")
_MADE_BY = "look.yaml"
_LOOK = 0.25  # seconds between two looks whether somebody asked to stop


def find_files(run: Run) -> Run:
    """The run with its files named from anywhere."""

    def settle(path: str | None) -> str | None:
        return path if path is None or "://" in path else str(Path(path).expanduser().absolute())

    vectors = run.vectors and replace(run.vectors, file=settle(run.vectors.file) or "")
    weights = settle(run.weights) or ""
    return replace(
        run, root=settle(run.root), labels=settle(run.labels), weights=weights, vectors=vectors
    )


def write_settings(run: str, name: str, size: int) -> str:
    """A ``params.yaml`` of one run, which is like another but for its size, and computes in this process."""
    settings = find_files(read_params().run(run))
    content: Any = open_yaml().load(PARAMS)
    entry = content["runs"][run]
    entry.update(sizes=[size], weights=settings.weights)
    for key in ("root", "labels"):
        if key in entry:
            entry[key] = getattr(settings, key)
    if settings.vectors:
        del entry["vectors"]  # which have a row for each sample of the run
    content["runs"] = {name: entry}
    content["compute"].update(scheduler="synchronous", storage="")
    return format_yaml(content)


def list_work(run: str, stages: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Stages of a run with their arguments: t-SNE once a perplexity."""
    perplexities = [(f"{each:g}",) for each in read_params().tsne.perplexity]
    return [(s, (run, *more)) for s in stages for more in (perplexities if s == "tsne" else [()])]


def run_stage(stage: str, *arguments: str) -> None:
    """A stage of the project in the working folder, in this process."""
    import_module(f"stages.{stage}").main(*arguments)


def look(run: str, size: int, stages: Sequence[str]) -> None:
    """Take the first samples of a run through stages, and put what they make beside the run's place."""
    name = first_look_of(run)
    place = (DATA / name).absolute()
    place.parent.mkdir(exist_ok=True)
    BUILDS.mkdir(parents=True, exist_ok=True)
    text = write_settings(run, name, size)
    with TemporaryDirectory(dir=BUILDS) as home:
        (Path(home) / PARAMS).write_text(text, encoding="utf-8")
        with chdir(home):
            for stage, arguments in list_work(name, stages):
                run_stage(stage, *arguments)
            for each in _INTERMEDIATE:
                shutil.rmtree(store_path(name, each), ignore_errors=True)
        forget(run)
        write_text(Path(home) / DATA / name / _MADE_BY, _describe(run, text, stages))
        (Path(home) / DATA / name).replace(place)


def _describe(run: str, settings: str, stages: Sequence[str]) -> str:
    """What a look that is there was made by, and another need not be."""
    files = find_files(read_params().run(run))
    named = [Path(each) for each in (files.weights, files.root, files.labels) if each]
    times = [path.stat().st_mtime_ns for path in named if path.exists()]
    return f"{settings}\n# {', '.join(stages)}, of {times}\n"


def take_looks(run: str) -> None:
    """Take first looks at a run that is not there, each in a process that can be stopped, and told to pages.

    Raises
    ------
    InputError
        Where the first is refused; of the second the build will say so.
    Stopped
    """
    if store_path(run, "pca").exists():
        return
    sizes, name = read_params().run(run).sizes, first_look_of(run)
    looks = [("first look", min(N_SAMPLES, sizes[0]), _FIRST)]
    looks += [(f"first {sizes[0]} samples", sizes[0], STAGES)] if len(sizes) > 1 else []
    made_by = DATA / name / _MADE_BY
    there = made_by.read_text(encoding="utf-8") if made_by.exists() else ""
    made = [_describe(run, write_settings(run, name, size), stages) for _, size, stages in looks]
    done = made.index(there) + 1 if there in made else 0  # of a build that was ended
    for doing, size, stages in looks[done:]:
        announce([run], doing)
        try:
            _take(run, size, stages)
        except LookFailed:
            if stages == _FIRST:
                raise


class LookFailed(InputError):
    """What a stage said."""


def _take(run: str, size: int, stages: Sequence[str]) -> None:
    enter_home()
    command = [sys.executable, "-m", "projects.first_look", run, str(size), *stages]
    with (BUILDS / "look.log").open("w+", encoding="utf-8", errors="replace") as log:
        with subprocess.Popen(command, stdout=log, stderr=log) as child:
            while child.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(_LOOK)
                if is_stopped(os.getpid()):
                    child.terminate()
                    raise Stopped("stopped; a build begins anew")
        log.seek(0)
        lines = [line for line in log.read().splitlines() if line.strip()]
    if child.returncode:
        line = lines[-1] if lines else f"{run}: the first look failed"
        raise LookFailed(line.removeprefix("error: "))


def forget(run: str) -> None:
    """Delete the first look at a run."""
    shutil.rmtree(DATA / first_look_of(run), ignore_errors=True)


if __name__ == "__main__":
    ensure_utf8()
    with one_line_errors():
        look(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
