"""All that the arrays tell of a layer's channels: what drives each, and which class it prefers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerscope.activations.top_samples import find_row
from layerscope.features.selectivity import (
    Selectivity,
    SelectivityNull,
    measure_selectivity,
    rank_selectivity,
)
from layerscope.models.layers import PROBABILITIES, Layer
from ui.arrays import (
    Stamp,
    explaining,
    load_array,
    load_attributes,
    load_predictions,
    stamp,
)
from ui.channel.activations import find_logits
from ui.memory import keep


@dataclass(frozen=True)
class LayerUnits:
    """The channels of a layer, over so many samples.

    Attributes
    ----------
    value : ndarray of float32, (C, k)
        Largest activation on each channel's top-activating images, falling.
    uid : ndarray of int32, (C, k)
        Whose.
    position : ndarray of int16, (C, k, 2)
        Row and column of it.
    class_mean : ndarray of float32, (C, K)
        Mean activation by class, see `ui.channel.groups`; nan for a class without samples.
    selectivity : Selectivity
    null : SelectivityNull
        What it would be if labels were shuffled.
    place : ndarray of int64, (C,)
        As `layerscope.features.selectivity.rank_selectivity` has it.
    orders : dict of str to ndarray of int64, (C,)
        By key of `ui.features.units.choice.RANKS` the channels in that order.
    """

    value: np.ndarray
    uid: np.ndarray
    position: np.ndarray
    class_mean: np.ndarray
    selectivity: Selectivity
    null: SelectivityNull
    place: np.ndarray
    orders: dict[str, np.ndarray]

    @property
    def strongest(self) -> np.ndarray:
        """Largest activation of each channel on any sample, (C,) float32."""
        return self.value[:, 0]


def load_units(run: str, size: int, layer: Layer) -> LayerUnits:
    """The channels of a layer. Raises `Unavailable`."""
    with explaining(run, "channels"):
        return _keep_units(run, size, layer, stamp(run, "channels"))


@keep
def _keep_units(run: str, size: int, layer: Layer, made: Stamp) -> LayerUnits:
    first = find_row(load_attributes(run, "channels"), layer.key, 0)
    rows = slice(first, first + layer.shape[0])
    value, uid, position, class_mean = (
        load_array(run, "channels", f"{size}/{name}")[rows]
        for name in ("value", "uid", "position", "class_mean")
    )
    selectivity = measure_selectivity(class_mean)
    null = SelectivityNull(
        *(
            load_array(run, "channels", f"{size}/selectivity/{name}")[rows].astype(np.float64)
            for name in ("expected", "high", "p")
        )
    )
    return LayerUnits(
        value,
        uid,
        position,
        class_mean,
        selectivity,
        null,
        rank_selectivity(selectivity.index),
        sort_units(selectivity.index, value[:, 0]),
    )


def sort_units(index: np.ndarray, strongest: np.ndarray) -> dict[str, np.ndarray]:
    """The orders of channels.

    Parameters
    ----------
    index : ndarray of float64, (C,)
        Their selectivity; those for which it is not defined come last, the strongest first.
    strongest : ndarray of float32, (C,)
    """
    known = np.nan_to_num(index, nan=-1.0)
    return {
        "selective": np.lexsort((-strongest, -known)),
        "strong": np.argsort(-strongest, kind="stable"),
        "number": np.arange(len(index)),
    }


def name_units(run: str, layer: Layer) -> tuple[str, ...] | None:
    """Classes, where the layer's channels are those; the rest goes by numbers."""
    names = tuple(each.name for each in load_predictions(run).categories)
    is_output = layer.key in {PROBABILITIES, find_logits(run)}
    return names if is_output else None
