"""The model as a row of cuboids, each a node that is chosen by a click or with the arrow keys.

Hovering and the curves' read-outs stay in the browser; Python hears only of picks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import streamlit as st

from layerscope.models.layers import Layer
from ui.assets import read_asset
from ui.components.model_map.captions import describe_layer, list_kinds, name_groups, name_kind
from ui.components.model_map.geometry import Cuboid, measure_layers
from ui.palette import KIND_COLORS

_SCRIPTS = ("shapes.js", "layout.js", "curves.js", "captions.js", "model_map.js")
_render = st.components.v2.component(
    "layerscope.model_map",
    html=read_asset(__file__, "model_map.html"),
    css=read_asset(__file__, "model_map.css"),
    js="\n".join(read_asset(__file__, name) for name in _SCRIPTS),
)


@dataclass(frozen=True)
class Curve:
    """A figure by layer, drawn under the map.

    Attributes
    ----------
    name : str
        For example "kNN accuracy, t-SNE 30".
    figures : mapping of str to float
        Layer keys to a figure in [0, 1]; layers without one leave a gap.
    strong : bool
        The one in the accent colour, read out at the chosen node. Others are thin, faint and dashed.
    """

    name: str
    figures: Mapping[str, float]
    strong: bool


def draw_model_map(
    layers: Sequence[Layer],
    chosen: str,
    curves: Sequence[Curve],
    *,
    key: str,
    on_pick: Callable[[str], None],
) -> None:
    """Draw the map, as high as the style's `--map-height` (170 px without it).

    Parameters
    ----------
    layers : sequence of Layer
    chosen : str
        Key of the layer that is marked.
    curves : sequence of Curve
        Without any, the nodes have the whole height.
    key : str
        Of the component.
    on_pick : callable
        Called with a layer's key.
    """
    keys = [layer.key for layer in layers]

    def receive() -> None:
        picked = st.session_state[key].pick
        if isinstance(picked, str) and picked in keys:
            on_pick(picked)

    cuboids = measure_layers(layers)
    data = {
        "nodes": _list_nodes(layers, cuboids),
        "groups": name_groups(layers, [cuboid.group for cuboid in cuboids]),
        "kinds": list_kinds(layers),
        "curves": [_list_figures(curve, keys) for curve in curves],
        "chosen": chosen,
    }
    _render(key=key, data=data, on_pick_change=receive)


def _list_nodes(layers: Sequence[Layer], cuboids: Sequence[Cuboid]) -> list[dict[str, Any]]:
    return [
        {
            "key": layer.key,
            "label": layer.label,
            "kind": name_kind(layer.kind),
            "color": KIND_COLORS.get(layer.kind, "#5c6672"),
            "facts": describe_layer(layer),
            **asdict(cuboid),
        }
        for layer, cuboid in zip(layers, cuboids, strict=True)
    ]


def _list_figures(curve: Curve, keys: Sequence[str]) -> dict[str, Any]:
    """A curve as JSON: a figure or none for each layer; JSON has no NaN."""
    found = (curve.figures.get(key) for key in keys)
    figures = [
        None if v is None or not isfinite(v) else min(1.0, max(0.0, float(v))) for v in found
    ]
    return {"name": curve.name, "strong": curve.strong, "figures": figures}
