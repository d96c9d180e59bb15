"""Controls that several pages have, each choice written to the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from ui.address import change, read_params
from ui.arrays import Unavailable
from ui.library import is_built, name_run, read_contents
from ui.selection import read_selection, write_selection


def draw_run_choice(run: str, runs: tuple[str, ...]) -> None:
    """The list of runs; those that are not built say so."""
    st.session_state["run"] = run
    st.selectbox(
        "Run",
        runs,
        key="run",
        format_func=lambda each: name_run(each) + ("" if is_built(each) else " (not built)"),
        on_change=_change_run,
    )


def choose(
    key: str,
    label: str,
    options: tuple[object, ...],
    chosen: object,
    name: Callable[..., str] = str,
    on_change: Callable[[], None] | None = None,
) -> None:
    """A segmented control that writes its value to the address."""
    st.session_state[key] = chosen
    st.segmented_control(
        label,
        options,
        key=key,
        required=True,
        format_func=name,
        on_change=on_change or (lambda: change(**{key: st.session_state[key]})),
        width="stretch",
    )


def select(
    key: str,
    label: str,
    options: Sequence[str],
    chosen: str,
    name: Callable[[str], str],
    **also: object,
) -> None:
    """A list to choose from; with a new value, `also` is written to the address."""
    st.session_state[key] = chosen
    st.selectbox(
        label,
        options,
        key=key,
        format_func=name,
        on_change=lambda: change(**{key: st.session_state[key]}, **also),
    )


def _change_run() -> None:
    """Change the run, and keep of the view what the other run has as well."""
    run = st.session_state["run"]
    # A number means another picture there, and another class.
    change(sample=None, only=None, why=None, against=None, channel=None, run=run)
    try:
        kept, _ = read_selection(read_params(), read_contents(run))
    except Unavailable:
        return  # the page says so
    write_selection(kept)


def change_size() -> None:
    """Change the number of samples; a sample that is not among them is let go."""
    size = int(st.session_state["size"])
    sample = st.query_params.get("sample", "")
    change(size=size, only=None)
    if sample.isdigit() and int(sample) >= size:
        change(sample=None)
