"""The child's side of `ui.live.engine`: reads what to run, runs it, tells of it.

It ends when its input does, that is with the app, however that ends.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled
from ui.live.turns import computing
from ui.memory import keep_small

_PAUSE = 0.1  # seconds between two steps that are told: nobody looks more often
_COURTESY = 10  # by which the pages come first


def _leave_tables_out() -> None:
    """Import scikit-learn as where there is no pandas, which it loads if it can: 60 MB for nothing here."""
    sys.modules["pandas"] = None  # type: ignore[assignment]
    import sklearn.utils.fixes  # noqa: F401

    del sys.modules["pandas"]


class _Answers:
    """The way back; one message after another, whichever thread has it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._guard = stream, threading.Lock()

    def tell(self, number: int, kind: str, content: object = None) -> None:
        packed = pickle.dumps((number, kind, content), pickle.HIGHEST_PROTOCOL)
        with self._guard:
            self._stream.write(packed)
            self._stream.flush()


class _Task:
    def __init__(self, number: int, answers: _Answers) -> None:
        self.number, self._answers, self._told = number, answers, 0.0
        self.stopped = threading.Event()

    def publish(self, done: int, total: int, result: object = None) -> None:
        now = time.monotonic()
        if now - self._told >= _PAUSE:
            self._told = now
            self._answers.tell(self.number, "step", (done, total, result))

    def run(
        self, function: Callable[..., Any], args: tuple[object, ...], is_watched: bool
    ) -> tuple[str, object]:
        """How it ended, and with what."""
        try:
            watched = (self.publish, self.stopped.is_set) if is_watched else ()
            return "done", function(*args, *watched)
        except Cancelled:
            return "cancelled", None
        except InputError as error:
            return "failed", str(error)
        except MemoryError:
            return "failed", "There is not enough memory for it."
        except Exception as error:  # a model of anyone's may fail in any way
            traceback.print_exc()
            return "failed", f"It failed: {type(error).__name__}"


def serve(questions: BinaryIO, answers: _Answers) -> None:
    """Run what comes, each on a thread of its own, until nothing can come any more."""
    tasks: dict[int, _Task] = {}

    def run(
        task: _Task,
        is_long: bool,
        is_watched: bool,
        function: Callable[..., Any],
        args: tuple[object, ...],
    ) -> None:
        computing.is_patient = is_long
        answers.tell(task.number, *task.run(function, args, is_watched))
        del tasks[task.number]

    while True:
        try:
            kind, number, *rest = pickle.load(questions)  # of the app alone
        except EOFError:
            return
        if kind == "run":
            tasks[number] = _Task(number, answers)
            threading.Thread(target=run, args=(tasks[number], *rest), daemon=True).start()
        elif number in tasks:
            tasks[number].stopped.set()


def main() -> None:
    """Serve standard input and output; what anything else prints goes to standard error."""
    answers = _Answers(os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    keep_small()
    _leave_tables_out()
    if hasattr(os, "nice"):
        os.nice(_COURTESY)
    serve(sys.stdin.buffer, answers)
    os._exit(0)  # whatever is under way, nobody wants it


if __name__ == "__main__":
    main()
