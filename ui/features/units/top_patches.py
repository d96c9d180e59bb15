"""The samples that drive a channel most, each cut to what its peak can depend on."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import streamlit as st

from layerscope.features.patches import Box, cut_patch, field_box, in_square
from layerscope.models.layers import INPUT, PROBABILITIES, Layer
from ui import markup
from ui.address import change
from ui.arrays import Stamp, explaining, load_predictions, load_samples, stamp
from ui.channel.figures import write_number
from ui.channel.groups import name_sample
from ui.components.sample_strip import SampleTile, draw_sample_strip
from ui.controls import choose
from ui.features.techniques import TOP_SAMPLES
from ui.features.units.choice import CROPS, has_maps, write_choice
from ui.features.units.layer_units import LayerUnits
from ui.features.units.side import UnitSubject
from ui.memory import keep
from ui.palette import mark_class
from ui.techniques import offer_technique

_SIDE = 160  # pixels of a picture in the row


def draw_top_patches(subject: UnitSubject, units: LayerUnits) -> None:
    """The panel's content."""
    with st.container(key="units-top-head", horizontal=True, gap=None):
        st.html(markup.heading("Top-activating images", f"of {subject.selection.size}"))
        offer_technique(TOP_SAMPLES)
    values = units.value[subject.channel]
    if not values.any():  # the order of samples that are all alike would mean nothing
        n = subject.selection.size
        st.html(
            f'<p class="said">None of the {n} samples activates it: there is nothing to show.</p>'
        )
        return
    maps = has_maps(subject.layer)
    if maps:
        _draw_toggle(subject)
    cut = maps and subject.choice.crop == "patch"
    draw_sample_strip(
        list_tiles(subject.run, subject.layer, units, subject.channel, cut),
        subject.selection.sample,
        key="units_top",
        on_pick=lambda uid: change(sample=uid),
    )
    _draw_link(subject, maps)


def _draw_toggle(subject: UnitSubject) -> None:
    choose(
        "units_crop",
        "Show",
        tuple(CROPS),
        subject.choice.crop,
        CROPS.__getitem__,
        on_change=lambda: write_choice(
            replace(subject.choice, crop=st.session_state["units_crop"])
        ),
    )


def _draw_link(subject: UnitSubject, maps: bool) -> None:
    """What to do next: pin one, or look at the pinned one in the Explorer."""
    selection = subject.selection
    field = subject.layer.receptive_field
    height, width = _size_of(subject.run)
    note = f"A peak sees {field} × {field} pixels of {width} × {height}. " if maps else ""
    if maps and field >= max(height, width):
        note = "A peak sees the whole picture, or all up to its edge. "
    if subject.layer.key == PROBABILITIES:
        note = "By probability, not by logit. "
    with st.container(key="units-top-foot", horizontal=True, gap=None):
        if selection.sample is None:
            st.html(f'<p class="source">{note}Click one to pin it.</p>')
            return
        st.html(f'<p class="source">{note}</p>')
        opened = replace(selection, layer=subject.layer.key, channel=subject.channel)
        st.page_link(
            "streamlit_app.py",
            label=f"Sample {selection.sample:04d} in the Explorer",
            query_params=opened.to_params(),
            width="content",
        )


def list_tiles(
    run: str, layer: Layer, units: LayerUnits, channel: int, cut: bool
) -> list[SampleTile]:
    """The top-activating images of a channel, as patches, or whole with a square on them."""
    samples, made = load_samples(run), stamp(run, "samples")
    tiles = []
    rows = (units.uid[channel], units.value[channel], units.position[channel])
    for uid, value, (y, x) in zip(*rows, strict=True):
        box = find_box(run, layer, int(y), int(x))
        label = int(samples.labels[uid])
        tiles.append(
            SampleTile(
                int(uid),
                _keep_patch(run, int(uid), box if cut else None, made),
                name_sample(run, int(uid)),
                write_number(float(value)),
                mark_class(label)[0],
                None if cut or box is None else in_square(box, _size_of(run)),
            )
        )
    return tiles


def find_box(run: str, layer: Layer, y: int, x: int) -> Box | None:
    """What a place of the layer's map sees of a sample; None where that is all of it."""
    if not has_maps(layer):
        return None
    return field_box(layer, y, x, _size_of(run))


def _size_of(run: str) -> tuple[int, ...]:
    """Height and width of the run's pictures."""
    return next(each for each in load_predictions(run).layers if each.key == INPUT).shape[1:]


@keep
def _keep_patch(run: str, uid: int, box: Box | None, made: Stamp) -> str:
    return markup.embed_pixels(enlarge(read_patch(run, uid, box), _SIDE))


def read_patch(run: str, uid: int, box: Box | None) -> np.ndarray:
    """The part of a sample's stored picture that a box touches, (h, w, C) uint8; all of it without one."""
    with explaining(run, "samples"):
        picture = load_samples(run).picture(uid)
    return picture if box is None else cut_patch(picture, box)


def enlarge(patch: np.ndarray, side: int) -> np.ndarray:
    """A patch in a square, (side, side, 3) uint8; dark where it ends at the edge of its picture.

    Few pixels stay pixels: whoever sees three by three shall see that there were no more.
    """
    height, width = patch.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST if scale > 4 else cv2.INTER_LINEAR
    square = np.full((side, side, 3), (14, 17, 20), np.uint8)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    large = cv2.resize(patch, size, interpolation=how)  # OpenCV drops the axis of a single channel
    square[top : top + size[1], left : left + size[0]] = large.reshape(*size[::-1], -1)
    return square
