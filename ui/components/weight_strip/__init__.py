"""How weights are distributed in each layer of a network, side by side; a click chooses a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ui.components.component import Component, hear_choice

_COMPONENT = Component("weight_strip")


@dataclass(frozen=True)
class WeightColumn:
    """A layer.

    Attributes
    ----------
    key : str
    kind : str
        What it is called: "convolution", "1 × 1", "depthwise" or "dense".
    color : str
        Of its kind.
    title : str
        Figures in one line.
    profile : ndarray of int, (n,)
        Histogram around zero, on a scale of the layer's own.
    quantiles : ndarray of float, (7,)
        Rising, the median in the middle.
    """

    key: str
    kind: str
    color: str
    title: str
    profile: np.ndarray
    quantiles: np.ndarray


def draw_weight_strip(
    columns: Sequence[WeightColumn], chosen: str, *, key: str, on_pick: Callable[[str], None]
) -> None:
    """Draw the layers as high as the CSS variable ``--strip-height``.

    Parameters
    ----------
    columns : sequence of WeightColumn
    chosen : str
        Key of the layer that is marked.
    key : str
        Of the component.
    on_pick : callable
        Called with a layer's key.
    """
    keys = [column.key for column in columns]
    _COMPONENT.draw(
        key=key,
        data={
            "columns": [
                {
                    "key": each.key,
                    "kind": each.kind,
                    "color": each.color,
                    "title": each.title,
                    "profile": [
                        round(float(share), 4)
                        for share in each.profile / max(1, int(each.profile.max()))
                    ],
                    "quantiles": [float(f"{value:.4g}") for value in each.quantiles],
                }
                for each in columns
            ],
            "chosen": chosen,
        },
        triggers={"pick": hear_choice(keys, on_pick)},
    )
