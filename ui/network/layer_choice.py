"""Which layer's distributions are shown, and on which axis."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import streamlit as st

from layerscope.models.layers import Layer
from layerscope.training.distributions import Distributions
from ui.address import change
from ui.controls import choose
from ui.network.address import SCALES, NetworkChoice


@dataclass(frozen=True)
class ShownLayer:
    """What is on show: distributions, the layer, and how its layers are called."""

    distributions: Distributions
    layer: str
    layers: tuple[Layer, ...]

    @property
    def labels(self) -> list[str]:
        known = {each.key: each.label for each in self.layers}
        return [known.get(key, key) for key in self.distributions.layers]

    @property
    def kinds(self) -> list[str]:
        known = {each.key: each.kind for each in self.layers}
        return [known.get(key, "conv") for key in self.distributions.layers]


def find_layer(
    chosen: str, layers: tuple[Layer, ...], there: tuple[str, ...], part: str | None = None
) -> str:
    """Of what has distributions the chosen layer, else the last before it, else the first.

    Of a block that is `part` where it is inside it, else the last inside.
    """
    order = [layer.key for layer in layers]
    before = order[: order.index(chosen) + 1] if chosen in order else []
    inside = [key for key in there if key == chosen or key.startswith(f"{chosen}.")]
    if part in inside:
        return str(part)
    found = inside or [key for key in before if key in there]
    return found[-1] if found else there[0]


def draw_layer_choice(
    distributions: Distributions, layer: str, chosen: str, layers: tuple[Layer, ...]
) -> None:
    """The list of layers with distributions; where the chosen one has none, a line says what is shown."""
    known = {each.key: each for each in layers}

    def name(key: str) -> str:
        return f"{key}  {known[key].label}" if key in known and known[key].label != key else key

    st.session_state["distribution_layer"] = layer
    st.selectbox(
        "Layer",
        distributions.layers,
        key="distribution_layer",
        format_func=name,
        on_change=lambda: change_layer(st.session_state["distribution_layer"], layers),
    )
    if layer != chosen and not layer.startswith(f"{chosen}."):
        said = f"{chosen} has no weights of its own: you see {layer}."
        st.html(f'<p class="note">{escape(said)}</p>')


def draw_scale_choice(choice: NetworkChoice) -> None:
    """Linear or symmetric logarithmic, and what that does to areas."""
    choose("scale", "Axis of values", tuple(SCALES), choice.scale, SCALES.__getitem__)
    if choice.scale == "symlog":
        st.html(
            '<p class="note">Heights stay densities by value: areas on this axis mean nothing.</p>'
        )


def change_layer(key: str, layers: tuple[Layer, ...]) -> None:
    """Choose a layer; of one inside a block, the block."""
    found = [each.key for each in layers if key == each.key or key.startswith(f"{each.key}.")]
    if found:
        change(layer=found[-1], channel=None, part=key if key != found[-1] else None)
