"""One channel in a dialog of its own: its map with exact values, its figures, what drives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from layerscope.activations.channels import describe, histogram
from layerscope.activations.top_samples import find_row
from layerscope.errors import InputError
from layerscope.features.patches import Box, field_box, in_square
from layerscope.models.layers import Layer
from ui import markup
from ui.arrays import (
    Stamp,
    Unavailable,
    load_array,
    load_attributes,
    load_predictions,
    load_samples,
    stamp,
)
from ui.assets import read_asset
from ui.channel.activations import load_channels
from ui.channel.attention import draw_attention
from ui.channel.figures import draw_class_means, draw_histogram, figures, picture, write_number
from ui.channel.groups import name_sample, read_groups
from ui.channel.heatmap import CONFIG, plot_map
from ui.channel.live_maps import load_maps
from ui.components.channel_grid import ChannelMaps
from ui.components.sample_strip import SampleTile, draw_sample_strip
from ui.library import command_for
from ui.memory import keep
from ui.palette import mark_class
from ui.shell import optional, tell_unavailable

_OPEN = "channel_open"  # in the session: the channel that the dialog is at
_PINNED = "channel_pinned"  # and whether a sample was pinned in it
_CLASSES = 12  # bars at most, those of the largest means
_NEURON_BINS = 32


@dataclass(frozen=True)
class _ChannelSubject:
    """What the dialog is about, the channel apart."""

    run: str
    size: int
    layer: Layer
    uid: int
    order: str
    draw_more: Callable[[int], None] | None


def open_channel(
    run: str,
    size: int,
    layer: Layer,
    uid: int,
    channel: int,
    *,
    order: str,
    on_pick: Callable[[int], None],
    on_pin: Callable[[int], None],
    on_close: Callable[[], None],
    draw_more: Callable[[int], None] | None = None,
) -> None:
    """Open the dialog, or keep it open where it is.

    Parameters
    ----------
    run : str
    size : int
        Number of samples among which the top-activating ones are shown.
    layer : Layer
    uid : int
        The pinned sample.
    channel : int
    order : str
        One of `ui.components.channel_grid.ORDERS`: what next and previous mean.
    on_pick : callable
        Called with the channel that the dialog moves to.
    on_pin : callable
        Called with the sample that was clicked; the page is run anew after it.
    on_close : callable
        Called when the dialog is dismissed.
    draw_more : callable, optional
        Draws beside the channel's name where to read on about it; called with the channel.
    """
    st.session_state[_OPEN] = channel
    shape = " × ".join(map(str, (*layer.shape[1:], layer.shape[0])))
    told = dict.fromkeys([layer.key, layer.label, shape])
    title = "   ·   ".join(map(markup.escape_markdown, told))
    draw = st.dialog(title, width="large", on_dismiss=on_close)(_draw)
    draw(_ChannelSubject(run, size, layer, uid, order, draw_more), on_pick, on_pin)


def sort_channels(scores: np.ndarray, order: str) -> np.ndarray:
    """Channels in one of the grid's orders; of equal scores the smaller number comes first."""
    if order.endswith("score"):
        return np.argsort(-scores if order.startswith("-") else scores, kind="stable")
    return np.arange(len(scores))[:: -1 if order.startswith("-") else 1]


def _draw(
    subject: _ChannelSubject, on_pick: Callable[[int], None], on_pin: Callable[[int], None]
) -> None:
    if st.session_state.pop(_PINNED, False):
        st.rerun()  # the page itself, which shows the other sample
    st.html(f"<style>{read_asset(__file__, 'dialog.css')}</style>")
    channel = int(st.session_state[_OPEN])
    with st.container(key="channel-dialog"):
        try:
            channels = load_channels(subject.run, subject.layer, subject.uid)
            maps = load_maps(subject.run, subject.layer, subject.uid)
        except (Unavailable, InputError) as problem:
            st.html(f'<p class="channel-missing">{escape(str(problem))}</p>')
            return
        _draw_head(subject, channels, channel, on_pick)
        main, side = st.columns(2, gap=None)
        with main.container(key="channel-main"):
            _draw_maps(subject, channels, maps, channel)
            draw_attention(subject.run, subject.layer, subject.uid)
            _draw_top_activating(subject, channel, on_pin)
        with side.container(key="channel-side"):
            _draw_figures(channels, maps, channel)
            _draw_classes(subject, channel)


def _draw_head(
    subject: _ChannelSubject, channels: ChannelMaps, channel: int, on_pick: Callable[[int], None]
) -> None:
    """The channel's name and rank, and the ways to its neighbours in the order."""
    order = sort_channels(channels.scores, subject.order)
    place = int(np.flatnonzero(order == channel)[0])
    rank = int((channels.scores > channels.scores[channel]).sum()) + 1
    what = "value" if channels.dense else "score"

    def move(to: int) -> None:
        st.session_state[_OPEN] = to
        on_pick(to)

    name = channels.names[channel] if channels.names else f"{channels.unit} {channel}"
    text = f"<em>{rank}</em> of {len(order)} by {what}"
    with st.container(key="channel-head", horizontal=True, gap=None):
        st.html(f'<div class="channel-name"><h3>{escape(name)}</h3><p>{text}</p></div>')
        if subject.draw_more is not None:
            with st.container(key="channel-more", width="content"):
                subject.draw_more(channel)
        for label, step, key in (("Previous", -1, "Left"), ("Next", 1, "Right")):
            # Round at the ends: a button that is disabled loses the focus, and Escape with it.
            to = int(order[(place + step) % len(order)])
            name = f"channel_{label.lower()}"
            st.button(label, key=name, on_click=move, args=(to,), shortcut=key)


def _draw_maps(
    subject: _ChannelSubject, channels: ChannelMaps, maps: np.ndarray, channel: int
) -> None:
    """The map beside the picture; of a neuron its value among the others."""
    samples = load_samples(subject.run)
    caption, box = f"Sample {subject.uid:04d}, {name_sample(subject.run, subject.uid)}", None
    with st.container(key="channel-pair"):
        left, right = st.columns(2, gap=None)
        if channels.dense:
            left.html(_write_value(channels, channel))
        else:
            plane = maps[channel]
            y, x = np.unravel_index(int(plane.argmax()), plane.shape)
            box = _find_box(subject, int(y), int(x))
            left.plotly_chart(
                plot_map(plane),
                theme=None,
                key="channel_map",
                config=CONFIG,
                alt=f"Channel {channel} of {subject.layer.key} as a heatmap",
            )
        right.html(picture(samples.encoded(subject.uid), caption, box))


def _write_value(channels: ChannelMaps, channel: int) -> str:
    """A neuron's value, and where it stands among all of the layer."""
    values = channels.scores.astype(np.float64)
    what = "probability" if channels.unit == "class" else "activation"
    return (
        f'<div class="channel-value"><b>{write_number(values[channel])}</b><p>{what}</p><div>'
        f"{draw_histogram(*histogram(values, _NEURON_BINS), values[channel])}"
        f"<p>the line is this one among all {len(values)} of the layer</p></div></div>"
    )


def _find_box(subject: _ChannelSubject, y: int, x: int) -> Box | None:
    size = load_predictions(subject.run).layers[0].shape[1:]
    box = field_box(subject.layer, y, x, size)
    return None if box is None else in_square(box, size)


def _draw_figures(channels: ChannelMaps, maps: np.ndarray, channel: int) -> None:
    """Statistics of the channel, with the histogram that the entropy is of; or of all neurons."""
    values = maps.reshape(1, 1, -1) if channels.dense else maps[channel : channel + 1]
    found = describe(values)
    rows = [
        ("min", write_number(found.minimum[0]), "smallest value"),
        ("max", write_number(found.maximum[0]), "largest value"),
        ("mean", write_number(found.mean[0]), "mean activation: the magnitude in a score"),
        ("std", write_number(found.std[0]), "standard deviation"),
        ("zeros", f"{100 * found.zeros[0]:.1f} %", "share of values that are exactly zero"),
        ("positive", f"{100 * found.positive[0]:.1f} %", "share of values above zero"),
        ("entropy", f"{found.entropy[0]:.3f} nat", "of the ten bins below"),
        ("score", write_number(found.score[0]), "entropy × mean"),
    ]
    if channels.dense:
        st.html(markup.heading(f"All {maps.size} of the layer") + figures(rows[:6]))
        return
    st.html(
        markup.heading("Statistics", "score = entropy × mean")
        + figures(rows)
        + markup.heading(f"Histogram of {values.size} values", "ten bins")
        + draw_histogram(*histogram(values))
    )


@keep
def _keep_picture(run: str, uid: int, made: Stamp) -> str:
    return markup.embed_pixels(load_samples(run).picture(uid), side=128)


def _draw_top_activating(
    subject: _ChannelSubject, channel: int, on_pin: Callable[[int], None]
) -> None:
    """The samples that drive the channel the most."""
    run, size = subject.run, subject.size
    st.html(markup.heading("Top-activating images", f"of {size}, by their largest activation"))
    try:
        row = find_row(load_attributes(run, "channels"), subject.layer.key, channel)
        uids, values, places = (
            load_array(run, "channels", f"{size}/{name}")[row]
            for name in ("uid", "value", "position")
        )
    except Unavailable as problem:
        st.html(f'<p class="channel-missing">{tell_unavailable(problem)}</p>')
        return
    except (KeyError, IndexError):  # of another model
        st.html(f'<p class="channel-missing">Not built yet: {escape(command_for(run))}</p>')
        return
    if not values.any():  # the order of samples that are all alike would mean nothing
        st.html(f'<p class="channel-missing">None of the {size} samples activates it.</p>')
        return
    samples, made = load_samples(run), stamp(run, "samples")
    tiles = [
        SampleTile(
            int(uid),
            _keep_picture(run, int(uid), made),
            name_sample(run, uid),
            write_number(float(value)),
            mark_class(int(samples.labels[uid]))[0],
            _find_box(subject, int(y), int(x)),
        )
        for uid, value, (y, x) in zip(uids, values, places, strict=True)
    ]

    def pin(uid: int) -> None:
        st.session_state[_PINNED] = True
        on_pin(uid)

    draw_sample_strip(tiles, subject.uid, key="channel_strongest", on_pick=pin)


def _draw_classes(subject: _ChannelSubject, channel: int) -> None:
    """Mean activation by class, the largest first."""
    run, size = subject.run, subject.size
    try:
        row = find_row(load_attributes(run, "channels"), subject.layer.key, channel)
    except (Unavailable, KeyError, IndexError):
        return  # the text beside it says so
    with optional():
        means = load_array(run, "channels", f"{size}/class_mean")[row]
        _draw_class_means(subject, means)


def _draw_class_means(subject: _ChannelSubject, means: np.ndarray) -> None:
    groups = read_groups(subject.run)
    known = [group for group in np.argsort(-means, kind="stable") if np.isfinite(means[group])]
    own = groups.of[subject.uid]
    rows = [
        (groups.names[group], float(means[group]), groups.colors[group], bool(group == own))
        for group in known[:_CLASSES]
    ]
    if rows:
        title = markup.heading(f"Mean by {groups.what}", f"{subject.size} samples")
        st.html(title + draw_class_means(rows))
