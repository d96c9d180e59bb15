"""Progress of long work: how far, how fast, how long still.

Where `REPORT` names a file, each process at work adds lines to it that say what it is at;
`projects.building` sums them up for who waits for a whole build.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")

REPORT = "LAYERSCOPE_PROGRESS"  # of the environment: the file that lines are added to
_INTERVAL = 0.2  # seconds between two lines


def report(**facts: str | int) -> None:
    """Add a line, where somebody wants to know."""
    if path := os.environ.get(REPORT):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(facts) + "\n")


def track(items: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
    """Pass items on, with a bar on a terminal and about ten lines in a log file."""
    terminal = sys.stderr.isatty()
    bar = tqdm(
        items,
        desc=label,
        total=total,
        dynamic_ncols=terminal,
        mininterval=_INTERVAL if terminal else 15.0,
        ascii=not terminal,
    )
    last = 0.0
    for done, item in enumerate(bar, 1):
        yield item
        if (now := time.monotonic()) - last >= _INTERVAL or done == bar.total:
            last = now
            report(label=label, done=done, of=bar.total or 0)
