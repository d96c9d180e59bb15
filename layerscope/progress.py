"""Progress of long work: how far, how fast, how long still."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


def track(items: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
    """Pass items on, with a bar on a terminal and about ten lines in a log file."""
    terminal = sys.stderr.isatty()
    yield from tqdm(
        items,
        desc=label,
        total=total,
        dynamic_ncols=terminal,
        mininterval=0.2 if terminal else 15.0,
        ascii=not terminal,
    )
