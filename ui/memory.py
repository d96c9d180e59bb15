"""How the process holds memory: little of it for long.

Streamlit runs every script on a new thread, and glibc gives threads heaps of their own, which it keeps when
what was in them has gone. On a host with one gigabyte that is a quarter of all there is.
"""

from __future__ import annotations

import ctypes
import threading
import time
from functools import cache

import psutil

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
