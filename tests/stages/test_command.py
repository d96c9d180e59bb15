"""Stages that are interrupted, killed or crowded out: one line, an exit status, and nothing left behind."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from layerscope.embedding.neighbors import nearest_neighbors
from layerscope.storage.store import store_path, writing
from stages.command import run_stage
from tests.shared.project import ROOT, edit_params

pytestmark = pytest.mark.slow
RUN, N = "objects-long", 200
INTERRUPTED = "interrupted: finished stages are kept; run `dvc repro` again to go on"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder in which t-SNE takes hours, and has no space to write in but its own."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    monkeypatch.chdir(root)
    run = {"dataset": "objects", "model": "vgg16_slim", "weights": "none", "sizes": [N]}
    edit_params(runs={RUN: run})
    edit_params("tsne", n_iter=100_000)
    points = np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32)
    graph = nearest_neighbors(points, 30)
    layers = ["a", "b", "c"]
    with writing(store_path(RUN, "components"), layers=layers) as store:
        for layer in layers:
            store.add(f"{N}/{layer}", points, ["sample", "component"])
    with writing(store_path(RUN, "neighbors"), layers=layers) as store:
        for name in ("indices", "distances"):
            values = np.stack([getattr(graph, name)] * len(layers))
            store.add(f"{N}/{name}", values, ["layer", "sample", "neighbor"])
    (tmp_path / "temporary").mkdir()
    return root


@pytest.fixture
def stage(project: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The stage, in a session of its own."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(project.with_name("temporary")),
    }
    with (project.parent / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "stages.tsne", RUN, "5"],
            env=environment,
            stderr=said,
            start_new_session=True,
        )
    yield process
    process.kill()
    process.wait()


def wait_for(condition: Callable[[], object]) -> None:
    while not condition():
        time.sleep(0.01)


def said_in(project: Path) -> list[str]:
    """What was printed, without the bar."""
    text = (project.parent / "said").read_text().replace("\r", "\n")
    return [line for line in text.splitlines() if line and "it/s" not in line]


def wait_until_it_hears(stage: subprocess.Popen[bytes]) -> None:
    """Python has started, and the package of the stages has been imported: nothing else was."""
    bit = 1 << (signal.SIGTERM - 1)

    def caught() -> int:
        status = Path(f"/proc/{stage.pid}/status").read_text()
        return int(status.partition("SigCgt:")[2].split()[0], 16) & bit

    wait_for(caught)


def wait_until_it_works(stage: subprocess.Popen[bytes], project: Path) -> list[psutil.Process]:
    """Its processes, which are at work."""
    wait_for(lambda: b"0%" in (project.parent / "said").read_bytes())
    return psutil.Process(stage.pid).children(recursive=True)


def list_files(folder: Path) -> set[str]:
    """All files, and folders that are being written."""
    found = (path for path in folder.rglob("*") if path.is_file() or path.suffix == ".partial")
    return {path.relative_to(folder).as_posix() for path in found}


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(
        each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes
    )


# --- interrupted -----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["alone", "as-terminals-do"])
def test_a_stage_that_is_interrupted_says_so_in_one_line_and_leaves_nothing(
    project: Path,
    stage: subprocess.Popen[bytes],
    number: signal.Signals,
    send: Callable[[int, int], None],
) -> None:
    before = list_files(project)
    processes = wait_until_it_works(stage, project)
    assert any("spawn_main" in " ".join(each.cmdline()) for each in processes)
    assert list_files(project) != before  # it has begun to write
    send(stage.pid, number)
    assert stage.wait() == 128 + number
    assert said_in(project) == [INTERRUPTED]
    wait_for(lambda: are_gone(processes))
    assert list_files(project) == before
    assert list_files(project.with_name("temporary")) == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stage_can_be_interrupted_while_it_imports(
    project: Path, stage: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    wait_until_it_hears(stage)
    os.killpg(stage.pid, number)
    assert stage.wait() == 128 + number
    assert said_in(project) == [INTERRUPTED]


def test_a_stage_can_be_interrupted_while_its_processes_start(
    project: Path, stage: subprocess.Popen[bytes]
) -> None:
    before = list_files(project)
    top = psutil.Process(stage.pid)
    wait_for(lambda: any("spawn_main" in " ".join(each.cmdline()) for each in top.children()))
    processes = top.children()
    os.killpg(stage.pid, signal.SIGINT)
    time.sleep(0.2)  # once more, as the impatient do
    os.killpg(stage.pid, signal.SIGINT)
    assert stage.wait() == 128 + signal.SIGINT
    assert said_in(project) == [INTERRUPTED]
    wait_for(lambda: are_gone(processes))
    assert list_files(project) == before
    assert list_files(project.with_name("temporary")) == set()


def test_nothing_lives_on_where_a_stage_is_killed(
    project: Path, stage: subprocess.Popen[bytes]
) -> None:
    processes = wait_until_it_works(stage, project)
    stage.kill()
    stage.wait()
    wait_for(lambda: are_gone(processes))


def test_what_is_to_be_ignored_still_is() -> None:
    # As behind `&` in a script.
    probe = (
        "import signal, sys; sys.argv[0] = '-m'; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "import stages; assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN; "
        "assert callable(signal.getsignal(signal.SIGTERM))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", probe], env=environment, check=True)


# --- crowded out -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EDQUOT, "the disk is full; free some space"),
        (errno.EFBIG, "a file may not be that large here; raise the limit"),
        (errno.EROFS, "the file system is read-only; make it writable"),
        (errno.EACCES, "access is refused; give this user the right"),
        (errno.EPERM, "access is refused; give this user the right"),
        (errno.ENOENT, "No such file or directory; bring it back"),
    ],
)
def test_what_the_system_refuses_is_told_in_one_line(
    number: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError(number, os.strerror(number), "/data/x")

    monkeypatch.setattr(sys, "argv", ["stage"])
    with pytest.raises(SystemExit) as end:
        run_stage(refuse, "A stage.")
    message = end.value.code
    assert isinstance(message, str) and message.startswith(f"error: /data/x: {told}")
    assert "dvc repro" in message and "\n" not in message


def test_a_file_that_cannot_be_written_to_its_end_is_told_with_its_store(project: Path) -> None:
    edit_params("tsne", n_iter=2)
    edit_params("compute", scheduler="synchronous")
    command = [sys.executable, "-m", "stages.tsne", RUN, "5"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, env=environment, check=True)  # what it compiles is kept from now on
    shutil.rmtree(store_path(RUN, "tsne/5"))
    before = list_files(project)
    done = subprocess.run(  # for true: no file may have more than 1 kB
        ["bash", "-c", 'ulimit -f 1; exec "$@"', "-", *command],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    told = done.stderr.replace("\r", "\n").splitlines()[-1]
    assert (
        told.startswith("error: ") and "tsne/5.zarr.partial: a file may not be that large" in told
    )
    assert "Traceback" not in done.stderr
    assert list_files(project) == before
