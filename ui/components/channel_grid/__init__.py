"""The channels of a layer for one sample: a grid of their maps, or one heatmap of dense neurons.

Sorting, searching, hovering and zooming stay in the browser; Python hears of the channel that was
picked and of the order that was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ui.components.component import Component, fingerprint, hear_choice, pack
from ui.palette import HEAT_COLORS

ORDERS = ("-score", "score", "channel", "-channel")
LARGEST_SIDE = 64  # pixels of a thumbnail that travel
_COMPONENT = Component("channel_grid")


@dataclass(frozen=True)
class ChannelMaps:
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


def draw_channel_grid(
    channels: ChannelMaps,
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
    channels : ChannelMaps
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
    arrays = pack(
        maps=(channels.maps, "u1"),
        ranges=(channels.ranges, "<f4"),
        scores=(channels.scores, "<f4"),
        colors=(HEAT_COLORS, "u1"),
    )
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
    _COMPONENT.draw(
        key=key,
        data={
            "arrays": arrays,
            "facts": facts,
            "stamp": fingerprint(facts, arrays),
            "chosen": -1 if chosen is None else chosen,
            "order": order if order in ORDERS else ORDERS[0],
        },
        triggers={
            "pick": hear_choice(range(count), on_pick),
            "order": hear_choice(ORDERS, on_order),
        },
    )
