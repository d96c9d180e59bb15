"""What every stage does around its work: arguments, one-line errors, exit status."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from layerscope.errors import InputError


def ensure_utf8() -> None:
    """Begin the process anew in Python's UTF-8 mode where the locale asks for another encoding.

    There, names of folders and files would be read wrongly, and could not be printed.
    """
    if sys.getfilesystemencoding() != "utf-8":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the process with one line and status 1 where the input, or the disk, is to blame."""
    try:
        yield
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        sys.exit(
            f"error: {error.filename or 'output'}: the disk is full; free some space and run "
            "`dvc repro` again: finished stages are kept"
        )
    except KeyboardInterrupt:
        sys.exit("interrupted: finished stages are kept; run `dvc repro` again to go on")


def run_stage(work: Callable[..., None], description: str | None, **arguments: str) -> None:
    """Parse the command line and do the work.

    Parameters
    ----------
    work : callable
        Called with the arguments by name.
    description : str
        The stage's docstring.
    **arguments : str
        Name and help text of each positional argument.
    """
    ensure_utf8()
    parser = argparse.ArgumentParser(description=description)
    for name, text in arguments.items():
        parser.add_argument(name, help=text)
    values: dict[str, Any] = vars(parser.parse_args())
    with one_line_errors():
        work(**values)
