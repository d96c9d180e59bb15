"""The channels of a layer for one sample: a grid of their maps, or one heatmap of dense neurons.

Sorting, searching, hovering and zooming stay in the browser; Python hears of the channel that was
picked and of the order that was chosen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import streamlit as st

from layerscope.explanation.heatmap import colorize
from ui.assets import read_asset

ORDERS = ("-score", "score", "channel", "-channel")
LARGEST_SIDE = 64  # pixels of a thumbnail that travel
_SCRIPTS = ("values.js", "grid.js", "cells.js", "dense.js", "channel_grid.js")
_render = st.components.v2.component(
    "layerscope.channel_grid",
    html=read_asset(__file__, "channel_grid.html"),
    css=read_asset(__file__, "channel_grid.css"),
    js="\n".join(read_asset(__file__, name) for name in _SCRIPTS),
)


@dataclass(frozen=True)
class Channels:
    """What is drawn.

    Attributes
    ----------
    maps : ndarray of uint8, (C, h, w)
        Each channel scaled so that 0 and 255 are the ends of its own range; no side longer than
        `LARGEST_SIDE`. Of dense neurons (C, 1, 1).
    ranges : ndarray of float32, (C, 2)
        Smallest and largest value of each of `maps`.
    scores : ndarray of float32, (C,)
        What is written below each map and sorted by; of dense neurons their values.
    low, high : float
        Values at the ends of the colour scale that all channels share; what lies beyond has the
        colour of the end.
    names : sequence of str or None
        Instead of numbers: colours of the input, classes at the output.
    dense : bool
        Whether each channel is one value.
    title : str
        What the channels are of, for example "features.28".
    unit : str
        What a channel is called: "channel", "neuron", "class", "colour".
    """

    maps: np.ndarray
    ranges: np.ndarray
    scores: np.ndarray
    low: float
    high: float
    names: Sequence[str] | None
    dense: bool
    title: str
    unit: str = "channel"


@cache
def _list_colors() -> bytes:
    """256 colours of the heatmaps, RGB byte by byte."""
    return colorize(np.linspace(0, 1, 256)[None]).tobytes()


def draw_channel_grid(
    channels: Channels,
    *,
    chosen: int | None,
    order: str,
    key: str,
    on_pick: Callable[[int], None],
    on_order: Callable[[str], None],
) -> None:
    """Draw the channels below a line with title, colour scale, search and order.

    The grid's height is the CSS variable ``--grid-height``; the line above it takes 36 pixels more.

    Parameters
    ----------
    channels : Channels
    chosen : int or None
        The channel that is marked.
    order : str
        One of `ORDERS`; a leading minus stands for falling.
    key : str
    on_pick : callable
        Called with a channel.
    on_order : callable
        Called with one of `ORDERS`.
    """
    columns = {
        "maps": np.ascontiguousarray(channels.maps, dtype=np.uint8).tobytes(),
        "ranges": np.ascontiguousarray(channels.ranges, dtype="<f4").tobytes(),
        "scores": np.ascontiguousarray(channels.scores, dtype="<f4").tobytes(),
        "colors": _list_colors(),
    }
    count, height, width = channels.maps.shape
    facts = {
        "count": count,
        "height": height,
        "width": width,
        "low": channels.low,
        "high": channels.high,
        "names": None if channels.names is None else list(channels.names),
        "dense": channels.dense,
        "title": channels.title,
        "unit": channels.unit,
    }
    digest = hashlib.blake2b(repr(facts).encode(), digest_size=12)
    for content in columns.values():
        digest.update(content)

    def receive_pick() -> None:
        picked = st.session_state[key].pick
        if type(picked) is int and 0 <= picked < count:
            on_pick(picked)

    def receive_order() -> None:
        asked = st.session_state[key].order
        if asked in ORDERS:
            on_order(asked)

    _render(
        key=key,
        data={
            "arrays": pa.table({k: pa.array([v], pa.binary()) for k, v in columns.items()}),
            "facts": facts,
            "stamp": digest.hexdigest(),  # tells the browser whether anything is new
            "chosen": -1 if chosen is None else chosen,
            "order": order if order in ORDERS else ORDERS[0],
        },
        on_pick_change=receive_pick,
        on_order_change=receive_order,
    )
