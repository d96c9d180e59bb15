"""The Activations panel: what each channel of a layer makes of the pinned sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from layerscope.activations.channels import score, shrink
from layerscope.models.layers import GIVEN, INPUT, PROBABILITIES, Layer
from ui.arrays import Stamp, load_predictions, stamp
from ui.channel.live_maps import load_maps
from ui.components.channel_grid import LARGEST_SIDE, ChannelMaps, draw_channel_grid
from ui.memory import keep

# Of a layer's feature maps: single peaks, up to four times as high, would leave all else dark.
_SCALE_ENDS = (0.5, 99.5)
_COLORS = ("Red", "Green", "Blue")
_HINT = """
<div class="activations-hint">
  <h2 class="title">Activations</h2>
  <p><i></i><i></i><i></i><i></i><i></i>Pin a sample to see what each channel makes of it.</p>
</div>
<style>
.activations-hint { height: calc(var(--grid-height, 150px) + 36px); position: relative; }
.activations-hint h2 { padding: 12px 12px 0 !important; }
.activations-hint p { position: absolute; inset: 0; display: flex; gap: 5px; align-items: center; justify-content: center; color: var(--faint); }
.activations-hint i { width: 15px; height: 15px; border-radius: 3px; background: #210c4a; }
.activations-hint i:nth-child(2) { background: #57106e; } .activations-hint i:nth-child(3) { background: #8a226a; }
.activations-hint i:nth-child(4) { background: #bc3754; } .activations-hint i:nth-child(5) { background: #e45a31; margin-right: 9px; }
</style>
"""  # noqa: E501


def draw_activations(
    run: str,
    layer: Layer,
    uid: int | None,
    *,
    chosen: int | None,
    order: str,
    on_pick: Callable[[int], None],
    on_order: Callable[[str], None],
) -> None:
    """Draw the panel's content.

    Parameters
    ----------
    run : str
    layer : Layer
    uid : int or None
        The pinned sample; without one there is a hint.
    chosen : int or None
        The channel that is open.
    order : str
        One of `ui.components.channel_grid.ORDERS`.
    on_pick, on_order : callable
        Called with a channel, and with an order.

    Raises
    ------
    Unavailable, InputError
        As `ui.channel.live_maps.load_maps` does.
    """
    if uid is None:
        st.html(_HINT)
        return
    draw_channel_grid(
        load_channels(run, layer, uid),
        chosen=chosen,
        order=order,
        key="channel_grid",
        on_pick=on_pick,
        on_order=on_order,
    )


def load_channels(run: str, layer: Layer, uid: int) -> ChannelMaps:
    """What the grid draws of a sample, kept in memory for the layers looked at last."""
    made = stamp(run, "samples"), stamp(run, "predictions")
    return _keep_channels(run, layer, uid, made)


@keep
def _keep_channels(run: str, layer: Layer, uid: int, made: tuple[Stamp, Stamp]) -> ChannelMaps:
    maps = load_maps(run, layer, uid)
    ends = layer.key in {INPUT, PROBABILITIES}
    dense = is_dense(layer)
    shares = (0, 100) if dense else _SCALE_ENDS
    low, high = (0.0, 1.0) if ends else map(float, np.percentile(maps, shares))
    small = maps.reshape(-1, 1, 1) if dense else shrink(maps, LARGEST_SIDE)
    ranges = np.stack([small.min(axis=(1, 2)), small.max(axis=(1, 2))], axis=1)
    lowest, width = ranges[:, :1, None], np.diff(ranges)[:, :, None]
    share = np.divide(small - lowest, width, out=np.zeros_like(small), where=width > 0)
    return ChannelMaps(
        maps=(share * 255).round().astype(np.uint8),
        ranges=ranges,
        scores=(maps.reshape(-1) if dense else score(maps)).astype(np.float32),
        low=low,
        high=high,
        names=name_channels(run, layer),
        dense=dense,
        title=layer.key,
        unit=name_unit(layer),
    )


def is_dense(layer: Layer) -> bool:
    """Whether each channel is a single value."""
    return int(np.prod(layer.shape[1:])) == 1


def name_channels(run: str, layer: Layer) -> Sequence[str] | None:
    """Colours of the input, classes of the output; the rest goes by numbers."""
    if layer.key == INPUT:
        return _COLORS
    outputs = load_predictions(run).categories
    is_output = layer.key == PROBABILITIES or layer.key == find_logits(run)
    return [category.name for category in outputs] if is_output else None


def name_unit(layer: Layer) -> str:
    """What one channel of a layer is called."""
    if layer.key == INPUT:
        return "colour"
    if layer.key == PROBABILITIES:
        return "class"
    if layer.key == GIVEN:
        return "component"
    return "neuron" if is_dense(layer) else "channel"


def find_logits(run: str) -> str | None:
    """The layer whose neurons are the outputs before the softmax; None where the run keeps none."""
    predictions = load_predictions(run)
    dense = [layer for layer in predictions.layers if layer.kind == "dense"]
    fits = bool(dense) and dense[-1].shape == (len(predictions.categories),)
    return dense[-1].key if fits else None
