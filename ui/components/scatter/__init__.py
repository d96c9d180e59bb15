"""A scatter plot that is zoomed, panned, hovered, filtered and walked through in the browser.

Python hears only of what is chosen: hovering shows the classes and the picture without a rerun, the
picture from the sheet that `ui.components.thumbnails` has put on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TypeVar

import numpy as np
import pyarrow as pa
import streamlit as st

from ui.assets import read_asset
from ui.components.points import SCRIPT, STYLE
from ui.components.triggers import read_lasso, read_only, read_pin, read_switch

_SCRIPTS = (
    "motion.js",
    "stamps.js",
    "painter.js",
    "stage.js",
    "gestures.js",
    "scatter.js",
)
_render = st.components.v2.component(
    "layerscope.scatter",
    html=read_asset(__file__, "scatter.html"),
    css="\n".join((STYLE, read_asset(__file__, "scatter.css"))),
    js="\n".join((SCRIPT, *(read_asset(__file__, name) for name in _SCRIPTS))),
)
T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """A colour that points have, and what it stands for.

    Attributes
    ----------
    name : str
    color : str
        As "#4ab8b5".
    shape : str
        One of `ui.palette.SHAPES`.
    """

    name: str
    color: str
    shape: str = "circle"


@dataclass(frozen=True)
class Coloring:
    """What the points are coloured by.

    Attributes
    ----------
    title : str
        For example "True class".
    groups : ndarray of int, (n,)
        Index into `entries`.
    entries : sequence of Entry
    ends : tuple of str, or None
        Where the entries are steps of a continuous scale: what its low and its high end are called.
        The legend is then a colour bar and cannot be clicked.
    """

    title: str
    groups: np.ndarray
    entries: Sequence[Entry]
    ends: tuple[str, str] | None


@dataclass(frozen=True)
class Points:
    """What is drawn.

    Attributes
    ----------
    positions : ndarray of float32, (n, 2)
    coloring : Coloring
    faded : ndarray of bool, (n,)
        What filters leave out: grey, and out of the pointer's reach.
    labels : ndarray of int, (n,)
        Index into `classes`.
    classes : sequence of str
    predicted : ndarray of int, (n,)
        Index into `outputs`.
    outputs : sequence of str
        Names of all classes that were predicted.
    correct : ndarray of int, (n,)
        1 correct, 0 wrong, -1 where the model has no such class.
    confidence : ndarray of float32, (n,)
        Probability of the predicted class.
    family : str
        Points of one family move to their new places; another family replaces them.
    neighbors : sequence of int
        Samples that the pinned one is joined to by a line.
    """

    positions: np.ndarray
    coloring: Coloring
    faded: np.ndarray
    labels: np.ndarray
    classes: Sequence[str]
    predicted: np.ndarray
    outputs: Sequence[str]
    correct: np.ndarray
    confidence: np.ndarray
    family: str
    neighbors: Sequence[int] = field(default=())


def draw_scatter(
    points: Points,
    *,
    pinned: int | None,
    only: frozenset[int],
    lassoed: Sequence[int],
    pictures: bool,
    key: str,
    on_pin: Callable[[int | None], None],
    on_only: Callable[[frozenset[int]], None],
    on_lasso: Callable[[tuple[int, ...]], None],
    on_pictures: Callable[[bool], None],
) -> None:
    """Draw the plot, as high as the style's `--scatter-height` (520 px without it).

    Parameters
    ----------
    points : Points
    pinned : int or None
        The sample that is marked.
    only : frozenset of int
        Entries of the legend that are kept; empty for all.
    lassoed : sequence of int
        Samples that stand out, rising; empty for none.
    pictures : bool
        Whether samples are pictures rather than points.
    key : str
        Of the component.
    on_pin : callable
        Called with a uid when a sample is pinned, with None when it is released.
    on_only, on_lasso, on_pictures : callable
        Called with the new value of what is named like them.
    """
    count = len(points.labels)
    entries = points.coloring.entries

    def receive(name: str, read: Callable[[object], T], tell: Callable[[T], None]) -> None:
        with suppress(ValueError):
            tell(read(st.session_state[key][name]))

    _render(
        key=key,
        data={
            "arrays": _pack(points),
            "coloring": {
                "title": points.coloring.title,
                "entries": [asdict(entry) for entry in entries],
                "ends": points.coloring.ends and list(points.coloring.ends),
            },
            "classes": list(points.classes),
            "outputs": list(points.outputs),
            "family": points.family,
            "neighbors": [int(uid) for uid in points.neighbors],
            "pinned": -1 if pinned is None else pinned,
            "only": sorted(only),
            "lassoed": [int(uid) for uid in lassoed],
            "pictures": pictures,
        },
        on_pin_change=lambda: receive("pin", lambda sent: read_pin(sent, count), on_pin),
        on_only_change=lambda: receive("only", lambda sent: read_only(sent, len(entries)), on_only),
        on_lasso_change=lambda: receive("lasso", lambda sent: read_lasso(sent, count), on_lasso),
        on_pictures_change=lambda: receive("pictures", read_switch, on_pictures),
    )


def _pack(points: Points) -> pa.Table:
    """The arrays as bytes, in the types that the script of the plot expects."""
    columns = {
        "positions": (points.positions, "<f4"),
        "groups": (points.coloring.groups, "<i4"),
        "faded": (points.faded, "u1"),
        "labels": (points.labels, "<i4"),
        "predicted": (points.predicted, "<i4"),
        "correct": (points.correct, "i1"),
        "confidence": (points.confidence, "<f4"),
    }
    return pa.table(
        {
            name: pa.array([np.ascontiguousarray(values, dtype=kind).tobytes()], pa.binary())
            for name, (values, kind) in columns.items()
        }
    )
