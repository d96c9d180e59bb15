"""What is wrong and where: the one exception that means "the input is wrong", and names for the system's.

`NO_LABELS` is what every room says of a data set without classes, `FEWEST` how many samples a run needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_LABELS = "the pictures have no labels"
FEWEST = 10


class InputError(ValueError):
    """Input that cannot be used. Its message is one line: what is wrong, where, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


@contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Have errors of the system name a path: what a full disk raises names none."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise
