"""How the process holds memory: little of it for long.

Streamlit runs every script on a new thread, and glibc gives threads heaps of their own, which it keeps when
what was in them has gone. On a host with one gigabyte that is a quarter of all there is.
"""

from __future__ import annotations

import ctypes
import inspect
import threading
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, ParamSpec, TypeVar

import numpy as np
import psutil
from cachetools import LRUCache, cached

P = ParamSpec("P")
T = TypeVar("T")

_ARENAS = -8  # M_ARENA_MAX of <malloc.h>
_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD
_TRIM_THRESHOLD = -1  # M_TRIM_THRESHOLD
_N_ARENAS = 2
_LARGE = 256 << 10  # bytes; what is larger goes back to the system as soon as it is free
_INTERVAL = 10.0  # seconds between two looks
_GROWTH = 16 << 20  # bytes; by less it is not worth the while


@cache
def keep_small() -> None:
    """Have freed memory go back to the system, for as long as the process lives.

    Does nothing where the C library is not glibc.
    """
    try:
        libc = ctypes.CDLL("libc.so.6")
        set_option, trim = libc.mallopt, libc.malloc_trim
    except (OSError, AttributeError):
        return
    # The thresholds would otherwise grow with what was freed, up to 64 MB.
    for option, value in (
        (_ARENAS, _N_ARENAS),
        (_MMAP_THRESHOLD, _LARGE),
        (_TRIM_THRESHOLD, 4 * _LARGE),
    ):
        set_option(option, value)

    def watch() -> None:
        process, kept = psutil.Process(), 0
        while True:
            if process.memory_info().rss > kept + _GROWTH:
                trim(0)
                kept = process.memory_info().rss
            time.sleep(_INTERVAL)

    threading.Thread(target=watch, name="memory", daemon=True).start()


# --- what is kept between two runs of a page ---------------------------------------------------

_KEPT_BYTES = 64 << 20  # of all together
_LEAST = 64  # bytes of anything
_OURS = ("layerscope", "ui")
_guard = threading.RLock()
_kept: LRUCache[Hashable, Any] = LRUCache(_KEPT_BYTES, getsizeof=lambda value: weigh(value))


def keep(function: Callable[P, T]) -> Callable[P, T]:
    """Call a function once for the same arguments, and keep what it returns as long as there is room.

    There is one limit in bytes for all functions; what was not asked for longest goes first. All
    sessions share what is kept: arrays should be unwritable. As with `st.cache_resource`, parameters
    whose names begin with an underscore do not count, and code that was changed is run again.
    """
    signature = inspect.signature(function)
    name = f"{function.__module__}.{function.__qualname__}", function.__code__.co_code

    def key(*args: P.args, **kwargs: P.kwargs) -> Hashable:
        given = signature.bind(*args, **kwargs).arguments
        return name, *(value for each, value in given.items() if not each.startswith("_"))

    return cached(_kept, key=key, lock=_guard)(function)


def weigh(value: object) -> int:
    """About how many bytes something takes: its arrays and texts."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(weigh, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(weigh, value))
    if type(value).__module__.partition(".")[0] in _OURS:  # a library's may hold anything
        names = [each.name for each in fields(value)] if is_dataclass(value) else vars(value)
        return _LEAST + sum(weigh(getattr(value, name)) for name in names)
    return _LEAST
