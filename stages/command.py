"""What every stage does around its work: arguments, one-line errors, exit status."""

from __future__ import annotations

import argparse
import atexit
import errno
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from layerscope.errors import InputError
from layerscope.names import check_name
from layerscope.progress import report

_FULL = "the disk is full; free some space"
_FORBIDDEN = "access is refused; give this user the right to read and write there"
_REFUSALS = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "a file may not be that large here; raise the limit (`ulimit -f`)",
    errno.EROFS: "the file system is read-only; make it writable, or work in a copy elsewhere",
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.ENOENT: "{}; bring it back",  # what a missing folder for temporary files raises as well
}

_ENDING = (signal.SIGINT, signal.SIGTERM)
_INTERRUPTED = b"interrupted: finished stages are kept; run `dvc repro` again to go on\n"
_at_work = threading.Event()


def hear() -> None:
    """Let Ctrl-C, and a request to end, end this process in one line, with the status that shells expect."""
    for each in _ENDING:
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if (
        not _at_work.is_set()
    ):  # there is nothing to clean up, and C code would not let an exception pass
        os.write(2, _INTERRUPTED)
        os._exit(128 + number)
    for each in _ENDING:  # pressed twice, it would cut the cleaning short
        signal.signal(each, signal.SIG_IGN)
    atexit.register(os.write, 2, _INTERRUPTED)  # below the bar, which ends its line on the way
    sys.exit(128 + number)


def ensure_utf8() -> None:
    """Begin the process anew in Python's UTF-8 mode where the locale asks for another encoding.

    There, names of folders and files would be read wrongly, and could not be printed.
    """
    if sys.getfilesystemencoding() != "utf-8":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the process with one line and status 1 where the input, or the system, is to blame."""
    _at_work.set()
    try:
        yield
    except InputError as error:
        _leave(error, str(error))
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        refusal = _REFUSALS[error.errno].format(error.strerror)
        _leave(error, f"{where}{refusal}, then run `dvc repro` again: finished stages are kept")


def _leave(error: Exception, message: str) -> NoReturn:
    traceback.clear_frames(error.__traceback__)  # a progress bar in one of them ends its line
    sys.exit(f"error: {message}")


def run_stage(work: Callable[..., None], description: str | None, **arguments: str) -> None:
    """Parse the command line and do the work.

    Parameters
    ----------
    work : callable
        Called with the arguments by name.
    description : str
        The stage's docstring.
    **arguments : str
        Name and help text of each positional argument, which is a name in its turn.
    """
    ensure_utf8()
    parser = argparse.ArgumentParser(description=description)
    for name, text in arguments.items():
        parser.add_argument(name, help=text)
    given = sys.argv[1:]
    if given and given != ["--help"]:
        given = ["--", *given]  # what begins with a dash is a name that is refused below, no option
    values: dict[str, Any] = vars(parser.parse_args(given))
    with one_line_errors():
        for argument, value in values.items():
            check_name(value, argument)
        report(stage="@".join([Path(sys.argv[0]).stem, *values.values()]))
        work(**values)
