"""Everything known of one sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from layerscope.heatmap import overlay
from layerscope.predictions import Predictions
from layerscope.samples import Samples
from ui import markup
from ui.arrays import (
    Stamp,
    Unavailable,
    explaining,
    load_array,
    load_predictions,
    load_samples,
    stamp,
)
from ui.library import command_for
from ui.palette import mark_class
from ui.parts import list_parts, outline_parts

_HINT = """
<div class="hint">
  <div class="glyph"></div>
  <p>Point at a sample to see what it is.<br>Click it to look at it here.</p>
  <dl>
    <dt><kbd>← ↑ ↓ →</kbd></dt><dd>walk from sample to sample</dd>
    <dt><kbd>Enter</kbd> <kbd>Esc</kbd></dt><dd>pin, release</dd>
    <dt><kbd>wheel</kbd> <kbd>drag</kbd></dt><dd>zoom, move</dd>
    <dt><kbd>double click</kbd></dt><dd>show all</dd>
  </dl>
</div>
"""
_TARGETS = {"predicted": "Predicted", "true": "True class"}


def draw_hint() -> None:
    """What to do while no sample is chosen."""
    st.html(markup.heading("Sample") + _HINT)


def draw_inspector(
    run: str, uid: int, neighbors: Sequence[int], on_release: Callable[[], None]
) -> None:
    """A sample: what it is, what the model makes of it, and why.

    Parameters
    ----------
    run : str
    uid : int
    neighbors : sequence of int
        The nearest samples in the layer that is looked at, in its own space.
    on_release : callable
        Called when the sample is to be let go.

    Raises
    ------
    Unavailable
        Where samples or predictions cannot be read. Missing heatmaps leave a tile blank.
    """
    samples, predictions = load_samples(run), load_predictions(run)
    with st.container(key="inspector-head", horizontal=True, gap=None):
        st.html(markup.heading(f"Sample {uid:04d}"))
        st.button("Release", key="release", type="tertiary", on_click=on_release)
    with explaining(run, "samples"):
        st.html(_describe(samples, predictions, uid))
    pictures = st.container(key="pictures")
    target, opacity = _choose_cam()
    outlined = bool(samples.part_names) and st.toggle("Outline the parts", key="parts")
    with explaining(run, "samples"):
        part_map = samples.part_map(uid) if outlined else None
        drawn = _draw_picture(samples, uid, part_map)
        drawn += _draw_cam(run, samples, predictions, uid, target, opacity)
        pictures.html(f'<div class="pictures">{drawn}</div>')
        if part_map is not None:
            parts = list_parts(part_map, samples.part_names)
            st.html(markup.chips((name, color) for _, name, color in parts))
        st.html(markup.heading("Top 10") + _draw_top(samples, predictions, uid))
        if neighbors:
            st.html(_draw_neighbors(run, uid, neighbors))


def _choose_cam() -> tuple[str, float]:
    """Which class the heatmap is of, and how strongly it covers the picture, 0 to 1."""
    with st.container(key="cam-controls", horizontal=True, gap="small"):
        target = st.segmented_control(
            "Grad-CAM of",
            list(_TARGETS),
            format_func=_TARGETS.__getitem__,
            default="predicted",
            required=True,
            key="cam_target",
        )
        opacity = st.slider("Opacity", 0, 100, 65, 5, format="%d %%", key="cam_opacity")
    return str(target), opacity / 100


def _describe(samples: Samples, predictions: Predictions, uid: int) -> str:
    true = samples.categories[samples.labels[uid]].name
    output = int(predictions.predicted[uid])
    said = predictions.categories[output].name
    probability = predictions.probabilities[uid, output]
    target = int(predictions.targets(samples.labels[uid : uid + 1])[0])
    verdict, kind = ("correct", "right") if target == output else ("wrong", "wrong")
    if target < 0:
        verdict, kind = "the model lacks the true class", ""
    mark = {"right": "✓ ", "wrong": "✗ "}.get(kind, "")
    return markup.facts(
        [
            ("True", true, ""),
            ("Predicted", f"{said}  {probability:.2f}", kind),
            ("Verdict", f"{mark}{verdict}", kind),
            ("Source", samples.paths[uid], "mono"),
        ]
    )


def _draw_picture(samples: Samples, uid: int, part_map: np.ndarray | None) -> str:
    layers = [markup.embed(samples.encoded(uid), "image/webp")]
    if part_map is not None:
        svg = outline_parts(part_map, samples.part_names)
        layers.append(markup.embed(svg, "image/svg+xml"))
    return markup.tile("Picture", *layers)


@st.cache_resource(max_entries=4096, show_spinner=False)
def _keep_thumbnail(run: str, uid: int, made: Stamp) -> str:
    return markup.embed_pixels(load_samples(run).picture(uid), side=72)


def _draw_neighbors(run: str, uid: int, neighbors: Sequence[int]) -> str:
    samples, made = load_samples(run), stamp(run, "samples")
    same = sum(int(samples.labels[other] == samples.labels[uid]) for other in neighbors)
    pictures = [
        (
            _keep_thumbnail(run, other, made),
            f"{other:04d}, {samples.categories[samples.labels[other]].name}",
            mark_class(int(samples.labels[other]))[0],
        )
        for other in neighbors
    ]
    return markup.heading("Nearest in this layer", f"{same} of {len(neighbors)} its class") + (
        markup.strip(pictures)
    )


def _draw_cam(
    run: str, samples: Samples, predictions: Predictions, uid: int, target: str, opacity: float
) -> str:
    """The heatmap over the picture, or a tile that says why there is none."""
    if target == "true":
        name = samples.categories[samples.labels[uid]].name
    else:
        name = predictions.categories[int(predictions.predicted[uid])].name
    caption = f"Grad-CAM, {name}"
    try:
        cam = load_array(run, "cam", "cam")[uid, list(_TARGETS).index(target)]
    except (Unavailable, IndexError):
        return markup.blank_tile(caption, f"No heatmap is stored; {command_for(run)} makes it.")
    if not np.isfinite(cam).all():
        return markup.blank_tile(caption, "The model has no output for this class.")
    return markup.tile(caption, markup.embed_pixels(overlay(samples.picture(uid), cam, opacity)))


def _draw_top(samples: Samples, predictions: Predictions, uid: int) -> str:
    true = samples.categories[samples.labels[uid]].name
    rows = []
    for rank, (category, probability) in enumerate(predictions.top(uid)):
        kind = "first" if rank == 0 else ""
        rows.append((category.name, probability, f"{kind} true" if category.name == true else kind))
    return markup.bars(rows)
