"""Which class a channel prefers, where it stands in its layer by that, and the way to other channels."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from layerscope.errors import NO_LABELS
from layerscope.models.layers import Layer
from ui import markup
from ui.address import change
from ui.arrays import Stamp, stamp
from ui.channel.figures import draw_class_means
from ui.channel.groups import ChannelGroups, read_groups
from ui.components.channel_atlas import Atlas, draw_channel_atlas
from ui.controls import choose
from ui.features.techniques import SELECTIVITY
from ui.features.units.choice import RANKS, has_maps, write_choice
from ui.features.units.layer_units import LayerUnits, load_units, name_units
from ui.features.units.side import UnitSubject
from ui.features.units.top_patches import enlarge, find_box, read_patch
from ui.memory import keep
from ui.techniques import offer_technique

PAGE = 24  # channels whose pictures are shown at once
_SIDE = 96  # pixels of each
_BARS = 12
_ERROR = 0.05  # of the test against shuffled labels
# Kinds whose channels are those of the layer before, and what has become of these.
_RECTIFIED = {"relu": "rectified", "norm": "normalised", "output": "as a probability"}


def draw_selectivity(subject: UnitSubject, units: LayerUnits) -> None:
    """The panel's content."""
    with st.container(key="units-select-head", horizontal=True, gap=None):
        st.html(markup.heading("Class selectivity", tell_layer(units)))
        _draw_ranks(subject)
        offer_technique(SELECTIVITY)
    left, right = st.columns(2, gap=None)
    with left.container(key="units-means", gap="small"):
        _draw_means(subject, units)
    with right.container(key="units-atlas"):
        draw_channel_atlas(
            compose_atlas(subject, units),
            key="units_atlas",
            on_pick=lambda channel: change(channel=channel),
        )


def _draw_ranks(subject: UnitSubject) -> None:
    def rank() -> None:
        change(channel=subject.channel)  # the order changes, not what is looked at
        write_choice(replace(subject.choice, rank=st.session_state["units_rank"]))

    choose(
        "units_rank", "Order", tuple(RANKS), subject.choice.rank, RANKS.__getitem__, on_change=rank
    )


def _draw_means(subject: UnitSubject, units: LayerUnits) -> None:
    """The index in words, and the means that it is of."""
    channel = subject.channel
    means = units.class_mean[channel]
    preferred = int(units.selectivity.preferred[channel])
    st.html(f'<p class="units-index">{tell_index(subject, units)}</p>')
    if chance := tell_null(subject, units):
        st.html(f'<p class="units-chance">{chance}</p>')
    if preferred < 0:
        _draw_twin(subject)
    groups = read_groups(subject.run)
    known = [int(i) for i in np.argsort(-means, kind="stable") if np.isfinite(means[i])]
    rows = [
        (groups.names[i], float(means[i]), groups.colors[i], i == preferred) for i in known[:_BARS]
    ]
    if rows and np.nanmax(np.abs(means)) > 0:
        what = "probability" if subject.layer.kind == "output" else "activation"
        st.html(markup.heading(f"Mean {what} by {groups.what}") + draw_class_means(rows))


def tell_layer(units: LayerUnits) -> str:
    """How many channels of the layer are more selective than by chance; empty where none is defined."""
    tested = units.null.p[np.isfinite(units.null.p)]
    if not len(tested):
        return ""
    by_chance = round(_ERROR * len(tested))
    found = f"{int((tested <= _ERROR).sum())} of {len(tested)} beyond chance"
    return f"{found}; by chance about {by_chance}" if by_chance else found


def tell_null(subject: UnitSubject, units: LayerUnits) -> str:
    """One line of HTML: what the index is with shuffled labels, and how often as large; empty without one."""
    channel, null = subject.channel, units.null
    if not np.isfinite(null.p[channel]):
        return ""
    expected, high, p = (each[channel] for each in (null.expected, null.high, null.p))
    verdict = "no more than chance gives" if p > _ERROR else "more than chance gives"
    title = (
        f"With shuffled labels the index is {expected:.2f} on average, and at most {high:.2f} in 95 of "
        f"100 shuffles. In {p:.3f} of all it is as large as this: {verdict}."
    )
    return f'<span title="{title}">by chance {expected:.2f}, up to {high:.2f}; p = {p:.3f}</span>'


def tell_index(subject: UnitSubject, units: LayerUnits) -> str:
    """One line of HTML: the index, for which class, and the channel's place in the layer."""
    channel = subject.channel
    place, n = int(units.place[channel]), int((units.place > 0).sum())
    groups = read_groups(subject.run)
    if not place:
        return f"<b>–</b> not defined: {_tell_undefined(subject, units, groups)}"
    name = groups.names[int(units.selectivity.preferred[channel])]
    return (
        f"<b>{units.selectivity.index[channel]:.2f}</b> for {escape(name)}; "
        f"no. <em>{place}</em> of {n}"
    )


def _tell_undefined(subject: UnitSubject, units: LayerUnits, groups: ChannelGroups) -> str:
    if not groups.names:
        return f"{NO_LABELS}, and the model predicts nothing"
    if np.isfinite(units.class_mean[subject.channel]).sum() < 2:
        return f"all samples are of one {groups.what}"
    silent = not units.value[subject.channel].any()
    return "no sample wakes it" if silent else "a mean is negative"


def find_twin(layers: tuple[Layer, ...], layer: Layer) -> Layer | None:
    """The next layer where its channels are the same ones, rectified."""
    place = layers.index(layer) + 1
    if place < len(layers) and layers[place].shape == layer.shape:
        return layers[place] if layers[place].kind in _RECTIFIED else None
    return None


def _draw_twin(subject: UnitSubject) -> None:
    """Where an index is not defined: the way to where it may be."""
    twin = find_twin(subject.contents.layers, subject.layer)
    if twin is None:
        return
    place = load_units(subject.run, subject.selection.size, twin).place[subject.channel]
    if place > 0:
        st.button(
            f"See it {_RECTIFIED[twin.kind]}, at {markup.escape_markdown(twin.key)}",
            key="units_twin",
            type="tertiary",
            on_click=lambda: change(layer=twin.key, channel=subject.channel),
        )


def compose_atlas(subject: UnitSubject, units: LayerUnits) -> Atlas:
    """All channels of the layer; the page of those around the one that is looked at as pictures."""
    order = units.orders[subject.choice.rank]
    place = int(np.flatnonzero(order == subject.channel)[0])
    first = place // PAGE * PAGE
    page = tuple(map(int, order[first : first + PAGE]))
    run, size, layer = subject.run, subject.selection.size, subject.layer
    index = units.selectivity.index
    groups = read_groups(run)
    return Atlas(
        unit="channel" if has_maps(layer) else "neuron",
        names=name_units(run, layer),
        index=[round(float(each), 4) if np.isfinite(each) else None for each in index],
        by_chance=[
            round(float(each), 4) if np.isfinite(each) else None for each in units.null.high
        ],
        strongest=[float(f"{each:.4g}") for each in units.strongest],
        preferred=units.selectivity.preferred.tolist(),
        classes=list(zip(groups.names, groups.colors, strict=True)),
        current=subject.channel,
        page=page,
        sheet=_keep_sheet(run, size, layer, page, stamp(run, "samples"), stamp(run, "channels")),
        first=first,
        order=order.tolist(),
    )


@keep
def _keep_sheet(
    run: str, size: int, layer: Layer, page: tuple[int, ...], samples: Stamp, channels: Stamp
) -> str:
    return markup.embed_pixels(compose_sheet(run, load_units(run, size, layer), layer, page))


def compose_sheet(run: str, units: LayerUnits, layer: Layer, page: tuple[int, ...]) -> np.ndarray:
    """The top-activating patch of n channels, in one row, (side, n * side, 3) uint8; dark if silent."""
    cells = []
    for channel in page:
        if not units.value[channel].any():
            cells.append(np.full((_SIDE, _SIDE, 3), (14, 17, 20), np.uint8))
            continue
        y, x = map(int, units.position[channel, 0])
        patch = read_patch(run, int(units.uid[channel, 0]), find_box(run, layer, y, x))
        cells.append(enlarge(patch, _SIDE))
    return np.concatenate(cells, axis=1)
