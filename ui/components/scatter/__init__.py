"""A scatter plot that is zoomed, panned, hovered and walked through in the browser.

Python hears only of pins: hovering shows the class and the picture without a rerun, the picture from
the sheet that `ui.components.thumbnails` has put on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import streamlit as st

from ui.assets import read_asset
from ui.palette import mark_class

_SCRIPTS = ("geometry.js", "legend.js", "tooltip.js", "scatter.js")
_render = st.components.v2.component(
    "layerscope.scatter",
    html=read_asset(__file__, "scatter.html"),
    css=read_asset(__file__, "scatter.css"),
    js="\n".join(read_asset(__file__, name) for name in _SCRIPTS),
)


@dataclass(frozen=True)
class Points:
    """What is drawn.

    Attributes
    ----------
    positions : ndarray of float32, (n, 2)
    labels : ndarray of int, (n,)
        Index into `classes`.
    classes : sequence of str
    predicted : ndarray of int, (n,)
        Index into `outputs`.
    outputs : sequence of str
        Names of all classes that were predicted.
    correct : ndarray of int, (n,)
        1 correct, 0 wrong, -1 where the model has no such class.
    family : str
        Points of one family move to their new places; another family replaces them.
    neighbors : sequence of int
        Samples that the pinned one is joined to by a line.
    """

    positions: np.ndarray
    labels: np.ndarray
    classes: Sequence[str]
    predicted: np.ndarray
    outputs: Sequence[str]
    correct: np.ndarray
    family: str
    neighbors: Sequence[int] = field(default=())


def draw_scatter(
    points: Points, pinned: int | None, *, key: str, on_pin: Callable[[int | None], None]
) -> None:
    """Draw the plot.

    Parameters
    ----------
    points : Points
    pinned : int or None
        The sample that is marked.
    key : str
    on_pin : callable
        Called with a uid when a sample is pinned, with None when it is released.
    """
    columns = {
        "positions": np.ascontiguousarray(points.positions, dtype="<f4"),
        "labels": np.ascontiguousarray(points.labels, dtype="<i4"),
        "predicted": np.ascontiguousarray(points.predicted, dtype="<i4"),
        "correct": np.ascontiguousarray(points.correct, dtype="<i4"),
    }
    arrays = pa.table({k: pa.array([v.tobytes()], pa.binary()) for k, v in columns.items()})

    def receive() -> None:
        uid = st.session_state[key].pin
        if isinstance(uid, int) and uid < len(points.labels):
            on_pin(uid if uid >= 0 else None)

    _render(
        key=key,
        data={
            "arrays": arrays,
            "classes": list(points.classes),
            "marks": [mark_class(label) for label in range(len(points.classes))],
            "outputs": list(points.outputs),
            "family": points.family,
            "neighbors": [int(uid) for uid in points.neighbors],
            "pinned": -1 if pinned is None else pinned,
        },
        on_pin_change=receive,
    )
