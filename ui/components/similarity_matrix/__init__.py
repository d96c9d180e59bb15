"""How similar each layer of one network is to each of another, as a heat map to pick a pair from.

Hovering and the switch between measures stay in the browser; Python hears of a picked pair and of the
measure that is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import streamlit as st

from layerscope.explanation.heatmap import colorize
from layerscope.models.layers import Layer
from ui.assets import read_asset
from ui.components import points
from ui.palette import KIND_COLORS

_SCRIPTS = ("values.js", "heat.js", "marks.js", "tooltip.js", "similarity_matrix.js")
_SHARED = ("elements.js", "keys.js", "choice.js")
_render = st.components.v2.component(
    "layerscope.similarity_matrix",
    html=read_asset(__file__, "similarity_matrix.html"),
    css=read_asset(__file__, "similarity_matrix.css"),
    js="\n".join(
        [read_asset(points.__file__, name) for name in _SHARED]
        + [read_asset(__file__, name) for name in _SCRIPTS]
    ),
)
# Name and meaning of each measure that there is, by its key.
MEASURES = {
    "cka": ("CKA", "Linear CKA of the full pooled activations (Kornblith et al. 2019)"),
    "nuclear": (
        "nuclear norm",
        "How well the UMAP clouds coincide after the best rotation (Li and Scheidegger 2021)",
    ),
}


@dataclass(frozen=True)
class Measure:
    """A similarity of each of a layers with each of b layers.

    Attributes
    ----------
    values : ndarray of float32, (a, b)
        In [0, 1]; nan where a layer is constant.
    null_mean, null_high : ndarray of float32, (a, b), or None
        Mean and 99 % quantile of what is found by chance; None where that is not known.
    """

    values: np.ndarray
    null_mean: np.ndarray | None = None
    null_high: np.ndarray | None = None


@dataclass(frozen=True)
class Similarity:
    """What is drawn.

    Attributes
    ----------
    first_name, second_name : str
        What the rows and the columns are layers of.
    first_layers, second_layers : sequence of Layer
        Rows and columns, from input to output.
    measures : mapping of str to Measure
        At least one, by a key of `MEASURES`.
    n : int
        How many samples were compared.
    """

    first_name: str
    second_name: str
    first_layers: Sequence[Layer]
    second_layers: Sequence[Layer]
    measures: Mapping[str, Measure]
    n: int


def draw_similarity(
    similarity: Similarity,
    *,
    first: str,
    second: str,
    measure: str,
    key: str,
    on_pick: Callable[[str, str], None],
    on_measure: Callable[[str], None],
) -> None:
    """Draw the heat map as wide as there is room, and as high as its cells then are.

    Parameters
    ----------
    similarity : Similarity
    first, second : str
        Keys of the layers on show, of a row and of a column.
    measure : str
        A key of `MEASURES`; where it was not computed, the first that was is shown.
    key : str
        Of the component.
    on_pick : callable
        Called with the keys of the two layers of a pair.
    on_measure : callable
        Called with a key of `similarity.measures`.
    """
    rows = [layer.key for layer in similarity.first_layers]
    columns = [layer.key for layer in similarity.second_layers]
    there = [each for each in MEASURES if each in similarity.measures]

    def receive_pick() -> None:
        with suppress(ValueError):
            on_pick(*read_pair(st.session_state[key].pick, rows, columns))

    def receive_measure() -> None:
        with suppress(ValueError):
            on_measure(read_measure(st.session_state[key].measure, there))

    _render(
        key=key,
        data={
            "arrays": _pack(similarity),
            "measures": [
                {"key": each, "name": name, "title": title, "there": each in there}
                for each, (name, title) in MEASURES.items()
            ],
            "sides": [
                {"name": name, "layers": _list_layers(layers)}
                for name, layers in (
                    (similarity.first_name, similarity.first_layers),
                    (similarity.second_name, similarity.second_layers),
                )
            ],
            "n": similarity.n,
            "pair": [first, second],
            "measure": measure if measure in there else there[0],
        },
        on_pick_change=receive_pick,
        on_measure_change=receive_measure,
    )


def read_pair(sent: object, rows: Sequence[str], columns: Sequence[str]) -> tuple[str, str]:
    """Keys of a row and of a column, from what a browser sent; ValueError for anything else."""
    if not isinstance(sent, list) or len(sent) != 2 or not all(isinstance(k, str) for k in sent):
        raise ValueError("not two keys")
    row, column = sent
    if row not in rows or column not in columns:
        raise ValueError("not layers of the two networks")
    return row, column


def read_measure(sent: object, there: Sequence[str]) -> str:
    """One of the measures that are there, from what a browser sent; ValueError for anything else."""
    if not isinstance(sent, str) or sent not in there:
        raise ValueError("not a measure")
    return sent


def _list_layers(layers: Sequence[Layer]) -> list[dict[str, str]]:
    return [{"key": each.key, "color": KIND_COLORS.get(each.kind, "#5c6672")} for each in layers]


def _pack(similarity: Similarity) -> pa.Table:
    """The arrays as bytes, row by row as little-endian float32, and the 256 colours of the scale."""
    columns = {"colors": colorize(np.linspace(0, 1, 256)[None]).tobytes()}
    for key, measure in similarity.measures.items():
        named = {"value": measure.values, "mean": measure.null_mean, "high": measure.null_high}
        for name, values in named.items():
            if values is not None:
                columns[f"{key}_{name}"] = np.ascontiguousarray(values, dtype="<f4").tobytes()
    return pa.table({name: pa.array([each], pa.binary()) for name, each in columns.items()})
