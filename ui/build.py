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
_SEEN, _SHOWN = "build-seen", "build-shown"


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
        shown = read_params().get("run", "")
        st.session_state[_SHOWN] = shown, _find_version(shown)
        _watch(shows_arrays)


def _find_better() -> str | None:
    """What to go on to: to a first look, to a larger one, and to the run."""
    try:
        runs = load_params().runs
    except InputError:
        return None  # the page says so
    run = find_run(read_params().get("run", ""), runs)
    better = next((each for each in (run, first_look_of(run)) if is_viewable(each)), None)
    if better is None or (better, _find_version(better)) == st.session_state[_SHOWN]:
        return None
    return better


def _find_version(run: str) -> int:
    """Another one where the samples of a run are others; 0 where there are none."""
    try:
        return store_path(run, "samples").stat().st_mtime_ns
    except OSError:
        return 0


def _sum_up(state: BuildState | None) -> tuple[object, ...]:
    """What of a build alters the page."""
    if state is None:
        return ()
    return (state.n_done, state.n, state.stage, state.problem)


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
