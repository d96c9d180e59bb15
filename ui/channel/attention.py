"""Attention of a block over the picture: of the class token, or of a place that is clicked, by head."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from layerscope.errors import InputError
from layerscope.explanation.heatmap import colorize, overlay
from layerscope.models.layers import Layer
from ui import markup
from ui.arrays import Stamp, explaining, load_samples, stamp
from ui.channel.heatmap import HEIGHT
from ui.library import find_source
from ui.live import engine
from ui.live.maps import find_head_maps
from ui.memory import keep

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_OPACITY = 0.85
_MEAN = "Mean of heads"
_LEFT = "attention_left"  # in the session: how often a clicked place was left
_HIDDEN = {"visible": False, "fixedrange": True}
_LABEL = {"bgcolor": "#1b2027", "bordercolor": "#333d48", "font": {"color": "#e9ecef", "size": 12}}


def draw_attention(run: str, layer: Layer, uid: int) -> None:
    """Draw the part of a dialog on a block of tokens; nothing for any other layer.

    Raises
    ------
    Unavailable
        Where the samples cannot be read.
    """
    if layer.kind != "block" or "(y x)" not in layer.layout:
        return
    # What is clicked is kept by the chart's key: with another one the class token attends again.
    key = f"attention_map/{uid}/{layer.key}/{st.session_state.get(_LEFT, 0)}"
    places = st.session_state.get(key, {}).get("selection", {}).get("point_indices", [])
    query = int(places[0]) if places else None
    made = stamp(run, "samples"), stamp(run, "predictions")
    try:
        found = _keep_maps(run, layer.key, uid, query, made)
    except InputError as problem:
        st.html(f'<p class="channel-missing">{escape(str(problem))}</p>')
        return
    if found is None:
        return
    maps, has_class = found
    of = "of the class token" if has_class else "of all places, on average"
    if query is not None:
        row, column = divmod(query, maps.shape[2])
        of = f"of row {row}, column {column}"
    st.html(markup.heading("Attention", of))
    heads = (_MEAN, *map(str, range(len(maps))))
    if st.session_state.get("attention_head") not in heads:
        st.session_state["attention_head"] = _MEAN
    head = st.segmented_control(
        "Head",
        heads,
        key="attention_head",
        required=True,
        label_visibility="collapsed",
        width="stretch",
    )
    mean = maps.mean(axis=0)
    plane = mean if head in {None, _MEAN} else maps[int(head)]
    with explaining(run, "samples"):
        picture = load_samples(run).picture(uid)
    with st.container(key="attention-pair"):
        left, right = st.columns(2, gap=None)
        left.plotly_chart(
            plot_attention(picture, plane, query),
            theme=None,
            key=key,
            config={"displayModeBar": False},
            on_select="rerun",
            selection_mode="points",
        )
        right.html(_draw_heads([mean, *maps], heads))
        if query is not None:
            right.button("Leave this place", on_click=_leave)


def _leave() -> None:
    st.session_state[_LEFT] = st.session_state.get(_LEFT, 0) + 1


def _draw_heads(planes: Sequence[np.ndarray], names: Sequence[str]) -> str:
    """All maps side by side, each over its own range, which stands under it."""
    tiles = ""
    for plane, name in zip(planes, names, strict=True):
        low, high = float(plane.min()), float(plane.max())
        pixels = colorize(_stretch(plane))
        pixels = pixels.repeat(8, axis=0).repeat(8, axis=1)  # a picture file blurs single pixels
        told = f"{name}: {low:.1%} to {high:.1%} of the attention a place"
        tiles += (
            f'<figure title="{told}"><img src="{markup.embed_pixels(pixels)}" alt="{told}">'
            f"<figcaption>{name.split()[0]}<b>{high:.1%}</b></figcaption></figure>"
        )
    return (
        f'<div class="attention-heads">{tiles}</div><p class="channel-missing">Under each: the largest share '
        "of the attention that a place gets. Click a place to see what it attends to.</p>"
    )


def _stretch(plane: np.ndarray) -> np.ndarray:
    """Over its own range, in [0, 1]; 0 where all values are equal."""
    low, high = float(plane.min()), float(plane.max())
    return (plane - low) / ((high - low) or 1.0)


@keep
def _keep_maps(
    run: str, layer: str, uid: int, query: int | None, made: tuple[Stamp, Stamp]
) -> tuple[np.ndarray, bool] | None:
    with explaining(run, "samples"):
        picture = load_samples(run).picture(uid)
    return engine.networks.call(find_head_maps, find_source(run), picture, layer, query)


def plot_attention(picture: np.ndarray, plane: np.ndarray, query: int | None) -> Figure:
    """A map (h, w), over its own range, on its picture (S, S, 3); each place is a point that can be clicked.

    Parameters
    ----------
    picture : ndarray of uint8
    plane : ndarray of float32
        Shares of attention.
    query : int, optional
        The place that attends, counted row by row: it is framed.
    """
    import plotly.graph_objects as go

    height, width = plane.shape
    y, x = np.mgrid[:height, :width].reshape(2, -1)
    points = go.Scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"size": HEIGHT / max(height, width), "symbol": "square", "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=plane.ravel(),
        hovertemplate="row %{y}, column %{x}<br><b>%{customdata:.2%}</b><extra></extra>",
    )
    box = {"xref": "x", "yref": "y", "x": -0.5, "y": -0.5, "sizex": width, "sizey": height}
    pixels = overlay(picture, _stretch(plane), _OPACITY)
    layout: dict[str, Any] = {
        "height": HEIGHT,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": False,
        "clickmode": "event+select",
        "hoverlabel": _LABEL,
        "images": [
            {**box, "source": markup.embed_pixels(pixels), "sizing": "stretch", "layer": "below"}
        ],
        "xaxis": {**_HIDDEN, "range": [-0.5, width - 0.5], "constrain": "domain"},
        "yaxis": {
            **_HIDDEN,
            "range": [height - 0.5, -0.5],
            "scaleanchor": "x",
            "scaleratio": width / height,
            "constrain": "domain",
        },
    }
    figure = go.Figure(points, layout)
    if query is not None:
        row, column = divmod(query, width)
        figure.add_shape(
            type="rect",
            x0=column - 0.5,
            x1=column + 0.5,
            y0=row - 0.5,
            y1=row + 0.5,
            line={"color": "#fff", "width": 1.5},
        )
    return figure
