"""Work of the queue that a view waits for: asked for once, looked at again and again until it is done."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from ui.queue import Publish, session_id, shared
from ui.shell import show_problem

_AGAIN = 0.35  # seconds between two looks at work under way
T = TypeVar("T")


def wait_for(
    key: Hashable,
    work: Callable[[Publish[T], Callable[[], bool]], T],
    doing: tuple[str, ...],
) -> T | None:
    """The result of work of about a second; None where one line is drawn that says how far it is.

    What is drawn looks again by itself, and has the page drawn anew when it is over. Where it failed it
    says why.

    Parameters
    ----------
    key : hashable
        What the result depends on.
    work : callable
        As `ui.queue.Queue.ask` takes it; it publishes how many of the steps are done.
    doing : tuple of str
        What each step does.
    """
    report = shared.look(key)
    if report is None:
        problem = shared.ask(key, work, session_id(), is_long=False)
        if problem:
            show_problem(problem)
            return None
        report = shared.look(key)
    if report is None or report.is_open:
        _draw_waiting(key, doing)
        return None
    if report.result is None:
        show_problem(report.problem)
    return report.result


@st.fragment(run_every=_AGAIN)
def _draw_waiting(key: Hashable, doing: tuple[str, ...]) -> None:
    report = shared.look(key)
    if report is None or not report.is_open:
        st.rerun()
    said = doing[min(report.done, len(doing) - 1)]
    st.html(
        f'<div class="unavailable" role="status"><div class="glyph"></div><p>{said} …</p></div>'
    )
