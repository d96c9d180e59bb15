"""The build of a run that is under way: how far it is, and the page anew when more is there."""

from __future__ import annotations

from html import escape

import streamlit as st

from layerscope.errors import InputError
from layerscope.storage.store import store_path
from projects.state import BuildState, find_run, first_look_of, read_state
from ui.address import change, read_params
from ui.library import is_built, load_params

_AGAIN = 1.0  # seconds between two looks
_SEEN = "build-seen"


def is_viewable(run: str) -> bool:
    """Whether a page has something to show of a run, and as much as of its first look."""
    looked_at = {path.stem for path in store_path(first_look_of(run), "_").parent.glob("*.zarr")}
    return is_built(run) and all(store_path(run, name).exists() for name in looked_at | {"pca"})


def draw_build(shows_arrays: bool) -> None:
    """A line in the corner while a run is built; nothing where none is.

    Parameters
    ----------
    shows_arrays : bool
        Whether the page is of a run's arrays: where the run is not there, it goes on to its first look, and
        from there to the run, as soon as these can be seen.
    """
    if (state := read_state()) is not None:
        st.session_state[_SEEN] = _sum_up(state)
        _watch(shows_arrays)


def _find_better() -> str | None:
    """What to go on to: from a first look to its run, from a run that is not there to its first look."""
    shown = read_params().get("run", "")
    try:
        runs = load_params().runs
    except InputError:
        return None  # the page says so
    run = find_run(shown, runs)
    better = next((each for each in (run, first_look_of(run)) if is_viewable(each)), None)
    return better if better != shown else None


def _sum_up(state: BuildState | None) -> tuple[object, ...]:
    """What of a build alters the page."""
    if state is None:
        return ()
    return (state.n_done, state.problem, "" if state.plan else state.stage)


@st.fragment(run_every=_AGAIN)
def _watch(shows_arrays: bool) -> None:
    state = read_state()
    if shows_arrays and (better := _find_better()):
        others = dict.fromkeys(read_params())  # samples have other numbers there
        change(**others | {"run": better})
        st.rerun()
    if _sum_up(state) != st.session_state[_SEEN]:
        st.rerun()
    if state is None:
        return
    if state.is_at_work:
        said, share = state.tell(), state.share
    else:
        said, share = f"The build stopped: {state.problem or 'its process has ended'}", 0.0
    st.html(
        f'<div class="build" role="status"><i style="width: {share:.0%}"></i><p>{escape(said)}</p></div>'
    )
