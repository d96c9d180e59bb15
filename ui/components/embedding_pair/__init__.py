"""Two layouts of the same samples side by side: what is pointed at in one is marked in the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
import streamlit as st

from ui.assets import read_asset
from ui.components import scatter
from ui.components.points import SCRIPT, STYLE
from ui.components.scatter import Coloring
from ui.components.triggers import read_pin

# How a cloud is drawn and looked at is the scatter plot's matter; here are two of them.
_DRAWING = ("motion.js", "stamps.js", "painter.js", "stage.js", "gestures.js")
_render = st.components.v2.component(
    "layerscope.embedding_pair",
    html=read_asset(__file__, "embedding_pair.html"),
    css="\n".join((STYLE, read_asset(__file__, "embedding_pair.css"))),
    js="\n".join(
        (
            SCRIPT,
            *(read_asset(scatter.__file__, name) for name in _DRAWING),
            read_asset(__file__, "embedding_pair.js"),
        )
    ),
)


@dataclass(frozen=True)
class Cloud:
    """One of the two.

    Attributes
    ----------
    name : str
        What it is, for who cannot see it.
    positions : ndarray of float32, (n, 2)
    nearest : ndarray of int32, (n, k)
        The nearest others of each sample in it.
    """

    name: str
    positions: np.ndarray
    nearest: np.ndarray


@dataclass(frozen=True)
class Answers:
    """What is said of the samples beside their place.

    Attributes
    ----------
    labels : ndarray of int, (n,)
        Index into `classes`.
    classes : sequence of str
    shared : ndarray of float, (n,)
        How much of a sample's neighbourhoods the two have in common, in [0, 1].
    predicted : ndarray of int, (n,), or None
        Index into `outputs`; None where predictions of these samples are not at hand.
    outputs : sequence of str
    correct : ndarray of int, (n,)
        1 correct, 0 wrong, -1 where the model has no such class.
    confidence : ndarray of float32, (n,)
    """

    labels: np.ndarray
    classes: Sequence[str]
    shared: np.ndarray
    predicted: np.ndarray | None
    outputs: Sequence[str]
    correct: np.ndarray
    confidence: np.ndarray


def draw_embedding_pair(
    clouds: tuple[Cloud, Cloud],
    coloring: Coloring,
    answers: Answers,
    *,
    pinned: int | None,
    family: str,
    key: str,
    on_pin: Callable[[int | None], None],
) -> None:
    """Draw the two, as high as the style's `--pair-height` (440 px without it).

    Parameters
    ----------
    clouds : tuple of Cloud
        Of the same samples in the same order.
    coloring : Coloring
        Of both.
    answers : Answers
    pinned : int or None
        The sample that is marked in both while none is pointed at.
    family : str
        Pictures are those of the thumbnails of this name; layouts of one family turn into another.
    key : str
    on_pin : callable
        Called with a uid when a sample is pinned, with None when it is released.
    """
    count = len(answers.labels)

    def receive() -> None:
        with suppress(ValueError):
            on_pin(read_pin(st.session_state[key]["pin"], count))

    _render(
        key=key,
        data={
            "arrays": _pack(clouds, coloring, answers),
            "names": [cloud.name for cloud in clouds],
            "coloring": {
                "title": coloring.title,
                "entries": [asdict(entry) for entry in coloring.entries],
                "ends": coloring.ends and list(coloring.ends),
            },
            "classes": list(answers.classes),
            "outputs": None if answers.predicted is None else list(answers.outputs),
            "neighbors": clouds[0].nearest.shape[1],
            "family": family,
            "pinned": -1 if pinned is None else pinned,
        },
        on_pin_change=receive,
    )


def _pack(clouds: tuple[Cloud, Cloud], coloring: Coloring, answers: Answers) -> pa.Table:
    count = len(answers.labels)
    predicted = np.zeros(count, np.int32) if answers.predicted is None else answers.predicted
    columns = {
        "positions0": (clouds[0].positions, "<f4"),
        "positions1": (clouds[1].positions, "<f4"),
        "nearest0": (clouds[0].nearest, "<i4"),
        "nearest1": (clouds[1].nearest, "<i4"),
        "groups": (coloring.groups, "<i4"),
        "labels": (answers.labels, "<i4"),
        "shared": (answers.shared, "<f4"),
        "predicted": (predicted, "<i4"),
        "correct": (answers.correct, "i1"),
        "confidence": (answers.confidence, "<f4"),
    }
    return pa.table(
        {
            name: pa.array([np.ascontiguousarray(values, dtype=kind).tobytes()], pa.binary())
            for name, (values, kind) in columns.items()
        }
    )
