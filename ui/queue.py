"""Work that takes long, done beside the pages: asked for, looked at, called off, and kept.

A process has two lanes of one thread each, one for what takes a second and one for what takes longer,
so that nobody waits for somebody else's minute. In each, sessions take turns, however much one of them asks
for. Work that no page looks at any more is given up.
"""

from __future__ import annotations

import atexit
import itertools
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from enum import Enum
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled

MAX_LONG = 3  # long jobs of a session that wait or run
MAX_SHORT = 40  # the same of short ones: all that one page asks for, and as much again
_KEPT_BYTES = 24 << 20  # of answers; an explanation has some 30 kB, a film ten times that
_UNWATCHED = 120.0  # seconds; a browser asks at least once a minute, also from a tab at the back
_GONE = 5.0  # the same where the pages are closed
_REMEMBERED = 1000  # sessions whose last turn is known
_FAILURE_KEPT = 60.0  # seconds; then it may be tried again
_FAREWELL = 10.0  # seconds in which a step of the work ends when the process does
_closing = threading.Event()

T = TypeVar("T")
Publish = Callable[[int, int, T | None], None]
Work = Callable[[Publish[T], Callable[[], bool]], T]


class State(Enum):
    """How far a job has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Report(Generic[T]):
    """What is known of a job.

    Attributes
    ----------
    state : State
    done, total : int
        Steps; 0 of 0 where that is not known.
    result : object or None
        Complete where it is done; while it runs, what there is by now.
    problem : str
        One line where it failed.
    """

    state: State
    done: int = 0
    total: int = 0
    result: T | None = None
    problem: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in {State.WAITING, State.RUNNING}


@dataclass
class _Job(Generic[T]):
    sessions: set[str]
    is_long: bool
    number: int  # in the order in which they were asked for
    work: Work[T] | None  # until it is begun
    report: Report[T] = field(default_factory=lambda: Report(State.WAITING))
    watched: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    size: int = 0  # bytes of the answer
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def is_wanted(self) -> bool:
        """Whether somebody asked for it who has not called it off; an answer is kept all the same."""
        return bool(self.sessions) or self.report.state is State.DONE

    def is_unwanted(self, is_alive: Callable[[str], bool]) -> bool:
        sessions = tuple(self.sessions)
        patience = _UNWATCHED if any(map(is_alive, sessions)) else _GONE
        is_forgotten = time.monotonic() - self.watched > patience
        return is_forgotten or not sessions or _closing.is_set()


class _Lane:
    """A thread that does one thing after another.

    It ends with the process, which an executor's would hold up until all that waits is done.
    """

    def __init__(self, name: str) -> None:
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        atexit.register(self._close)

    def submit(self, task: Callable[[], None]) -> None:
        self._tasks.put(task)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def _close(self) -> None:
        _closing.set()
        self._tasks.put(None)
        self._thread.join(_FAREWELL)


def _weigh(report: Report[Any]) -> int:
    """About how many bytes an answer takes."""
    try:
        return len(pickle.dumps(report))
    except Exception:  # of anything that cannot be written
        return 1 << 20


class Queue(Generic[T]):
    """Jobs by key; what two sessions ask for alike is done once.

    Parameters
    ----------
    is_alive : callable
        Whether the page of a session is still open.
    """

    def __init__(self, is_alive: Callable[[str], bool]) -> None:
        self._is_alive = is_alive
        self._jobs: OrderedDict[Hashable, _Job[T]] = OrderedDict()
        self._guard = threading.Lock()
        self._numbers = itertools.count(1)
        self._turns: OrderedDict[str, int] = OrderedDict()  # when each session had its last one
        self._lanes = {is_long: _Lane("long" if is_long else "short") for is_long in (False, True)}

    def ask(
        self,
        key: Hashable,
        work: Work[T],
        session: str,
        is_long: bool,
    ) -> str | None:
        """Have work done, unless it is done or under way.

        Parameters
        ----------
        key : hashable
            What the result depends on.
        work : callable
            Of a function that publishes steps done, all steps, and what there is by now; and of one
            that says whether to stop with `Cancelled`.
        session : str
            Who asks.
        is_long : bool
            Which lane.

        Returns
        -------
        str or None
            One line where the session has too much waiting already.
        """
        with self._guard:
            self._forget()
            job = self._jobs.get(key)
            if job is not None and job.is_wanted:
                job.sessions.add(session)
                return None
            of_session = [
                each
                for each in self._jobs.values()
                if each.report.is_open and each.is_long == is_long and session in each.sessions
            ]
            if len(of_session) >= (MAX_LONG if is_long else MAX_SHORT):
                kind = "long computations" if is_long else "computations"
                return f"{len(of_session)} {kind} of yours are under way. Cancel one, or wait."
            self._jobs[key] = _Job({session}, is_long, next(self._numbers), work)
        self._lanes[is_long].submit(lambda: self._do_next(is_long))
        return None

    def look(self, key: Hashable, wait: float = 0.0) -> Report[T] | None:
        """What is known of a job; None where nobody asked for it, or it was called off.

        Parameters
        ----------
        key : hashable
        wait : float
            Seconds to wait for its end.
        """
        with self._guard:
            self._forget()
            job = self._jobs.get(key)
            if job is None or not job.is_wanted:
                return None
            job.watched = time.monotonic()
            self._jobs.move_to_end(key)
        job.over.wait(wait)
        return job.report

    def cancel(self, key: Hashable, session: str) -> None:
        """Call a job off for a session; it stops when no other wants it."""
        with self._guard:
            job = self._jobs.get(key)
            if job is None or not job.report.is_open:
                return
            job.sessions.discard(session)
            if not job.sessions and job.work is not None:  # it was not begun
                job.work = None
                del self._jobs[key]
                job.over.set()

    def release(self, session: str, kept: Collection[Hashable]) -> None:
        """Call off for a session whatever it has asked for, but for some keys."""
        with self._guard:
            asked = [key for key, job in self._jobs.items() if session in job.sessions]
        for key in asked:
            if key not in kept:
                self.cancel(key, session)

    def _do_next(self, is_long: bool) -> None:
        """Do what waits in a lane for the session whose last turn is longest ago."""
        with self._guard:
            waiting = [
                (self._last_turn(job), job.number, key, job)
                for key, job in self._jobs.items()
                if job.work is not None and job.is_long == is_long
            ]
            if not waiting:  # it was called off
                return
            *_, key, job = min(waiting, key=lambda each: each[:2])
            for session in job.sessions:
                self._turns[session] = next(self._numbers)
                self._turns.move_to_end(session)
            while len(self._turns) > _REMEMBERED:
                self._turns.popitem(last=False)
            work, job.work = job.work, None
        assert work is not None
        self._do(key, job, work)

    def _last_turn(self, job: _Job[T]) -> int:
        return min((self._turns.get(session, 0) for session in job.sessions), default=0)

    def _do(self, key: Hashable, job: _Job[T], work: Work[T]) -> None:
        def publish(done: int, total: int, result: T | None = None) -> None:
            job.report = Report(State.RUNNING, done, total, result)

        def is_unwanted() -> bool:
            return job.is_unwanted(self._is_alive)

        try:
            if is_unwanted():
                raise Cancelled
            publish(0, 0)
            report = Report(State.DONE, result=work(publish, is_unwanted))
        except Cancelled:
            job.sessions.clear()
            report = Report(State.FAILED, problem="Cancelled.")
        except InputError as error:
            report = Report(State.FAILED, problem=str(error))
        except Exception as error:  # a model of anyone's may fail in any way
            report = Report(State.FAILED, problem=f"It failed: {type(error).__name__}")
        size = _weigh(report)
        with self._guard:
            job.report, job.ended, job.size = report, time.monotonic(), size
            if not job.is_wanted and self._jobs.get(key) is job:
                del self._jobs[key]
        job.over.set()

    def _forget(self) -> None:
        """Let go of failures after a while, and of the oldest answers."""
        now = time.monotonic()
        for key, job in list(self._jobs.items()):
            if job.report.state is State.FAILED and now - job.ended > _FAILURE_KEPT:
                del self._jobs[key]
        ended = [key for key, job in self._jobs.items() if not job.report.is_open]
        held = sum(self._jobs[key].size for key in ended)
        for key in ended[:-1]:  # whatever its size, the last one is wanted
            if held <= _KEPT_BYTES:
                break
            held -= self._jobs.pop(key).size


def session_id() -> str:
    """What tells a visitor's session from others."""
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


def is_open(session: str) -> bool:
    """Whether the page of a session is open; where there is no server, nobody can tell that it is not."""
    return not runtime.exists() or runtime.get_instance().is_active_session(session)


shared: Queue[Any] = Queue(is_open)  # the one queue of the process
