"""Independent tasks on all cores, one thread each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from joblib import Parallel, cpu_count, delayed, parallel_config


def on_all_cores(function: Callable[..., Any], tasks: Iterable[tuple]) -> Iterator[Any]:
    """Results of ``function(*task)`` in the order of the tasks, as they become ready.

    Each task runs in a process of its own with one thread, so a result does not depend on how many
    cores there are.
    """
    with parallel_config("loky", n_jobs=cpu_count(), inner_max_num_threads=1):
        yield from Parallel(return_as="generator")(delayed(function)(*task) for task in tasks)
