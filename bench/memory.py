"""A command, and what it took: time, processor time and memory, its children's with its own."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

_INTERVAL = 0.1  # seconds between two looks


@dataclass(frozen=True)
class Watched:
    """What a command took.

    Attributes
    ----------
    status : int
        As a shell has it; negative where a signal ended it.
    seconds : float
        From its start to its end.
    processor_seconds : float
        Of the process and of the children that it waited for, in user and system mode.
    peak_bytes : int
        Most that it and its children held together, looked up ten times a second. Proportional set
        size: a page that several share counts once.
    largest_bytes : int
        Most that one process held.
    """

    status: int
    seconds: float
    processor_seconds: float
    peak_bytes: int
    largest_bytes: int


def run_watched(
    command: Sequence[str], folder: Path, environment: dict[str, str] | None = None
) -> Watched:
    """Run a command in a folder to its end; it is ended where this process is interrupted.

    Parameters
    ----------
    command : sequence of str
    folder : Path
    environment : dict, optional
        In place of this process's own.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment)
    meter = Meter(process.pid, _INTERVAL)
    try:
        with meter:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        if process.returncode is None:
            process.terminate()
            process.wait()
    used = usage.ru_utime + usage.ru_stime
    held = [[each.pss for each in row] for _, row in meter.rows]
    peak, largest = max(map(sum, held), default=0), max(map(max, held), default=0)
    return Watched(process.returncode, seconds, used, peak, largest)


class Held(NamedTuple):
    """Bytes that a process holds: its proportional, resident and unique set size."""

    pss: int
    rss: int
    uss: int


def measure_tree(pid: int) -> list[Held]:
    """What a process and then each of its children hold now; those that have ended are left out."""
    try:
        parent = psutil.Process(pid)
        processes = [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []
    held = []
    for each in processes:
        try:
            info = each.memory_full_info()
        except psutil.Error:
            continue
        held.append(Held(int(info.pss), int(info.rss), int(info.uss)))
    return held


class Meter:
    """A thread that looks at what a process and its children hold, for as long as the context lasts.

    Parameters
    ----------
    pid : int
    interval : float
        Seconds between two looks.

    Attributes
    ----------
    rows : list of (float, list of Held)
        Seconds since the start, and what `measure_tree` found then.
    """

    def __init__(self, pid: int, interval: float) -> None:
        self._pid, self._interval, self._over = pid, interval, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._begun = time.monotonic()
        self.rows: list[tuple[float, list[Held]]] = []

    def __enter__(self) -> Meter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            if held := measure_tree(self._pid):
                self.rows.append((time.monotonic() - self._begun, held))
            if self._over.wait(self._interval):
                return
