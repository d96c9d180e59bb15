"""Take code that alters no result into ``dvc.lock``: ``make accept``.

Stages depend on library files by their bytes, so that a comment makes arrays stale. Here a small run is built
from nothing with the code that ``dvc.lock`` knows and with the code of the working tree. Where every byte is
the same, ``dvc.lock`` gets the new hashes of code; hashes of parameters and outputs stay as they are.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import networkx
import numpy as np
import zarr
from dvc.exceptions import DvcException
from dvc.repo import Repo, lock_repo
from dvc.stage import PipelineStage
from dvc.stage.serialize import to_single_stage_lockfile
from ruamel.yaml import YAML

from bench.projects import ROOT, SMALL, copy_code, environment, shrink_params
from layerscope.errors import InputError
from layerscope.params import PARAMS
from layerscope.training.curves import HISTORY

LOCK = "dvc.lock"
_CODE = ("layerscope", "stages")
# Every data set that is drawn, every model that comes along, every method, and a training.
SETTINGS: dict[str, dict[str, Any]] = {
    **SMALL,
    "runs": {
        **SMALL["runs"],
        "birds-efficientnet_lite0": {
            "dataset": "birds",
            "model": "efficientnet_lite0",
            "weights": "weights/published",
            "sizes": [20],
        },
    },
    "metrics": {"n_neighbors": 2},  # as many as two samples a class let vote
    "faithfulness": {
        **{key: value for key, value in SMALL["faithfulness"].items() if key != "methods"},  # all
        "options": {"integrated_gradients": {"n_steps": 8}, "lime": {"n_samples": 20}},
    },
    "train": {
        "small": {
            "datasets": ["objects"],
            "weights": "weights/small/vgg16_slim.safetensors",
            "n_training": 60,
            "n_calibration": 10,
            "n_validation": 20,
            "missing_parts": 0.5,
            "recipe": {"phases": [{"epochs": 1, "size": 64}], "batch_size": 20},
        }
    },
}
_ENVIRONMENT = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
_ENVIRONMENT["TQDM_DISABLE"] = "1"
# Commands of `dvc.yaml`, one a line, without the seconds that each needs to import the libraries.
_RUN_ALL = """
import runpy, shlex, sys
for line in sys.stdin:
    python, option, module, *arguments = shlex.split(line)
    assert (python, option) == ("python", "-m"), line
    print(line.strip(), flush=True)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
_TIMED = ("seconds", "processor_seconds")  # columns of `HISTORY` that tell how long an epoch took
_TOLD = 10  # differences that are printed


def find_stale(repo: Repo) -> set[str]:
    """Stages whose code in ``dvc.lock`` is not the code of the folder."""
    return {
        stage.name
        for stage in repo.index.stages
        if any(dep.workspace_status() for dep in stage.deps if _is_code(dep.def_path))
    }


def build(folder: Path) -> dict[str, str]:
    """Run every stage of a folder in one process, frozen ones too; the stage of each output."""
    with Repo(str(folder)) as repo:
        ordered = list(networkx.dfs_postorder_nodes(repo.index.graph))  # as `dvc repro` does
        made = {out.def_path: stage.name for stage in ordered for out in stage.outs}
    commands = "".join(f"{stage.cmd}\n" for stage in ordered)
    done = subprocess.run(
        [sys.executable, "-c", _RUN_ALL],
        cwd=folder,
        env=environment(folder) | _ENVIRONMENT,
        input=commands,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        print(*done.stderr.splitlines()[-10:], sep="\n", file=sys.stderr)
        begun = [line for line in done.stdout.splitlines() if line.startswith("python -m")]
        raise InputError(f"{(begun or ['it'])[-1]}: fails with the code {folder.name}")
    return made


def list_files(folder: Path, outputs: Sequence[str]) -> dict[str, bytes]:
    """Content of every file below outputs, without what tells the time."""
    places = [folder / output for output in outputs]
    paths = [path for place in places for path in [place, *sorted(place.rglob("*"))]]
    files = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): _read(path) for path in files}


def _read(path: Path) -> bytes:
    content = path.read_bytes()
    if path.name == HISTORY:
        rows = csv.DictReader(content.decode().splitlines())
        return repr([{**row, **dict.fromkeys(_TIMED, "")} for row in rows]).encode()
    if path.suffix == ".safetensors":  # it writes what its header says of the file in any order
        end = 8 + int.from_bytes(content[:8], "little")
        return json.dumps(json.loads(content[8:end]), sort_keys=True).encode() + content[end:]
    return content


def find_differences(before: Path, after: Path, outputs: Mapping[str, str]) -> Iterator[str]:
    """One line for each array, or other file, that is not the same on both sides."""
    for output, stage in outputs.items():
        old, new = (list_files(side, [output]) for side in (before, after))
        differing = [name for name in old | new if old.get(name) != new.get(name)]
        for name in dict.fromkeys(_find_array(before, Path(name)) for name in differing):
            yield f"{stage}: {name}: {describe(before / name, after / name)}"


def _find_array(folder: Path, name: Path) -> str:
    """The array that a file is a part of, or the file itself."""
    arrays = (each for each in name.parents if (folder / each / "zarr.json").exists())
    return next(arrays, name).as_posix()


def describe(old: Path, new: Path) -> str:
    """How an array, or a file, differs."""
    for path, side in ((old, "before"), (new, "after")):
        if not path.exists():
            return f"is not there {side}"
    if old.is_file():
        lines = [path.read_bytes().splitlines() for path in (old, new)]
        same = sum(a == b for a, b in zip(*lines, strict=False))
        return f"{max(map(len, lines)) - same} of {len(lines[0])} lines differ"
    groups = [zarr.open(path, mode="r") for path in (old, new)]
    if not all(isinstance(each, zarr.Array) for each in groups):
        facts, others = (dict(each.attrs) for each in groups)
        keys = sorted(key for key in facts | others if facts.get(key) != others.get(key))
        return f"attributes differ: {', '.join(keys) or 'their form'}"
    a, b = (np.asarray(each[...]) for each in groups)  # type: ignore[index]
    if a.shape != b.shape or a.dtype != b.dtype:
        return f"{a.dtype} {a.shape} became {b.dtype} {b.shape}"
    differing = (a != b) & ~((a != a) & (b != b))  # NaN equals NaN
    if not differing.any():
        return "the values are the same, how they are stored differs"
    if a.dtype.kind not in "biuf":
        return f"{differing.sum()} of {a.size} values differ"
    largest = np.abs(a[differing].astype(np.float64) - b[differing].astype(np.float64)).max()
    return f"{differing.sum()} of {a.size} values differ, by at most {largest:g}"


def _is_code(path: str) -> bool:
    return Path(path).parts[0] in _CODE


def _split(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A stage's entry in ``dvc.lock`` without its code."""
    deps = [dep for dep in entry.get("deps", []) if not _is_code(dep["path"])]
    return {**entry, "deps": deps}


def find_obstacle(stage: PipelineStage, entry: Any, locked: Any, outputs: Any) -> str | None:
    """What apart from code is not as ``dvc.lock`` has it."""
    old, new = _split(locked), _split(entry)
    changed = [key for key in old | new if old.get(key) != new.get(key)]
    for dep in stage.deps:
        status = {} if _is_code(dep.def_path) else dep.workspace_status()
        # Intermediate arrays do not come with a clone: then what made them must not have changed.
        if status == {str(dep): "deleted"} and dep.hash_info:
            status = {} if outputs.get(dep.fs_path, dep.hash_info) == dep.hash_info else status
        for path, what in status.items():
            changed += list(what) if isinstance(what, dict) else [path]
    return ", ".join(changed) or None


def take_code(top: Path, stale: set[str]) -> Iterator[str]:
    """Write the hashes of code into ``dvc.lock``; one line for each stage that is not accepted.

    Parameters
    ----------
    top : Path
        Of the repository.
    stale : set of str
        Stages whose code in ``dvc.lock`` is not the code that was compared.
    """
    with Repo(str(top)) as repo, lock_repo(repo):
        accepted: list[PipelineStage] = []
        outputs = {out.fs_path: out.hash_info for each in repo.index.stages for out in each.outs}
        for stage in repo.index.stages:
            locked = stage.dvcfile.lockfile_contents.get("stages", {}).get(stage.name)
            for dep in stage.deps:
                if _is_code(dep.def_path):
                    dep.save()
            entry = to_single_stage_lockfile(stage)
            if locked is None or entry == locked:
                continue
            if obstacle := find_obstacle(stage, entry, locked, outputs):
                yield f"not accepted: {stage.name}: changed too: {obstacle}"
            elif stage.name in stale:
                yield f"not accepted: {stage.name}: {LOCK} is of other code than what was compared"
            else:
                accepted.append(stage)
        for stage in accepted:
            stage.dvcfile.dump_stages([stage], update_pipeline=False)
        yield f"{LOCK}: {len(accepted)} stages have the new code"


def accept(top: Path, base: str | None, settings: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Compare and accept; lines that tell what was done.

    Raises
    ------
    InputError
        Where a side fails or outputs differ; ``dvc.lock`` then stays as it is.
    """
    newest = ["git", "log", "-1", "--format=%H", "--", LOCK]
    base = (
        base
        or subprocess.run(newest, cwd=top, capture_output=True, encoding="utf-8").stdout.strip()
    )
    with TemporaryDirectory() as folder:
        before, after = sides = Path(folder, "before"), Path(folder, "after")
        copy_code(before, base, top=top)
        shutil.copy(top / LOCK, before)
        with Repo(str(before)) as repo:
            stale = find_stale(repo)
        (before / LOCK).unlink()
        copy_code(after, top=top)
        sections = YAML(typ="safe").load(before / PARAMS)
        same = {key: each for key, each in sections.items() if isinstance(each, dict)}
        for side, values in ((after, same), (before, settings), (after, settings)):
            if missing := shrink_params(side, values):
                yield f"params.yaml {side.name} has no {', '.join(missing)}: compared without"
        with ThreadPoolExecutor(len(sides)) as pool:
            stages = [*pool.map(build, sides)]
        outputs = stages[0] | stages[1]
        differences = list(find_differences(*sides, outputs))
        yield from differences[:_TOLD]
        if differences:
            raise InputError(
                f"{len(differences)} arrays and files are not as at {base[:10]}; {LOCK} stays as it is"
            )
        files = list_files(after, list(outputs))
        if list_files(after, _CODE) != list_files(top, _CODE):
            raise InputError("code was changed meanwhile; run it again")
    size = sum(map(len, files.values())) / 1e6
    yield f"{len(files)} files of {len(outputs)} outputs, {size:.1f} MB: the same as at {base[:10]}"
    yield from take_code(top, stale)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--base", help="a git revision; the newest that changed dvc.lock by default"
    )
    options = parser.parse_args()
    try:
        for line in accept(ROOT, options.base, SETTINGS):
            print(line, flush=True)
    except (InputError, DvcException) as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
