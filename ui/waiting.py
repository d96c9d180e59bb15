"""Work of the queue that a view waits for: asked for once, looked at until it is done."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

import streamlit as st

from ui.live import engine
from ui.queue import Report, session_id, shared
from ui.shell import show_problem

T = TypeVar("T")
_PATIENCE = 0.3  # seconds in which an answer spares the visitor the sight of waiting
_AGAIN = 0.4  # seconds between two looks


def obtain(
    view: str,
    key: Hashable,
    work: engine.Work[T],
    is_long: bool = False,
) -> Report[T] | str:
    """Have something computed, and wait a moment for it.

    Parameters
    ----------
    view : str
        Whoever asks: what it asked for before is called off.
    key : hashable
        What the result depends on.
    work : callable
        As `ui.queue.Queue.ask` takes it.
    is_long : bool

    Returns
    -------
    Report or str
        What is known by then; one line where too much is waiting.
    """
    name, session = f"{view}-asked", session_id()
    before = st.session_state.get(name)
    if before is not None and before != key:
        shared.cancel(before, session)
    st.session_state[name] = key
    if shared.look(key) is None:
        problem = shared.ask(key, work, session, is_long)
        if problem:
            return problem
    report: Report[Any] | None = shared.look(key, _PATIENCE)
    return report if report is not None else "It was called off. Reload the page to try again."


def draw_waiting(key: Hashable, *doing: str) -> None:
    """Say what is computed, and run the page again when it is done.

    Parameters
    ----------
    key : hashable
    doing : str
        What each step does; of one alone, it is said how many layers are done.
    """

    @st.fragment(run_every=_AGAIN)
    def wait() -> None:
        report = shared.look(key)
        if report is None or not report.is_open:
            st.rerun()
        said = doing[min(report.done, len(doing) - 1)]
        is_counted = report.total and len(doing) == 1
        share = f"{report.done} of {report.total} layers" if is_counted else ""
        st.html(
            f'<div class="waiting" role="status"><i></i><p>{said} …</p><p class="source">{share}</p></div>'
        )

    wait()


def wait_for(view: str, key: Hashable, work: engine.Work[T], *doing: str) -> T | None:
    """The result of short work; None where a line is drawn that says how far it is, or why it failed.

    Parameters as of `obtain` and `draw_waiting`.
    """
    report = obtain(view, key, work)
    if isinstance(report, str):
        show_problem(report)
        return None
    if report.is_open:
        draw_waiting(key, *doing)
    elif report.result is None:
        show_problem(report.problem)
    return report.result
