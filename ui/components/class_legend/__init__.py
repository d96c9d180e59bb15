"""The classes with their marks, one below the other: pointing at one brings it out in all clouds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict

import numpy as np
import streamlit as st

from ui.assets import read_asset
from ui.components.points import SCRIPT, STYLE
from ui.components.scatter import Entry
from ui.components.triggers import read_only

_render = st.components.v2.component(
    "layerscope.class_legend",
    html='<div class="legend" role="group"></div>',
    css="\n".join((STYLE, read_asset(__file__, "class_legend.css"))),
    js="\n".join((SCRIPT, read_asset(__file__, "class_legend.js"))),
)


def draw_class_legend(
    title: str,
    entries: Sequence[Entry],
    labels: np.ndarray,
    only: frozenset[int],
    family: str,
    *,
    key: str,
    on_only: Callable[[frozenset[int]], None],
) -> None:
    """Draw it.

    Parameters
    ----------
    title : str
    entries : sequence of Entry
    labels : ndarray of int, (n,)
        Of the samples: index into `entries`.
    only : frozenset of int
        Classes that are kept; empty for all.
    family : str
        Of the clouds that it speaks to.
    key : str
    on_only : callable
        Called with the classes that are kept now.
    """

    def receive() -> None:
        with suppress(ValueError):
            on_only(read_only(st.session_state[key]["only"], len(entries)))

    _render(
        key=key,
        data={
            "title": title,
            "entries": [asdict(entry) for entry in entries],
            "counts": np.bincount(labels, minlength=len(entries)).tolist(),
            "only": sorted(only),
            "family": family,
        },
        on_only_change=receive,
    )
