"""How similar each layer of one network is to each of another, as a heat map to pick a pair from.

Hovering and the switch between measures stay in the browser; Python hears of a picked pair and of the
measure that is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from layerscope.models.layers import Layer
from ui.components.component import Component, Trigger, hear_choice, pack
from ui.components.triggers import read_one_of
from ui.palette import HEAT_COLORS, KIND_COLORS

_COMPONENT = Component("similarity_matrix")
# Name and meaning of each measure that there is, by its key.
MEASURES = {
    "cka": (
        "CKA",
        "Debiased linear CKA of the averaged activations (Kornblith et al. 2019; Murphy et al. 2024): of "
        "unrelated layers 0 on average, and so often below 0",
    ),
    "nuclear": (
        "nuclear norm",
        "How well the UMAP clouds coincide after the best rotation (Li and Scheidegger 2021)",
    ),
}


@dataclass(frozen=True)
class SimilarityMeasure:
    """A similarity of each of a layers with each of b layers.

    Attributes
    ----------
    values : ndarray of float32, (a, b)
        1 at most; nan where it is not defined, as of a constant layer.
    null_mean, null_high : ndarray of float32, (a, b), or None
        Mean and 99 % quantile of what is found by chance; None where that is not known, here and below.
    class_mean, class_high : ndarray of float32, (a, b), or None
        The same of layers that share nothing but the classes; nan where classes say nothing.
    low, high : ndarray of float32, (a, b), or None
        A 95 % interval over other samples; nan where a measure has none.
    repeated : ndarray of float32, (a, b), or None
        What embeddings of the same layer give that differ by their seeds alone.
    """

    values: np.ndarray
    null_mean: np.ndarray | None = None
    null_high: np.ndarray | None = None
    class_mean: np.ndarray | None = None
    class_high: np.ndarray | None = None
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    repeated: np.ndarray | None = None


@dataclass(frozen=True)
class LayerSimilarity:
    """What is drawn.

    Attributes
    ----------
    first_name, second_name : str
        What the rows and the columns are layers of.
    first_layers, second_layers : sequence of Layer
        Rows and columns, from input to output.
    measures : mapping of str to SimilarityMeasure
        At least one, by a key of `MEASURES`.
    n : int
        How many samples were compared.
    """

    first_name: str
    second_name: str
    first_layers: Sequence[Layer]
    second_layers: Sequence[Layer]
    measures: Mapping[str, SimilarityMeasure]
    n: int


def draw_similarity(
    similarity: LayerSimilarity,
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
    similarity : LayerSimilarity
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
    _COMPONENT.draw(
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
        triggers={
            "pick": Trigger(
                lambda sent: read_pair(sent, rows, columns), lambda pair: on_pick(*pair)
            ),
            "measure": hear_choice(there, on_measure),
        },
    )


def read_pair(sent: object, rows: Sequence[str], columns: Sequence[str]) -> tuple[str, str]:
    """Keys of a row and of a column, from what a browser sent; ValueError for anything else."""
    if not isinstance(sent, list) or len(sent) != 2:
        raise ValueError("not two keys")
    return read_one_of(sent[0], rows), read_one_of(sent[1], columns)


def _list_layers(layers: Sequence[Layer]) -> list[dict[str, str]]:
    return [{"key": each.key, "color": KIND_COLORS.get(each.kind, "#5c6672")} for each in layers]


def _pack(similarity: LayerSimilarity) -> pa.Table:
    """What is known of each measure, row by row, and the colours of the scale."""
    columns = {"colors": (HEAT_COLORS, "u1")}
    for key, measure in similarity.measures.items():
        for name, values in vars(measure).items():
            if values is not None:
                columns[f"{key}_{name}"] = (values, "<f4")
    return pack(**columns)
