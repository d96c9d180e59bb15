"""A repository's own experiments, by way of the commands ``git`` and ``dvc``.

Experiments of DVC are commits that no branch holds; a clone does not bring them along.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from layerscope.errors import InputError
from layerscope.experiments.layouts import Table, read_figures
from layerscope.experiments.object_cache import find_object, link_outputs, parse_lock

_DVC = (sys.executable, "-m", "dvc")
_LISTED = re.compile(r"([0-9a-f]{40}) refs/exps/([0-9a-f]{2})/([0-9a-f]{38})/\S+")
_REVISION = re.compile(r"[0-9a-f]{40}")
_PAUSE = 0.2  # seconds between looks at whether the answer is still wanted
Stop = Callable[[], bool]


def is_repository(folder: Path) -> bool:
    """Whether a folder is the top of a git repository with DVC in it."""
    return (folder / ".git").exists() and (folder / ".dvc").is_dir()


def call(command: Sequence[str], folder: Path, timeout: float, stop: Stop = lambda: False) -> str:
    """What a command prints.

    Parameters
    ----------
    command : sequence of str
    folder : Path
        Where it runs.
    timeout : float
        Seconds after which it is ended.
    stop : callable
        Says whether nobody wants the answer any more.

    Raises
    ------
    InputError
        Where there is no such command, or it fails, or takes too long: in one line, with the last
        line that it printed.
    """
    name = " ".join(command[1:4]) if command[0] == sys.executable else " ".join(command[:2])
    name = name.removeprefix("-m ")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(
                command, cwd=folder, stdout=out, stderr=err, stdin=subprocess.DEVNULL
            )
        except OSError as error:
            raise InputError(f"`{name}` could not be started: {error.strerror}") from error
        try:
            deadline = time.monotonic() + timeout
            while process.poll() is None:
                if stop():
                    raise InputError(f"`{name}` was called off")
                if time.monotonic() > deadline:
                    raise InputError(f"`{name}` took longer than {timeout:g} s and was ended")
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_PAUSE)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        out.seek(0)
        err.seek(0)
        if process.returncode:
            said = err.read().decode(errors="replace").strip().splitlines()
            told = next((line for line in said if line.startswith("ERROR")), (said or [""])[-1])
            raise InputError(f"`{name}` failed: {told[:200] or process.returncode}")
        return out.read().decode(errors="replace")


def list_references(folder: Path) -> tuple[str, ...]:
    """One line an experiment: its commit, and where it is kept; sorted. Raises `InputError`.

    They change when an experiment is added, removed or replaced.
    """
    form = "--format=%(objectname) %(refname)"
    printed = call(["git", "for-each-ref", form, "refs/exps"], folder, timeout=10)
    return tuple(sorted(line for line in printed.splitlines() if _LISTED.fullmatch(line)))


def list_baselines(references: Sequence[str]) -> tuple[str, ...]:
    """Commits that experiments began at, each once."""
    found = (_LISTED.fullmatch(line) for line in references)
    return tuple(dict.fromkeys(match[2] + match[3] for match in found if match))


def show_experiments(
    folder: Path, baselines: Sequence[str], timeout: float, stop: Stop = lambda: False
) -> object:
    """What ``dvc exp show --json`` says of the experiments that began at some commits.

    Raises
    ------
    InputError
        Where DVC is not there, fails, or takes too long.
    """
    revisions = [part for each in baselines for part in ("--rev", each)]
    hidden = ["--hide-queued", "--hide-failed", "--hide-workspace"]
    printed = call([*_DVC, "exp", "show", "--json", *hidden, *revisions], folder, timeout, stop)
    try:
        return json.loads(printed)
    except ValueError as error:
        raise InputError("`dvc exp show --json` printed no JSON") from error


def find_cache(folder: Path, timeout: float = 30) -> Path:
    """The folder of DVC's cache. Raises `InputError`."""
    return Path(call([*_DVC, "cache", "dir"], folder, timeout).strip()).absolute()


def read_outputs(folder: Path, revision: str, run: str) -> dict[str, str]:
    """Outputs of a run at a revision: paths inside the run's folder, with their hashes.

    Raises
    ------
    InputError
        Where there is no such revision, or no ``dvc.lock`` in it.
    """
    if not _REVISION.fullmatch(revision):
        raise InputError(f"{revision[:40]!r} is no revision")
    locked = parse_lock(call(["git", "show", f"{revision}:dvc.lock"], folder, timeout=10))
    start = f"data/{run}/"
    return {path.removeprefix(start): md5 for path, md5 in locked.items() if path.startswith(start)}


def read_cached_figures(cache: Path, outs: Mapping[str, str]) -> Table:
    """The ``layers.csv`` of a revision; empty where the cache does not have it."""
    try:
        return read_figures(find_object(cache, outs.get("layers.csv", "")))
    except InputError:
        return {}


@contextmanager
def linked_outputs(
    cache: Path, outs: Mapping[str, str], embeddings: Sequence[str]
) -> Iterator[Path]:
    """A folder with what `read_layouts` reads of a revision, for as long as the block lasts.

    Raises
    ------
    InputError
        Where some of it is not in the cache.
    """
    stores = {"samples.zarr", "pca.zarr", "layers.csv"}
    for name in embeddings:
        stores.add(f"{name.replace('-', '/')}.zarr")
    missing = sorted(stores - outs.keys())
    if missing:
        raise InputError(f"{missing[0]} is not among the outputs of this experiment")
    with tempfile.TemporaryDirectory() as folder:
        link_outputs(cache, {name: outs[name] for name in stores}, Path(folder))
        yield Path(folder)
