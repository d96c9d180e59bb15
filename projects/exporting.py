"""Take runs along to another machine: what is needed to look at them, and nothing else."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from contextlib import chdir
from pathlib import Path, PureWindowsPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from layerscope.errors import InputError
from layerscope.params import PARAMS, Params, parse_params, read_params
from layerscope.storage.files import write_text
from layerscope.storage.store import DATA
from projects.building import fetch, locked, open_repo, plan_build, runs_of
from projects.folder import format_yaml, open_folder, open_yaml

if TYPE_CHECKING:
    from dvc.output import Output
    from dvc.repo import Repo
    from dvc.stage import PipelineStage

_Made = dict[str, "Output"]  # dependencies and outputs of a stage, by path


def export_runs(runs: Sequence[str], target: Path, *, with_weights: bool = False) -> None:
    """Write runs of the project in the working folder as a project of their own.

    It has their parameters, the arrays that pages read, and what is built of their comparisons with each
    other; no pictures but those that are stored, no intermediates, and no path of this machine.

    Parameters
    ----------
    runs : sequence of str
    target : Path
        A folder, or an archive where it ends in ``.zip``, that is not there yet. It appears once it is whole.
    with_weights : bool
        Whether files of weights are taken along, with which pages compute live.

    Raises
    ------
    InputError
        Where there is no such run, something of it is not built, or `target` is there or cannot be written.
    """
    params = read_params()
    for run in runs:
        params.run(run)
    if params.compute.storage:
        raise InputError("compute.storage: arrays lie elsewhere; build the runs without it first")
    if target.exists():
        raise InputError(f"{target}: there already; choose another place")
    with open_repo() as repo, locked(repo):
        stale = set(plan_build(repo, ()).stale)
        pairs = [
            name
            for name, pair in params.comparisons.items()
            if {pair.first, pair.second} <= set(runs) and f"similarity@{name}" not in stale
        ]
        stages = [stage for stage in repo.index.stages if _is_of(stage, runs, pairs)]
        for stage in stages:
            if stage.addressing in stale:
                run = next(iter(runs_of(stage)))
                raise InputError(
                    f"{run}: {stage.addressing} is not built; `layerscope build {run}` first"
                )
        outs = [out for stage in stages for out in stage.outs if out.can_push]
        _bring(repo, outs)
        made = {each.addressing: _list_made(each) for each in stages}
    try:
        with TemporaryDirectory(dir=target.absolute().parent, prefix=f".{target.name}-") as home:
            folder = Path(home) / target.name.removesuffix(".zip")
            folder.mkdir()
            renamed = _write_params(folder, params, runs, pairs)
            open_folder(folder)
            for out in outs:
                _copy(Path(out.def_path), folder / out.def_path)
            for new, old in renamed.items() if with_weights else ():
                _copy(Path(old).expanduser(), folder / new)
            _note_as_built(folder, made, renamed)
            shutil.rmtree(folder / ".dvc/tmp")  # it names places
            whole = folder
            if target.suffix == ".zip":
                whole = Path(shutil.make_archive(str(folder), "zip", home, folder.name))
            whole.rename(target)
    except OSError as error:
        raise InputError(
            f"{error.filename or target}: {error.strerror}; choose another place"
        ) from None


def _is_of(stage: PipelineStage, runs: Sequence[str], pairs: Sequence[str]) -> bool:
    return bool(runs_of(stage) & set(runs)) or stage.addressing in {
        f"similarity@{p}" for p in pairs
    }


def _list_made(stage: PipelineStage) -> _Made:
    return {each.def_path: each for each in (*stage.deps, *stage.outs)}


def _bring(repo: Repo, outs: Sequence[Output]) -> None:
    """Have outputs here. Raises `InputError` where one is nowhere."""
    for out in outs:
        if not out.exists:
            fetch(repo, out)
        if not out.exists:
            run = Path(out.def_path).relative_to(DATA).parts[0]
            raise InputError(
                f"{out.def_path}: not here, nor in DVC's cache; `layerscope build {run}` first"
            )


def _copy(source: Path, target: Path) -> None:
    """Without the modes: what DVC has linked from its cache may not be written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile)
    else:
        shutil.copyfile(source, target)


def _write_params(
    folder: Path, params: Params, runs: Sequence[str], pairs: Sequence[str]
) -> dict[str, str]:
    """``params.yaml`` of these runs; returns files of weights, by what they are called there."""
    content: Any = open_yaml().load(PARAMS)
    content["runs"] = {run: content["runs"][run] for run in runs}
    content["comparisons"] = {name: content["comparisons"][name] for name in pairs}
    content["faithfulness"]["runs"] = [
        run for run in content["faithfulness"]["runs"] if run in runs
    ]
    content["train"] = {}
    content["compute"]["scheduler"] = "local"
    content["app"]["editable"] = (
        False  # its arrays are in no cache: what is built over them is gone
    )
    renamed = {}
    for run in runs:
        settings, entry = params.runs[run], content["runs"][run]
        if settings.weights_file:
            entry["weights"] = f"weights/{run}/{settings.weights_file.name}"
            renamed[entry["weights"]] = settings.weights
        for place, key in ((entry, "root"), (entry, "labels"), (entry.get("vectors"), "file")):
            if place and place.get(key) and "://" not in place[key]:
                place[key] = _last_part(place[key])
        entry["model"] = _without_places(entry["model"])
    text = format_yaml(content)
    parse_params(text)
    write_text(folder / PARAMS, text)
    return renamed


def _last_part(path: str) -> str:
    """The name of a file or a folder, without where it lies: of ``..`` and ``.`` as well."""
    return PureWindowsPath(path).name if "\\" in path else Path(path).expanduser().resolve().name


def _without_places(value: Any) -> Any:
    """Options of a model, with the names alone of files that they name."""
    if isinstance(value, dict):
        return {key: _without_places(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_places(each) for each in value]
    if isinstance(value, str) and (value.startswith(("/", "~", "..")) or "\\" in value):
        return _last_part(value)
    return value


def _note_as_built(folder: Path, made: Mapping[str, _Made], renamed: Mapping[str, str]) -> None:
    """Let DVC know that nothing is to be built: digests as they were."""
    logging.getLogger("dvc.dvcfile").setLevel(logging.WARNING)  # it tells of each stage
    with chdir(folder), open_repo() as repo, locked(repo):
        for stage in repo.index.stages:
            known = made[stage.addressing]
            for each in (*stage.deps, *stage.outs):
                path = renamed.get(each.def_path, each.def_path)
                if path in known and (path.startswith(f"{DATA}/") or path != each.def_path):
                    each.hash_info, each.meta = known[path].hash_info, known[path].meta
                else:
                    each.save()
            stage.dump(update_pipeline=False)
