"""What the views of weights wait for: a model that is read, a map that is computed."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

from ui.assets import read_asset
from ui.library import load_params
from ui.queue import Publish, Report, session_id, shared

T = TypeVar("T")
WAITING = read_asset(__file__, "work.css")
_PATIENCE = 0.3  # seconds in which an answer spares the visitor the sight of waiting
_AGAIN = 0.4  # seconds between two looks


def identify_model(run: str) -> Hashable:
    """What tells a run's model from any other, and from itself with other weights. Raises `InputError`."""
    settings = load_params().run(run)
    file = settings.weights_file
    changed = file.stat().st_mtime_ns if file is not None and file.is_file() else 0
    return json.dumps(settings.model, sort_keys=True), str(file), changed


def obtain(
    view: str,
    key: Hashable,
    work: Callable[[Publish[T], Callable[[], bool]], T],
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


def draw_waiting(key: Hashable, said: str) -> None:
    """Say what is computed, and run the page again when it is done."""

    @st.fragment(run_every=_AGAIN)
    def wait() -> None:
        report = shared.look(key)
        if report is None or not report.is_open:
            st.rerun()
        share = f"{report.done} of {report.total} layers" if report.total else ""
        st.html(
            f'<div class="waiting" role="status"><i></i><p>{said}</p><p class="source">{share}</p></div>'
        )

    wait()
