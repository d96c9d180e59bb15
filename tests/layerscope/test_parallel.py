"""Tasks: in order, on one thread each, the same wherever they are done, and not lost with a worker."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import dask
import numpy as np
import psutil
import pytest
import torch
from distributed import Client, LocalCluster
from distributed.process import AsyncProcess
from threadpoolctl import threadpool_info

from layerscope import parallel
from layerscope.errors import InputError
from layerscope.parallel import Workers, count_processes, describe_code, working
from tests.shared.project import ROOT


def start_cluster(n_workers: int, threads: int = 1) -> LocalCluster:
    return LocalCluster(
        n_workers=n_workers,
        threads_per_worker=threads,
        memory_limit=None,
        dashboard_address="127.0.0.1:0",
        silence_logs="CRITICAL",
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with start_cluster(2) as started:
        yield started


@pytest.fixture(params=["synchronous", "cluster"])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    where = request.param
    if where == "cluster":
        where = request.getfixturevalue("cluster").scheduler_address
    with working(where) as found:
        yield found


# --- tasks, at the top so that other processes find them -------------------------------------


def square(x: int, pause: float = 0.0) -> int:
    time.sleep(pause)
    return x * x


def count_threads(_: int) -> tuple[int, int]:
    np.ones((2, 2)) @ np.ones((2, 2))  # the library for products is loaded
    return max(pool["num_threads"] for pool in threadpool_info()), torch.get_num_threads()


def add(before: int | None, x: int) -> int:
    return (before or 0) * 10 + x


def refuse(x: int) -> int:
    if x == 3:
        raise InputError("params.yaml: three is too many; give two")
    return x


def work_and_note(x: int, folder: str, deadly: int) -> int:
    """Notes who does it; the first process to come to the deadly task is killed in the middle."""
    with (Path(folder) / "done").open("a") as file:
        file.write(f"{x} {os.getpid()}\n")
    time.sleep(0.02)
    marker = Path(folder) / "killed"
    if x == deadly and not marker.exists():
        marker.write_text(str(os.getpid()))
        os.kill(os.getpid(), signal.SIGKILL)
    return x * x


def hold_the_interpreter(folder: str) -> None:
    """Computes in one call for long: no other thread of the process gets a turn."""
    (Path(folder) / "begun").write_text(str(os.getpid()))
    pow(7, 10**9)


def always_die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# --- what comes back -------------------------------------------------------------------------


def test_results_come_in_the_order_of_tasks_though_later_ones_are_done_first(
    workers: Workers,
) -> None:
    tasks = [(i, 0.2 if i == 0 else 0.0) for i in range(60)]
    assert list(workers.map(square, tasks)) == [i * i for i in range(60)]


def test_no_tasks_have_no_results(workers: Workers) -> None:
    assert list(workers.map(square, [])) == []
    assert list(workers.follow(add, [])) == []


def test_a_task_runs_on_one_thread(workers: Workers) -> None:
    before = torch.get_num_threads()
    assert list(workers.map(count_threads, [(i,) for i in range(4)])) == [(1, 1)] * 4
    assert torch.get_num_threads() == before


def test_each_task_of_a_chain_gets_the_result_of_the_one_before(workers: Workers) -> None:
    chains = [[(1,), (2,), (3,)], [(7,)], [(4,), (5,)]]
    found = {(chain, step): result for chain, step, result in workers.follow(add, chains)}
    assert found == {(0, 0): 1, (0, 1): 12, (0, 2): 123, (1, 0): 7, (2, 0): 4, (2, 1): 45}


def test_wrong_input_found_by_a_task_is_told_as_it_is(workers: Workers) -> None:
    with pytest.raises(InputError, match="three is too many; give two"):
        list(workers.map(refuse, [(i,) for i in range(5)]))
    assert list(workers.map(square, [(5,)])) == [25]  # the workers go on


def test_tasks_are_asked_for_only_a_little_ahead(cluster: LocalCluster) -> None:
    asked = 0

    def tasks() -> Iterator[tuple[int]]:
        nonlocal asked
        for i in range(10_000):
            asked = i
            yield (i,)

    with working(cluster.scheduler_address) as workers:
        results = workers.map(square, tasks())
        assert [next(results) for _ in range(3)] == [0, 1, 4]
        assert asked < 100


# --- where -----------------------------------------------------------------------------------


def test_this_machine_has_at_least_one_process_and_at_most_one_a_core() -> None:
    assert 1 <= count_processes() <= (os.cpu_count() or 1)


def test_processes_are_as_many_as_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "CPU_COUNT", 64)

    def count(gigabytes: float) -> int:
        memory = type("Memory", (), {"available": int(gigabytes * 2**30)})
        monkeypatch.setattr(parallel.psutil, "virtual_memory", lambda: memory)
        return count_processes()

    assert [count(gigabytes) for gigabytes in (0.5, 3, 6.2, 1000)] == [1, 2, 4, 64]


def test_processes_of_this_machine_do_the_work_and_are_gone_afterwards() -> None:
    with working("local", most=1) as workers:
        pids = set(workers.map(os.getpid, [()] * 3))
        assert len(pids) == 1 and os.getpid() not in pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


def wait_for(condition: Callable[[], object]) -> None:
    while not condition():
        time.sleep(0.01)


def find_workers() -> list[psutil.Process]:
    """Processes that this one has started to work, also while they start."""
    return [
        each for each in psutil.Process().children() if "spawn_main" in " ".join(each.cmdline())
    ]


class Assassin(threading.Thread):
    """Kills so many workers of this process while they start."""

    def __init__(self, victims: int) -> None:
        super().__init__(daemon=True)
        self.left = victims

    def run(self) -> None:
        killed: set[int] = set()
        while len(killed) < self.left:
            with suppress(psutil.Error):
                for each in find_workers():
                    killed.add(each.pid)
                    each.kill()


def test_a_process_whose_end_is_noticed_late_costs_no_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def join(*_: object) -> None:
        raise TimeoutError

    with working("local", most=1) as workers:
        assert list(workers.map(os.getpid, [()]))
        monkeypatch.setattr(AsyncProcess, "join", join)  # as on a machine that is busy elsewhere


def test_processes_that_are_killed_while_they_start_are_started_again() -> None:
    assassin = Assassin(victims=1)
    assassin.start()
    with working("local", most=1) as workers:
        assert list(workers.map(square, [(3,)])) == [9]
    assassin.join()


def test_processes_that_never_start_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fail(**_: object) -> None:
        asked.append(1)
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(parallel, "LocalCluster", fail)
    with pytest.raises(InputError, match=r"ended 3 times .*Nanny.*; free some memory"), working():
        pass
    assert len(asked) == 3


def test_a_temporary_folder_that_is_full_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("Nanny failed to start.") from OSError(errno.ENOSPC, "full", "/tmp/x")

    monkeypatch.setattr(parallel, "LocalCluster", fail)
    with pytest.raises(OSError, match="/tmp/x"), working():
        pass


def work_long(folder: str) -> None:
    """A process that gives its work to another and waits."""
    with working("local", most=1) as workers:
        list(workers.map(hold_the_interpreter, [(folder,)]))


def test_a_worker_ends_with_the_process_that_started_it_whatever_it_is_at(tmp_path: Path) -> None:
    code = f"from {__name__} import work_long; work_long({str(tmp_path)!r})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL
    )
    begun = tmp_path / "begun"
    wait_for(lambda: begun.exists() and begun.read_text())
    worker = psutil.Process(int(begun.read_text()))
    parent.kill()
    parent.wait()
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


def test_an_address_where_nobody_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_PATIENCE", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(InputError) as error, working(address):
        pass
    message = str(error.value)
    assert address in message and "make scheduler" in message and "\n" not in message


@pytest.mark.parametrize(
    ("n", "threads", "said"), [(0, 1, "no workers"), (1, 2, "several threads")]
)
def test_a_cluster_that_cannot_do_the_work_is_refused(n: int, threads: int, said: str) -> None:
    with (
        start_cluster(n, threads) as started,
        pytest.raises(InputError, match=said),
        working(started.scheduler_address),
    ):
        pass


def run_other_code() -> None:
    parallel.describe_code = lambda: "another version"


def test_workers_with_other_code_are_refused() -> None:
    with start_cluster(1) as started:
        with Client(started.scheduler_address) as client:
            client.run(run_other_code)
        with (
            pytest.raises(InputError, match="runs other code"),
            working(started.scheduler_address),
        ):
            pass


def start_dask(*arguments: str, folder: Path, path: str = "") -> subprocess.Popen[bytes]:
    """Dask's own command in a folder, with or without the code on its path."""
    return subprocess.Popen(
        [Path(sys.executable).parent / "dask", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stderr=subprocess.DEVNULL,
    )


def start_worker(address: str, folder: Path, path: str = "") -> subprocess.Popen[bytes]:
    settings = ("--nthreads", "1", "--no-dashboard", "--local-directory", str(folder))
    return start_dask("worker", address, *settings, folder=folder, path=path)


def test_workers_started_elsewhere_are_told_where_to_start(tmp_path: Path) -> None:
    with start_cluster(0) as started:
        address = started.scheduler_address
        worker = start_worker(address, tmp_path)
        try:
            with Client(address) as client:
                client.wait_for_workers(1, timeout=60)
            with pytest.raises(InputError) as error, working(address):
                pass
        finally:
            worker.terminate()
            worker.wait()
    message = str(error.value)
    assert "cannot import layerscope" in message and f"make workers SCHEDULER={address}" in message


@pytest.mark.parametrize("path", ["", str(ROOT)], ids=["elsewhere", "beside-the-code"])
def test_a_scheduler_of_its_own_needs_the_code_too(tmp_path: Path, path: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"tcp://127.0.0.1:{port}"
    command = ("scheduler", "--host", "127.0.0.1", "--port", port, "--dashboard-address", ":0")
    processes = [start_dask(*command, folder=tmp_path, path=path)]
    try:
        processes.append(start_worker(address, tmp_path, str(ROOT)))
        with Client(address, timeout=60) as client:
            client.wait_for_workers(1, timeout=60)
        if path:
            with working(address) as workers:
                assert list(workers.map(square, [(3,)])) == [9]
        else:
            told = r"import layerscope.*make scheduler"
            with pytest.raises(InputError, match=told), working(address):
                pass
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def test_a_scheduler_that_is_killed_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"tcp://127.0.0.1:{port}"
    command = ("scheduler", "--host", "127.0.0.1", "--port", port, "--dashboard-address", ":0")
    scheduler = start_dask(*command, folder=tmp_path, path=str(ROOT))
    worker = start_worker(address, tmp_path, str(ROOT))
    try:
        with Client(address, timeout=60) as client:
            client.wait_for_workers(1, timeout=60)
        with pytest.raises(InputError) as error, working(address) as workers:
            results = workers.map(square, [(1,), (2, 600.0)])
            assert next(results) == 1
            scheduler.kill()
            next(results)
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()
    message = str(error.value)
    assert address in message and "the scheduler has ended" in message and "dvc repro" in message


def test_the_digest_of_code_is_that_of_the_workers(cluster: LocalCluster) -> None:
    with Client(cluster.scheduler_address) as client:
        assert set(client.run(describe_code).values()) == {describe_code()}


# --- lost workers ----------------------------------------------------------------------------


def test_a_lost_worker_costs_its_own_tasks_only(tmp_path: Path) -> None:
    n, deadly = 40, 25
    with start_cluster(2) as started, working(started.scheduler_address) as workers:
        results = workers.map(work_and_note, [(i, str(tmp_path), deadly) for i in range(n)])
        assert list(results) == [i * i for i in range(n)]
    victim = int((tmp_path / "killed").read_text())
    done = [tuple(map(int, line.split())) for line in (tmp_path / "done").read_text().splitlines()]
    by_victim = {task for task, pid in done if pid == victim}
    times = {task: sum(each == task for each, _ in done) for task in range(n)}
    twice = {task for task, count in times.items() if count > 1}
    assert deadly in twice
    assert twice <= by_victim
    assert max(times.values()) == 2
    assert by_victim - twice  # what it had handed over before is not done again


def test_a_task_that_ends_every_worker_is_told() -> None:
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 1}),
        start_cluster(1) as started,
        working(started.scheduler_address) as workers,
        pytest.raises(InputError, match="ended 2 workers in turn"),
    ):
        list(workers.map(always_die, [()]))
