"""The address of a page: what is chosen stands there, so that a link restores it.

A session remembers each part of it for pages that are opened without that part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

T = TypeVar("T")
_SEEN = "address-seen"  # in the session: parts seen in the address since arrival; None for all
_CHOSEN = "address-chosen"  # in the session: by parameter, its text and those that it had before


def read_params() -> dict[str, str]:
    """The parameters of the address, with what the visitor chose on this page.

    The browser sends the address that it knows with whatever it sends. What it sends between a choice and the
    answer, as a page does that asks how far a computation is, comes with the address from before the choice.
    """
    chosen = st.session_state.setdefault(_CHOSEN, {})
    context = get_script_run_ctx()
    if context is not None and context.is_history_navigation:  # the visitor went back to it
        chosen.clear()
    for key, (text, former) in chosen.items():
        if st.query_params.get(key) in former:
            _write(key, text)
    return st.query_params.to_dict()


def _write(key: str, text: str | None) -> None:
    if text is None:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = text


class Reading:
    """What an address asks for, of what there is to choose.

    What it holds may come from anyone: a value is accepted only if its text equals that of an option.

    Parameters
    ----------
    params : mapping
        Query parameters.

    Attributes
    ----------
    refused : list of str
        Names of what was asked for in vain.
    """

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params
        self.refused: list[str] = []

    def choose(self, key: str, options: Iterable[T], start: T, name: str | None = None) -> T:
        """The option whose text the parameter is, else `start`; refused under `name`, or the key."""
        text = self._params.get(key)
        if text is None:
            return start
        for option in options:
            if str(option) == text:
                return option
        self.refused.append(name or key)
        return start


def write_part(name: str, keys: Iterable[str], wanted: Mapping[str, str]) -> None:
    """Put one part of what is chosen in the address, and remember it; other parameters stay.

    Parameters
    ----------
    name : str
        Of the part, unlike those of all others.
    keys : iterable of str
        All query parameters that the part can have.
    wanted : mapping
        Those it has now.
    """
    for key in keys:
        if st.query_params.get(key) != wanted.get(key):
            st.session_state.get(_CHOSEN, {}).pop(key, None)  # it was chosen in vain
        if key not in wanted and key in st.query_params:
            del st.query_params[key]
    if any(st.query_params.get(key) != text for key, text in wanted.items()):
        st.query_params.update(wanted)
    st.session_state[f"address-{name}"] = dict(wanted)


def note_page(title: str) -> None:
    """Note that a page runs: for the first time since the visitor came to it, or again."""
    if st.session_state.get("address-page") != title:
        st.session_state["address-page"] = title
        st.session_state[_SEEN] = set()
        st.session_state[_CHOSEN] = {}


def recall_part(name: str, keys: Iterable[str]) -> None:
    """Where a page is come to without a part, go on with the one of this session.

    Until the browser's address has been seen with it: what a page that is left sends on the way out has the
    page run again under the address that it was come to with. What is missing later was taken away by the
    visitor.
    """
    seen = st.session_state.setdefault(_SEEN, set())
    if seen is None or name in seen:
        return
    remembered = st.session_state.get(f"address-{name}")
    if any(key in st.query_params for key in keys):
        seen.add(name)
    elif remembered:
        st.query_params.update(remembered)


def change(**values: object) -> None:
    """Write single values to the address, as the visitor chose them; None takes one away."""
    st.session_state[_SEEN] = None
    known = read_params()
    chosen = st.session_state[_CHOSEN]
    for key, value in values.items():
        text = None if value is None or value == "" else str(value)
        _, former = chosen.get(key, (None, frozenset()))
        chosen[key] = text, (former | {known.get(key)}) - {text}
        _write(key, text)
