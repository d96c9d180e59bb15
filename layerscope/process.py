"""A process that another one has started."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def end_with_parent() -> None:
    """Have Linux kill this process when the one that started it is gone, however that ended.

    Does nothing in a process that `multiprocessing` has not started. Dask watches for the same in a thread,
    which waits for as long as a computation holds the interpreter.
    """
    parent = multiprocessing.parent_process()
    if sys.platform == "linux" and parent is not None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent.pid:  # it was gone before
            os._exit(1)
