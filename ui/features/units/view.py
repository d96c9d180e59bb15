"""What a unit looks for: a picture made for it, the samples that drive it, the class it prefers."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from layerscope.models.layers import GIVEN, INPUT, Layer
from ui.address import read_params
from ui.arrays import Unavailable
from ui.assets import read_asset
from ui.features.units.choice import (
    OF_NEURON,
    UnitChoice,
    read_choice,
    recall_choice,
    write_choice,
)
from ui.features.units.layer_units import LayerUnits, load_units
from ui.features.units.player import draw_player
from ui.features.units.selectivity import draw_selectivity
from ui.features.units.side import UnitSubject, draw_ascent, draw_layer, draw_unit
from ui.features.units.top_patches import draw_top_patches
from ui.library import Contents
from ui.selection import Selection
from ui.shell import show_problem, show_unavailable

_SHAPE = "units_shape"  # in the session: of the layer that was looked at last
_NO_UNITS = {
    INPUT: "The input has no units that look for anything: its channels are the colours of the picture. "
    "Choose a layer at the left.",
    GIVEN: "No picture is run through vectors of your own: none can be made for a component of them. "
    "Choose a layer at the left.",
}


def draw(
    selection: Selection, contents: Contents, side: DeltaGenerator, stage: DeltaGenerator
) -> list[str]:
    """Draw the choices into `side` and the view into `stage`; returns what was refused."""
    st.html(f"<style>{read_asset(__file__, 'units.css')}</style>")
    recall_choice()
    layer = contents.layer(selection.layer)
    choice, refused = _read(layer)
    with side:
        draw_layer(contents, layer, choice)
    if layer.key in _NO_UNITS:
        with stage.container(key="panel-no-units"):
            show_problem(_NO_UNITS[layer.key])
        return refused
    units, missing = _load(contents.run, selection.size, layer)
    channel = selection.channel
    if channel is None:
        channel = 0 if units is None else int(units.orders[choice.rank][0])
    subject = UnitSubject(contents, selection, choice, layer, channel)
    with side:
        draw_unit(subject)
        draw_ascent(subject)
    with stage:
        _draw_panels(subject, units, missing)
    return refused


def _read(layer: Layer) -> tuple[UnitChoice, list[str]]:
    """What the address asks for, and what of it was refused.

    Where the layer was changed on another page, or the run on this one, that the neuron of before is not
    there is nobody's mistake.
    """
    choice, refused = read_choice(read_params(), layer)
    write_choice(choice)
    before = st.session_state.get(_SHAPE, layer.shape)
    st.session_state[_SHAPE] = layer.shape
    if before != layer.shape:
        refused = [name for name in refused if name not in OF_NEURON.values()]
    return choice, refused


def _load(run: str, size: int, layer: Layer) -> tuple[LayerUnits | None, Unavailable | None]:
    """What the arrays tell of the layer, or why they do not: a picture can be sought without."""
    try:
        return load_units(run, size, layer), None
    except Unavailable as missing:
        return None, missing


def _draw_panels(
    subject: UnitSubject, units: LayerUnits | None, missing: Unavailable | None
) -> None:
    left, right = st.columns(2, gap=None)
    with left.container(key="panel-ascent"):
        draw_player(subject, units)
    with right.container(key="panel-top"):
        if units is not None:
            draw_top_patches(subject, units)
        elif missing is not None:
            show_unavailable(missing)
    if units is not None:
        with st.container(key="panel-selectivity"):
            draw_selectivity(subject, units)
