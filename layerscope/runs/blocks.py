"""Samples in blocks: what a worker does at a time, and the model that it does it with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from layerscope.models.registry import Classifier, choose_device, load_model
from layerscope.parallel import working
from layerscope.params import Params, Run
from layerscope.progress import track

_BYTES = 128 << 20  # of a block's results, of all layers together
_LEAST = 16  # blocks there should be, so that many workers get their share


def count_rows(n: int, row_bytes: int, batch_size: int) -> int:
    """Samples of a block, a multiple of the batch size; the same however many workers there are.

    Parameters
    ----------
    n : int
        Samples in all.
    row_bytes : int
        Bytes of one sample's results.
    batch_size : int
        Samples that go through the model at once.
    """
    wanted = min(_BYTES // max(1, row_bytes), n // _LEAST)
    return max(1, wanted // batch_size) * batch_size


def list_blocks(n: int, rows: int) -> list[tuple[int, int]]:
    """From and to of each block of n samples."""
    return [(start, min(start + rows, n)) for start in range(0, n, rows)]


def list_batches(start: int, stop: int, batch_size: int) -> Iterator[tuple[int, int]]:
    """From and to of each batch of a block."""
    for at in range(start, stop, batch_size):
        yield at, min(at + batch_size, stop)


def run_blocks(
    work: Callable[..., Any], tasks: Iterable[tuple], params: Params, label: str
) -> Iterator[Any]:
    """Results of ``work(*task)``, one task a block, in the order of the tasks.

    Processes start with the first result and end with the last: only one where the model runs on a
    graphics card. The progress bar has the label.
    """
    tasks = list(tasks)
    most = None if choose_device(params.device).type == "cpu" else 1
    with working(params.compute.scheduler, most) as workers:
        yield from track(workers.map(work, tasks), label, len(tasks))


def load_classifier(run: Run, device: str) -> Classifier:
    """The run's model on its device, read once in a process.

    Parameters
    ----------
    run : Run
    device : str
        As in ``params.yaml``.
    """
    file = run.weights_file
    state = file.stat() if file is not None and file.exists() else None
    version = (state.st_mtime_ns, state.st_size) if state is not None else None
    # By its text, for a model may be a mapping; by its file's state, for a cluster outlives a training.
    return _load(json.dumps(asdict(run)), device, version)


@lru_cache(maxsize=1)
def _load(described: str, device: str, version: tuple[int, int] | None) -> Classifier:
    run = Run(**json.loads(described))
    classifier = load_model(run.model, run.weights_file)
    classifier.module.to(choose_device(device))
    return classifier
