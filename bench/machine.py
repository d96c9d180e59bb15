"""What a figure was measured on, and what the machine can do at best."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
import psutil
from threadpoolctl import threadpool_limits

_SIDE = 4096
_REPEATS = 4


def describe_machine() -> dict[str, object]:
    """Cores, processor and versions, to stand beside figures."""
    packages = ["torch", "numpy", "scipy", "openTSNE", "scikit-learn", "umap-learn"]
    packages += ["distributed", "streamlit"]
    return {
        "cores": os.cpu_count(),
        "processor": name_processor(),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in packages},
    }


def name_processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name; its architecture where the system keeps no list."""
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def measure_peak_rate() -> float:
    """Multiply-adds a second of a product of matrices in float32, on all cores: the best of four."""
    import torch

    left = torch.rand(_SIDE, _SIDE)
    rates = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        left @ left
        rates.append(_SIDE**3 / (time.perf_counter() - start))
    return max(rates)


@contextmanager
def one_thread() -> Iterator[None]:
    """As a task of a worker runs."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def counting_cores(pid: int) -> Iterator[dict[str, float]]:
    """How many cores a server, this process and others kept busy within a context, known at its end.

    Parameters
    ----------
    pid : int
        Of the server; its children count with it.
    """
    found: dict[str, float] = {}
    begun, before = time.perf_counter(), _read_busy(pid)
    yield found
    spent = (_read_busy(pid) - before) / (time.perf_counter() - begun)
    busy, server, own = spent.round(2).tolist()
    others = round(max(0.0, busy - server - own), 2)
    found.update(server=server, own=own, others=others)


def _read_busy(pid: int) -> np.ndarray:
    """Seconds of processor time by now: of the machine, of a server with its children, of this process."""
    machine = psutil.cpu_times()
    server = psutil.Process(pid)
    spent = sum(server.cpu_times()[:4])  # with children that have ended
    for child in server.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            spent += sum(child.cpu_times()[:2])
    return np.array([sum(machine[:3]) + sum(machine[5:7]), spent, time.process_time()])
