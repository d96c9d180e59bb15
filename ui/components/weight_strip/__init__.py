"""How weights are distributed in each layer of a network, side by side; a click chooses a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ui.assets import read_asset
from ui.components import points

_render = st.components.v2.component(
    "layerscope.weight_strip",
    html=read_asset(__file__, "weight_strip.html"),
    css=read_asset(__file__, "weight_strip.css"),
    js="\n".join(
        [read_asset(points.__file__, name) for name in ("elements.js", "keys.js")]
        + [read_asset(__file__, name) for name in ("plot.js", "weight_strip.js")]
    ),
)


@dataclass(frozen=True)
class Column:
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
    columns: Sequence[Column], chosen: str, *, key: str, on_pick: Callable[[str], None]
) -> None:
    """Draw the layers as high as the CSS variable ``--strip-height``.

    Parameters
    ----------
    columns : sequence of Column
    chosen : str
        Key of the layer that is marked.
    key : str
        Of the component.
    on_pick : callable
        Called with a layer's key.
    """
    keys = [column.key for column in columns]

    def receive() -> None:
        if accepts_layer(st.session_state[key].pick, keys):
            on_pick(st.session_state[key].pick)

    _render(
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
        on_pick_change=receive,
    )


def accepts_layer(sent: object, keys: Sequence[str]) -> bool:
    """Whether what a browser sent is the key of a layer that is shown."""
    return isinstance(sent, str) and sent in keys
