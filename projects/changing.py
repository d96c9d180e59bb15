"""Take a run out of a project, or name it otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from layerscope.errors import InputError
from layerscope.names import RULE, is_name
from layerscope.params import PARAMS, parse_params, read_params
from layerscope.storage.files import write_text
from layerscope.storage.store import DATA
from projects.building import locked, open_repo, refuse_second, runs_of
from projects.folder import format_yaml, open_yaml
from projects.listing import count_bytes
from projects.state import first_look_of, read_times, write_times

_LOCK = Path("dvc.lock")


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


def rename_run(run: str, name: str) -> None:
    """Name a run otherwise, wherever ``params.yaml`` and ``dvc.lock`` have it; nothing is built anew.

    Raises
    ------
    InputError
        Where there is no such run, the name is taken or none, or a build or DVC is at work.
    """
    from dvc.utils.serialize import modify_yaml

    params = read_params()
    params.run(run)
    if not is_name(name) or "." in name:
        raise InputError(f"{RULE}; DVC takes a `.` for more (given: {name!r:.80})")
    if name in params.runs:
        raise InputError(f"params.yaml: run {name} is there already; take another name")
    if (DATA / name).exists():
        raise InputError(f"{DATA / name}: is there already; take another name, or remove it")
    refuse_second()
    text = format_yaml(_rename_in_params(open_yaml().load(PARAMS), run, name))
    parse_params(text)
    with open_repo() as repo, locked(repo):
        times = read_times()
        for stage in repo.index.stages:
            if run in runs_of(stage) and stage.addressing in times:
                key = _rename_key(stage.addressing, run, name)
                times[key] = times.pop(stage.addressing)
        if (DATA / run).exists():
            (DATA / run).rename(DATA / name)
        write_text(PARAMS, text)
        if _LOCK.exists():
            with modify_yaml(_LOCK) as lock:
                lock["stages"] = {
                    _rename_stage(key, stage, run, name): _rename_in_stage(stage, run, name)
                    for key, stage in lock["stages"].items()
                }
        write_times(times)


def _rename_in_params(content: Any, run: str, name: str) -> Any:
    """With the run at its place, and its comments."""
    runs = content["runs"]
    place, comment = list(runs).index(run), runs.ca.items.pop(run, None)
    runs.insert(place, name, runs.pop(run))
    if comment is not None:
        runs.ca.items[name] = comment
    for pair in content["comparisons"].values():
        pair.update({key: name for key, each in pair.items() if each == run})
    listed = content["faithfulness"]["runs"]
    listed[:] = [name if each == run else each for each in listed]
    return content


def _rename_stage(key: str, stage: Any, run: str, name: str) -> str:
    """The key of an entry of ``dvc.lock``: another run's may begin with the same letters."""
    is_of_run = any(
        Path(out["path"]).parts[:2] == (DATA.name, run) for out in stage.get("outs", ())
    )
    return _rename_key(key, run, name) if is_of_run else key


def _rename_key(key: str, run: str, name: str) -> str:
    kind, _, rest = key.partition("@")
    return f"{kind}@{name}{rest.removeprefix(run)}"


def _rename_in_stage(stage: Any, run: str, name: str) -> Any:
    """Its command, paths and settings."""
    place = (DATA / run).as_posix()
    stage["cmd"] = stage["cmd"].replace(f"'{run}'", f"'{name}'", 1)
    for each in (*stage.get("deps", ()), *stage.get("outs", ())):
        if each["path"] == place or each["path"].startswith(f"{place}/"):
            each["path"] = f"{(DATA / name).as_posix()}{each['path'].removeprefix(place)}"
    for settings in stage.get("params", {}).values():
        for key in list(settings):
            value = settings[key]
            if key.split(".")[:2] == ["runs", run]:
                settings[f"runs.{name}{key.removeprefix(f'runs.{run}')}"] = settings.pop(key)
            elif key.startswith("comparisons."):
                value.update({side: name for side, each in value.items() if each == run})
            elif key == "faithfulness":
                value["runs"] = [name if each == run else each for each in value["runs"]]
    return stage
