"""Which runs a project has, how far each is built, and how to take one out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from layerscope.errors import InputError
from layerscope.params import PARAMS, parse_params, read_params
from layerscope.storage.files import write_text
from layerscope.storage.store import DATA
from projects.building import open_repo, plan_build, refuse_second, runs_of
from projects.folder import format_yaml, open_yaml
from projects.state import first_look_of, read_state


def count_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def describe_runs() -> Iterator[str]:
    """A line a run: name, data set and model, sizes, state of its stages, bytes."""
    runs = read_params().runs
    if not runs:
        yield "no run yet: `layerscope open FOLDER` adds one"
        return
    state = read_state()
    counts: dict[str, Counter[str]] = {run: Counter() for run in runs}
    with open_repo() as repo, repo.lock:
        stale = set(plan_build(repo, ()).stale)
        for stage in repo.index.stages:
            is_there = any(out.exists for out in stage.outs)
            found = "built" if stage.addressing not in stale else "stale" if is_there else "missing"
            for run in runs_of(stage) & counts.keys():
                counts[run][found] += 1
    wide = max(map(len, runs))
    for run, settings in runs.items():
        at_work = state is not None and state.is_at_work and run in state.runs
        stages = ", ".join(f"{n} {name}" for name, n in sorted(counts[run].items()))
        yield (
            f"{run:{wide}}  {', '.join(map(str, settings.sizes))} samples  "
            f"{count_bytes(DATA / run) / 1e6:,.1f} MB  {stages}"
            + (f"  (building: {state.tell()})" if at_work and state else "")
        )


def remove_run(run: str) -> int:
    """Take a run out of ``params.yaml``, comments kept, and delete its arrays.

    Returns
    -------
    int
        Bytes of its arrays.

    Raises
    ------
    InputError
        Where there is no such run, a comparison needs it, or a build is at work.
    """
    params = read_params()
    params.run(run)
    refuse_second()
    for name, pair in params.comparisons.items():
        if run in (pair.first, pair.second):
            raise InputError(f"params.yaml: comparisons.{name} compares {run}; take that out first")
    content = open_yaml().load(PARAMS)
    del content["runs"][run]
    if run in content["faithfulness"]["runs"]:
        content["faithfulness"]["runs"].remove(run)
    text = format_yaml(content)
    parse_params(text)
    n_bytes = count_bytes(DATA / run)
    write_text(PARAMS, text)
    for each in (run, first_look_of(run)):
        shutil.rmtree(DATA / each, ignore_errors=True)
    if not Path(".git").exists():  # no other revision needs what DVC has kept of it
        with open_repo() as repo:
            repo.gc(workspace=True, force=True)
    return n_bytes
