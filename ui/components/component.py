"""How a component is declared, fed and heard: one way for all of them.

A component is a folder with a typed wrapper (`__init__.py`), its HTML, and its TypeScript and style, which
`make components` bundles into `dist/`. The bundles are kept in the repository, so that the app needs no Node.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import streamlit as st

from ui.components.triggers import Known, read_one_of

_FOLDER = Path(__file__).parent
T = TypeVar("T")


@dataclass(frozen=True)
class Trigger(Generic[T]):
    """What a browser may send, and who is told.

    Attributes
    ----------
    read : callable
        Makes a value of what was sent, which can be anything; ValueError where it is none.
    tell : callable
        Called with the value.
    """

    read: Callable[[object], T]
    tell: Callable[[T], None]


RERUN = Trigger(repr, lambda _: None)  # draws anew what the page shows, and tells nobody


def hear_token(token: str, tell: Callable[[], None]) -> Trigger[str]:
    """A trigger that says nothing but what it is about: with another token than `token` it is out of date."""
    return hear_choice((token,), lambda _: tell())


def hear_choice(shown: Collection[Known], tell: Callable[[Known], None]) -> Trigger[Known]:
    """A trigger that chooses one of what is shown."""
    return Trigger(lambda sent: read_one_of(sent, shown), tell)


class Component:
    """A component that runs in the browser.

    Parameters
    ----------
    name : str
        Of its folder and its bundle.
    html : str, optional
        What it begins with; without it, ``<name>.html`` of the folder, or nothing.
    """

    def __init__(self, name: str, html: str | None = None) -> None:
        found = _read(f"{name}/{name}.html") if html is None else html
        files = [_read(f"dist/{name}.{kind}") for kind in ("css", "js")]
        # Streamlit takes a text of a single line for a path.
        style, script = (text and f"/* {name} */\n{text}" for text in files)
        declare = st.components.v2.component
        self.render = declare(f"layerscope.{name}", html=found, css=style, js=script)

    def draw(
        self,
        *,
        key: str,
        data: Mapping[str, Any],
        triggers: Mapping[str, Trigger[Any]] | None = None,
        **layout: Any,
    ) -> None:
        """Put the component on the page.

        Parameters
        ----------
        key : str
            Its place in the session's state.
        data : mapping
            JSON, and tables of bytes as `pack` makes them.
        triggers : mapping of str to Trigger
            By the names that the script sends them under. What cannot be read, or comes when the page has
            been left, is not told.
        **layout
            Width and height, as Streamlit takes them.
        """

        def receive(name: str, trigger: Trigger[Any]) -> None:
            state = st.session_state.get(key)
            if (
                state is None
            ):  # forgotten, since the page was left: what was sent on the way out is late
                return
            try:
                value = trigger.read(state[name])
            except ValueError:
                return
            trigger.tell(value)

        heard: dict[str, Any] = {
            f"on_{name}_change": (lambda name=name, trigger=trigger: receive(name, trigger))
            for name, trigger in (triggers or {}).items()
        }
        self.render(key=key, data=dict(data), **heard, **layout)


def pack(**columns: tuple[np.ndarray, str]) -> pa.Table:
    """Arrays as a table of bytes, one row.

    Parameters
    ----------
    **columns : (ndarray, str)
        By name, with the type that the script decodes: "<f4", "<i4", "u1" and so on.
    """
    return pa.table(
        {
            name: pa.array([np.ascontiguousarray(values, dtype=kind).tobytes()], pa.binary())
            for name, (values, kind) in columns.items()
        }
    )


def fingerprint(facts: object, arrays: pa.Table) -> str:
    """Another text where anything that is drawn is another: the script draws anew only then."""
    digest = hashlib.blake2b(repr(facts).encode(), digest_size=12)
    for column in arrays.itercolumns():
        digest.update(column[0].as_buffer())
    return digest.hexdigest()


def _read(path: str) -> str | None:
    file = _FOLDER / path
    return file.read_text(encoding="utf-8") if file.exists() else None
