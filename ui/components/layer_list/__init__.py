"""All layers of a model as a list, with a figure for each as a bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from layerscope.layers import Layer
from ui.assets import read_asset
from ui.palette import KIND_COLORS

_render = st.components.v2.component(
    "layerscope.layer_list",
    html='<div class="layers" role="listbox" tabindex="0" aria-label="Layers"></div>',
    css=read_asset(__file__, "layer_list.css"),
    js=read_asset(__file__, "layer_list.js"),
)


def draw_layer_list(
    layers: Sequence[Layer],
    chosen: str,
    figures: Mapping[str, float],
    *,
    key: str,
    on_pick: Callable[[str], None],
) -> None:
    """Draw the list.

    Parameters
    ----------
    layers : sequence of Layer
    chosen : str
        Key of the layer that is marked.
    figures : mapping of str to float
        Layer keys to a figure in [0, 1]; layers without one have no bar.
    key : str
        Of the component.
    on_pick : callable
        Called with a layer's key.
    """

    def receive() -> None:
        picked = st.session_state[key].pick
        if any(layer.key == picked for layer in layers):
            on_pick(picked)

    rows = [
        {
            "key": layer.key,
            "label": layer.label,
            "kind": layer.kind,
            "shape": " × ".join(map(str, layer.shape)),
            "color": KIND_COLORS.get(layer.kind, "#5c6672"),
            "figure": figures.get(layer.key),
        }
        for layer in layers
    ]
    _render(key=key, data={"rows": rows, "chosen": chosen}, on_pick_change=receive)
