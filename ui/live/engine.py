"""The process beside the app that holds networks and computes with them.

torch and all that stands on it take half a gigabyte, and hold the interpreter's lock while pages wait for it.
They live in a child of the app, which begins with the first question and ends when none has come for a
while, as soon as it waits and has grown large, or with the app. UMAP and its compiler take another 130 MB,
so what needs no network has a child of its own. What they run are functions of modules of this package,
named by reference.
"""

from __future__ import annotations

import atexit
import itertools
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import psutil

from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled

T = TypeVar("T")
Publish = Callable[[int, int, Any], None]
Work = Callable[[Publish, Callable[[], bool]], T]

IDLE = 20.0  # seconds without a question, after which the process ends
_LOOK = 0.1  # seconds between two looks whether work is still wanted
_CODE = Path(__file__).parents[2]


class Engine:
    """Runs functions in a child process, which is there as long as there is something to do.

    Parameters
    ----------
    most : int
        Megabytes resident of one that waits for the next question: a larger one ends at once.
    """

    def __init__(self, most: int) -> None:
        self._most = most << 20
        self._guard = threading.Lock()
        self._child: _Child | None = None
        self._calls = 0  # that run
        self._ending: threading.Timer | None = None
        atexit.register(self.close)

    def call(self, function: Callable[..., T], *args: object) -> T:
        """What a function returns, once it does.

        Raises
        ------
        InputError
            Of the function, or in one line where it failed or the process ended.
        """
        return self._run(function, args, None, lambda: False, is_long=False)

    def work(self, function: Callable[..., T], *args: object, is_long: bool = False) -> Work[T]:
        """The same for `ui.queue.Queue.ask`: the function is also given ``publish`` and ``is_unwanted``.

        Parameters
        ----------
        function : callable
            Of ``args``, and of two functions: one to publish steps done, all steps and what there is by
            now; one that says whether to stop with `Cancelled`.
        is_long : bool
            Whether other questions go first wherever it lets them.
        """
        return lambda publish, is_unwanted: self._run(
            function, args, publish, is_unwanted, is_long=is_long
        )

    def close(self) -> None:
        """End the process, whatever it does."""
        with self._guard:
            self._drop()

    def _run(
        self,
        function: Callable[..., T],
        args: tuple[object, ...],
        publish: Publish | None,
        is_unwanted: Callable[[], bool],
        *,
        is_long: bool,
    ) -> T:
        with self._guard:
            if self._ending is not None:
                self._ending.cancel()
            if self._child is None or self._child.is_over:
                self._child = _Child()
            child = self._child
            self._calls += 1
        try:
            result: T = child.run(function, args, publish, is_unwanted, is_long)
            return result
        finally:
            with self._guard:
                self._calls -= 1
                if not self._calls and child.weigh() > self._most:
                    self._drop()
                elif not self._calls:
                    self._ending = threading.Timer(IDLE, self._end_idle)
                    self._ending.daemon = True
                    self._ending.start()

    def _end_idle(self) -> None:
        with self._guard:
            if not self._calls:
                self._drop()

    def _drop(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


class _Child:
    """The process, and who waits for which of its messages."""

    def __init__(self) -> None:
        paths = [str(_CODE), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ui.live.server"],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        except OSError as error:
            raise InputError(
                f"The process that computes could not be started: {error.strerror}. Try again later."
            ) from error
        self._numbers = itertools.count()
        self._inboxes: dict[int, SimpleQueue[tuple[str, Any]]] = {}
        self._sending = threading.Lock()
        self.is_over = False
        self._receiving = threading.Thread(target=self._receive, name="engine", daemon=True)
        self._receiving.start()

    def run(
        self,
        function: Callable[..., T],
        args: tuple[object, ...],
        publish: Publish | None,
        is_unwanted: Callable[[], bool],
        is_long: bool,
    ) -> T:
        number = next(self._numbers)
        inbox: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._inboxes[number] = inbox
        try:
            self._send(("run", number, is_long, publish is not None, function, args))
            if self.is_over:  # before it could be told of this inbox
                inbox.put(("over", None))
            return self._await(number, inbox, publish, is_unwanted)
        finally:
            del self._inboxes[number]

    def _await(
        self,
        number: int,
        inbox: SimpleQueue[tuple[str, Any]],
        publish: Publish | None,
        is_unwanted: Callable[[], bool],
    ) -> Any:
        is_stopped = False
        while True:
            try:
                kind, content = inbox.get(timeout=None if publish is None else _LOOK)
            except Empty:
                if not is_stopped and is_unwanted():
                    self._send(("stop", number))
                    is_stopped = True
                continue
            if kind == "step" and publish is not None:
                publish(*content)
            elif kind == "done":
                return content
            elif kind == "cancelled":
                raise Cancelled
            elif kind == "failed":
                raise InputError(content)
            elif kind == "over":
                raise InputError(
                    "The process that computes has ended, perhaps for want of memory. Try again."
                )

    def _send(self, message: tuple[object, ...]) -> None:
        packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        stream = self._process.stdin
        assert stream is not None
        with self._sending, suppress(OSError, ValueError):  # it has ended: the receiver says so
            stream.write(packed)
            stream.flush()

    def _receive(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        try:
            while True:
                number, kind, content = pickle.load(stream)  # of our own process alone
                if number in self._inboxes:
                    self._inboxes[number].put((kind, content))
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            pass
        self.is_over = True
        for inbox in list(self._inboxes.values()):
            inbox.put(("over", None))
        with self._sending, suppress(OSError):
            self._process.communicate()  # closes what is open, and waits for the end

    def weigh(self) -> int:
        """Bytes resident; 0 where it has ended."""
        try:
            return int(psutil.Process(self._process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def end(self) -> None:
        self._process.kill()
        self._receiving.join()


networks = Engine(most=520)  # of the app, for what a network does
arrays = Engine(most=200)  # and for what is found in arrays alone
