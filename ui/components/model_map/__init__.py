"""The model as a row of cuboids, each a node that is chosen by a click or with the arrow keys.

Hovering and the curves' read-outs stay in the browser; Python hears only of picks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from layerscope.models.layers import Layer
from ui.components.component import Component, hear_choice
from ui.components.model_map.captions import describe_layer, list_kinds, name_groups, name_kind
from ui.components.model_map.geometry import Cuboid, measure_layers
from ui.palette import KIND_COLORS

_COMPONENT = Component("model_map")


@dataclass(frozen=True)
class LayerCurve:
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
    curves: Sequence[LayerCurve],
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
    curves : sequence of LayerCurve
        Without any, the nodes have the whole height.
    key : str
        Of the component.
    on_pick : callable
        Called with a layer's key.
    """
    keys = [layer.key for layer in layers]
    cuboids = measure_layers(layers)
    data = {
        "nodes": _list_nodes(layers, cuboids),
        "groups": name_groups(layers, [cuboid.group for cuboid in cuboids]),
        "kinds": list_kinds(layers),
        "curves": [_list_figures(curve, keys) for curve in curves],
        "chosen": chosen,
    }
    _COMPONENT.draw(
        key=key,
        data=data,
        triggers={"pick": hear_choice(keys, on_pick)},
    )


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


def _list_figures(curve: LayerCurve, keys: Sequence[str]) -> dict[str, Any]:
    """A curve as JSON: a figure or none for each layer; JSON has no NaN."""
    found = (curve.figures.get(key) for key in keys)
    figures = [
        None if v is None or not isfinite(v) else min(1.0, max(0.0, float(v))) for v in found
    ]
    return {"name": curve.name, "strong": curve.strong, "figures": figures}
