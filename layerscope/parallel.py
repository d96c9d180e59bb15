"""Independent tasks on all cores of this machine, or on the workers of a Dask cluster.

A task is a function and its arguments. It runs on one thread and is given nothing but its arguments, so its
result depends neither on how many workers there are nor on which of them it falls to; where a worker is
lost, its tasks are done again by another.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from hashlib import sha256
from multiprocessing import resource_tracker
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dask
import psutil
from dask.system import CPU_COUNT
from distributed import Client, Future, KilledWorker, LocalCluster, Nanny, Worker, as_completed
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError
from threadpoolctl import threadpool_limits

from layerscope.errors import InputError
from layerscope.home import find_home
from layerscope.process import end_with_parent

LOCAL, SYNCHRONOUS = "local", "synchronous"
_PROCESS_BYTES = 3 << 29  # what a task may need at 7000 samples
_AHEAD = 16  # tasks a worker that are handed over before the first of them is done
# Dask has workers give memory back at once, and get it anew for every output of every layer: a forward pass
# then takes 1.6 times as long. Up to this size it is kept. (`make workers` sets the same.)
_KEPT_BYTES = 256 << 20
_ENVIRONMENT = {
    f"distributed.nanny.pre-spawn-environ.MALLOC_{name}_THRESHOLD_": str(_KEPT_BYTES)
    for name in ("TRIM", "MMAP")
}
_PATIENCE = 20  # seconds until a cluster that does not answer is given up
_ENDING = (signal.SIGINT, signal.SIGTERM)
_STARTS = 3  # times that processes of this machine are started before that is given up
_FAREWELL = 0.5  # seconds that a process has to end before it is killed: its results are here


class Workers:
    """What tasks are given to; see `working`."""

    def __init__(self, client: Client | None) -> None:
        self._client = client

    def map(self, function: Callable[..., Any], tasks: Iterable[tuple]) -> Iterator[Any]:
        """Results of ``function(*task)`` in the order of the tasks, as they become ready."""
        if self._client is None:
            yield from (_run(function, task) for task in tasks)
            return
        handed: deque[Future] = deque()
        try:
            for task in tasks:
                handed.append(self._submit(function, task))
                if len(handed) >= self._limit:
                    yield _result(handed.popleft())
            while handed:
                yield _result(handed.popleft())
        finally:
            self._drop(handed)

    def follow(
        self, function: Callable[..., Any], chains: Sequence[Sequence[tuple]]
    ) -> Iterator[tuple[int, int, Any]]:
        """Chains of tasks, each begun with the result of the one before: ``function(previous, *task)``.

        Chains go on beside each other. Every result comes here before the next task is given out, so that
        a lost worker costs the task that it was at, not its chain.

        Yields
        ------
        chain, step : int
        result
            ``previous`` of the first step is None.
        """
        if self._client is None:
            for chain, tasks in enumerate(chains):
                result = None
                for step, task in enumerate(tasks):
                    result = _run(function, (result, *task))
                    yield chain, step, result
            return
        places = {
            self._submit(function, (None, *tasks[0])): (chain, 0)
            for chain, tasks in enumerate(chains)
        }
        finished = as_completed(list(places))
        try:
            for future in finished:
                chain, step = places.pop(future)
                result = _result(future)
                if step + 1 < len(chains[chain]):
                    after = self._submit(function, (result, *chains[chain][step + 1]))
                    places[after] = (chain, step + 1)
                    finished.add(after)
                yield chain, step, result
        finally:
            self._drop(places)

    @property
    def _limit(self) -> int:
        assert self._client is not None
        return _AHEAD * max(1, len(self._client.nthreads()))

    def _drop(self, futures: Iterable[Future]) -> None:
        left = list(futures)
        if left and self._client is not None and self._client.status == "running":
            self._client.cancel(left)

    def _submit(self, function: Callable[..., Any], task: tuple) -> Future:
        assert self._client is not None
        return self._client.submit(_run, function, task, pure=False)


def _run(function: Callable[..., Any], task: tuple) -> Any:
    """A task, on one thread: sums in another order would end in other digits."""
    torch = sys.modules.get("torch")
    with threadpool_limits(1):
        if torch is None:
            return function(*task)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return function(*task)
        finally:
            torch.set_num_threads(threads)


def _result(future: Future) -> Any:
    try:
        return future.result()
    except KilledWorker as error:
        raise InputError(
            f"a task ended {error.allowed_failures + 1} workers in turn, most likely for want of memory; "
            "give fewer workers to the machine, or more memory to each"
        ) from None


# --- where ------------------------------------------------------------------------------------


@contextmanager
def working(scheduler: str = LOCAL, most: int | None = None) -> Iterator[Workers]:
    """Workers, for as long as the context lasts.

    Parameters
    ----------
    scheduler : str
        ``local``: a process a core, fewer where memory is short. ``tcp://host:8786``: the workers of a
        Dask cluster that exists, with one thread each and with this code. ``synchronous``: no others, one
        task after another in this process, to debug.
    most : int, optional
        Processes to start on this machine at most: tasks on a graphics card share it.

    Raises
    ------
    InputError
        Where no cluster answers, or one that cannot do the work, or it ends before the context does.
    """
    if scheduler == SYNCHRONOUS:
        yield Workers(None)
    elif scheduler == LOCAL:
        n_processes = min(count_processes(), most or CPU_COUNT)
        with start_workers(n_processes) as cluster, Client(cluster) as client:
            yield Workers(client)
    else:
        try:
            with _connect(scheduler) as client:
                _check_cluster(client, scheduler)
                yield Workers(client)
        except (CommClosedError, FutureCancelledError):
            raise InputError(
                f"{scheduler}: the scheduler has ended, or the network to it; start it and its workers "
                "again, then run `dvc repro` again: finished stages are kept"
            ) from None


def count_processes() -> int:
    """Processes that this machine has cores and free memory for, at least one."""
    return max(1, min(CPU_COUNT, psutil.virtual_memory().available // _PROCESS_BYTES))


@contextmanager
def start_workers(n: int) -> Iterator[LocalCluster]:
    """A cluster of so many processes on this machine, one thread each, for as long as the context lasts.

    Raises
    ------
    InputError
        Where the processes end before they work, time after time.
    OSError
        Where their temporary folder cannot be written.
    """
    with (
        TemporaryDirectory(prefix="layerscope-") as folder,
        dask.config.set({**_ENVIRONMENT, "temporary-directory": folder}),
        ExitStack() as stack,
    ):
        with _deaf():
            cluster = stack.enter_context(_start_cluster(n))
            stack.callback(cluster.sync, _end_processes, cluster)
        yield cluster


def _start_cluster(n: int) -> LocalCluster:
    for left in reversed(range(_STARTS)):
        try:
            return LocalCluster(
                n_workers=n,
                threads_per_worker=1,
                memory_limit=None,
                dashboard_address="127.0.0.1:0",
                silence_logs="CRITICAL",  # a lost worker is no news: its tasks are done again
                preload=[__name__],
            )
        except RuntimeError as error:
            cause = error.__cause__
            if isinstance(cause, OSError):
                raise cause from None
            if not left:
                raise InputError(
                    f"worker processes ended {_STARTS} times before they worked ({cause or error}); "
                    "free some memory, or set compute.scheduler in params.yaml to synchronous"
                ) from None
    raise AssertionError


@contextmanager
def _deaf() -> Iterator[None]:
    """Hear what asks this process to end when the block has ended; what is started in it never does.

    Half a cluster could not be ended. And a terminal sends Ctrl-C to the processes of a stage as well, which
    the stage itself ends. Threads that start in the block inherit its mask, and so do their processes.
    """
    heard: list[int] = []
    resource_tracker.ensure_running()  # it would take the mask away when it starts
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    # Older threads have no mask, and Python hears for all of them here.
    handlers = {
        each: signal.signal(each, lambda number, _: heard.append(number)) for each in _ENDING
    }
    try:
        yield
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number in heard:
            signal.raise_signal(number)


async def _end_processes(cluster: LocalCluster) -> None:
    async def end(nanny: Nanny) -> None:
        with suppress(TimeoutError):  # it was killed, and a busy machine is yet to notice
            await nanny.close(timeout=_FAREWELL)

    await asyncio.gather(*map(end, cluster.workers.values()))


def dask_setup(worker: Worker) -> None:
    """What Dask calls in each process that works: see ``preload`` in its documentation."""
    end_with_parent()


def _connect(address: str) -> Client:
    logging.getLogger("distributed.client").setLevel(
        logging.CRITICAL
    )  # what ends the work is told in a line
    try:
        return Client(address, timeout=_PATIENCE)
    except (OSError, ValueError, TypeError, RuntimeError) as error:  # the latter two of TLS
        raise InputError(
            f"params.yaml: compute.scheduler: no Dask scheduler answers at {address} ({error}); "
            "start one with `make scheduler`, or set it to local"
        ) from None


def _check_cluster(client: Client, address: str) -> None:
    """Refuse a cluster without workers, with several threads a worker, or with other code.

    The scheduler has to know the code too: it takes tasks apart before it hands them on.
    """
    start = f"`make workers SCHEDULER={address}` in copies of this folder"
    threads = client.nthreads()
    if not threads:
        raise InputError(f"{address}: the scheduler has no workers; start some with {start}")
    if max(threads.values()) > 1:
        raise InputError(
            f"{address}: a worker has several threads, which share a model's hooks; start workers "
            f"with {start}"
        )
    found: dict[str, Any] = client.run(describe_code, on_error="return")
    for worker, answer in found.items():
        _compare_code(worker, answer, start)
    try:
        answer = client.run_on_scheduler(describe_code)
    except Exception as error:  # whatever came of the import there
        answer = error
    _compare_code(address, answer, "`make scheduler` in a copy of this folder")


def _compare_code(process: str, answer: str | Exception, start: str) -> None:
    if isinstance(answer, Exception):
        raise InputError(f"{process}: cannot import layerscope ({answer}); start it with {start}")
    if answer != describe_code():
        raise InputError(
            f"{process}: runs other code than this process; bring its copy of the folder up to date "
            "and start it again"
        )


@cache
def describe_code() -> str:
    """A digest of this package and of the stages beside it, equal where the code is.

    Taken once in a process, which does not notice files that change after it has read them.
    """
    digest = sha256(sys.version.encode())
    for folder in (Path(__file__).parent, find_home() / "stages"):
        for file in sorted(folder.rglob("*.py")):
            name = file.relative_to(folder.parent).as_posix()
            digest.update(name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
