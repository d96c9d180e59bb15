"""Everything known of one sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from layerscope.embedding.label_path import LayerPath
from layerscope.models.layers import NO_CLASSES, Layer
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from ui import markup
from ui.arrays import explaining, load_array, load_predictions, load_samples
from ui.columns import tell_values
from ui.components.class_bars import ClassBar, draw_class_bars
from ui.components.contact_sheet import draw_contact_sheet
from ui.glossary import define
from ui.library import tell_label
from ui.markup import Fact
from ui.palette import mark_class
from ui.sample.explanations import draw_explanations
from ui.sample.path_chart import draw_path, read_path, tell_agreement, tell_band, tell_settings
from ui.selection import NEAR
from ui.shell import draw_link, optional

_HINT = """
<div class="hint">
  <div class="glyph"></div>
  <p>Point at a sample to see what it is.<br>Click it to look at it here.</p>
  <dl>
    <dt><kbd>← ↑ ↓ →</kbd></dt><dd>walk from sample to sample</dd>
    <dt><kbd>Enter</kbd> <kbd>Esc</kbd></dt><dd>pin, unpin</dd>
    <dt><kbd>wheel</kbd> <kbd>drag</kbd></dt><dd>zoom, move</dd>
    <dt><kbd>double click</kbd></dt><dd>show all</dd>
  </dl>
</div>
"""


@dataclass(frozen=True)
class Inspected:
    """A sample, and how it is looked at.

    Attributes
    ----------
    run : str
    size : int
        Number of samples it lies among.
    layer : str
        Key of the layer that is looked at.
    uid : int
    target : int or None
        The output that is explained; None for the predicted one.
    contrast : int or None
        The output that is set beside it; None for none.
    neighbors : sequence of int
        The nearest samples in that layer itself, nearest first.
    near : str
        A key of `NEAR`: by which distance.
    family : str
        Of the thumbnails on the page.
    """

    run: str
    size: int
    layer: str
    uid: int
    target: int | None
    contrast: int | None
    neighbors: Sequence[int]
    near: str
    family: str

    def outputs(self, predictions: Predictions) -> tuple[int, ...]:
        """The outputs that are explained: one, or two side by side."""
        predicted, n = int(predictions.predicted[self.uid]), predictions.probabilities.shape[1]
        wanted = (predicted if self.target is None else self.target, self.contrast)
        known = [output for output in wanted if output is not None and 0 <= output < n]
        return tuple(dict.fromkeys(known)) or (predicted,)


def draw_hint() -> None:
    """What to do while no sample is chosen."""
    st.html(markup.heading("Sample") + _HINT)


def draw_inspector(
    shown: Inspected,
    *,
    on_release: Callable[[], None],
    on_pin: Callable[[int], None],
    on_target: Callable[[int | None], None],
    on_contrast: Callable[[int | None], None],
    on_near: Callable[[str], None],
) -> None:
    """A sample: what it is, what the model makes of it, and why.

    Parameters
    ----------
    shown : Inspected
    on_release : callable
        Called when the sample is to be let go.
    on_pin : callable
        Called with the uid of another sample.
    on_target, on_contrast : callable
        Called with the output to explain, None for the predicted one; and with the one to set beside
        it, None for none.
    on_near : callable
        Called with the distance by which samples are to be near.

    Raises
    ------
    Unavailable
        Where samples or predictions cannot be read. What else is missing leaves its place empty;
        what is damaged is said there.
    """
    run, uid = shown.run, shown.uid
    samples, predictions = load_samples(run), load_predictions(run)
    with st.container(key="inspector-head", horizontal=True, gap=None):
        st.html(markup.heading(f"Sample {uid:04d}"))
        draw_link("Explain", "All methods", source="sample")
        st.button("Unpin", key="release", type="tertiary", on_click=on_release)
    with explaining(run, "samples"):
        path: LayerPath | None = None
        with optional():
            if samples.labels[uid] >= 0:
                path = read_path(run, shown.size, uid, predictions.layers)
        st.html(_describe(samples, predictions, uid, path) + tell_values(run, samples.columns, uid))
        if predictions.categories:
            draw_explanations(run, uid, shown.outputs(predictions))
            st.html(markup.heading("Top 10"))
            _draw_top(shown, samples, predictions, on_target, on_contrast)
        else:
            picture = markup.embed(samples.encoded(uid), "image/webp")
            said = f'<p class="note">{NO_CLASSES}</p>'
            st.html(f'<img class="seen" src="{picture}" alt="Sample {uid}">{said}')
        if shown.neighbors:
            _draw_neighbors(shown, samples, predictions.layers, on_pin, on_near)
        if path is not None:
            drawn = draw_path(path, predictions.layers, shown.layer, tell_settings(run, shown.size))
            st.html(markup.heading("Path") + drawn)


def _describe(samples: Samples, predictions: Predictions, uid: int, path: LayerPath | None) -> str:
    rows = [Fact("True", tell_label(samples.categories, int(samples.labels[uid])))]
    if predictions.categories:
        rows += _tell_prediction(samples, predictions, uid)
    if path is not None:
        key, label = tell_agreement(path, predictions.layers)
        meaning = define("neighbours agree from")
        rows.append(Fact("Neighbours agree from", key, "", f"{key}. {meaning}", label))
        band = tell_band(path, predictions.layers)
        rows.append(Fact("over k and grids", band, "", define("band of agreement")))
    return markup.facts([*rows, Fact("Source", samples.paths[uid], "mono")])


def _tell_prediction(samples: Samples, predictions: Predictions, uid: int) -> list[Fact]:
    output = int(predictions.predicted[uid])
    probability = predictions.probabilities[uid, output]
    target = int(predictions.targets(samples.labels[uid : uid + 1])[0])
    name = predictions.categories[output].name
    if target < 0:
        told = Fact("Predicted", name, "", name, f"{probability:.2f}")
        return [told, Fact("", "the model lacks the true class")] if samples.categories else [told]
    verdict, kind = ("✓ correct", "right") if target == output else ("✗ wrong", "wrong")
    return [Fact("Predicted", name, kind, f"{name}, {verdict}", f"{probability:.2f}  {verdict}")]


def _draw_top(
    shown: Inspected,
    samples: Samples,
    predictions: Predictions,
    on_target: Callable[[int | None], None],
    on_contrast: Callable[[int | None], None],
) -> None:
    row = predictions.probabilities[shown.uid]
    true = int(predictions.targets(samples.labels[shown.uid : shown.uid + 1])[0])
    bars = [
        ClassBar(int(i), predictions.categories[i].name, float(row[i]), bool(i == true))
        for i in np.argsort(-row, kind="stable")[:10]
    ]
    predicted = int(predictions.predicted[shown.uid])
    target, *others = shown.outputs(predictions)
    contrast = others[0] if others else None

    def explain(output: int) -> None:
        chosen = predicted if output == target else output
        if chosen == contrast:  # the two change places
            on_contrast(target)
        on_target(None if chosen == predicted else chosen)

    def compare(output: int) -> None:
        if output != target:
            on_contrast(None if output == contrast else output)

    draw_class_bars(
        bars, target, contrast, key="class_bars", on_target=explain, on_contrast=compare
    )


def _draw_neighbors(
    shown: Inspected,
    samples: Samples,
    layers: Sequence[Layer],
    on_pin: Callable[[int], None],
    on_near: Callable[[str], None],
) -> None:
    labels = [int(samples.labels[uid]) for uid in shown.neighbors]
    same = labels.count(int(samples.labels[shown.uid]))
    said = f"{same} of {len(labels)} its class" if samples.categories else ""
    with st.container(key="nearest-head", horizontal=True, gap=None):
        by = "" if shown.near == "euclidean" else f", by {NEAR[shown.near]}"
        st.html(markup.heading(f"Nearest in this layer{by}", said))
        other = next(each for each in NEAR if each != shown.near)
        st.button(
            f"{NEAR[other]} distance instead",
            key="near",
            type="tertiary",
            on_click=lambda: on_near(other),
        )
    draw_contact_sheet(
        shown.neighbors,
        [tell_label(samples.categories, label) for label in labels],
        [mark_class(label)[0] for label in labels],
        family=shown.family,
        pinned=shown.uid,
        key="nearest",
        on_pin=on_pin,
        side=20,
        rows=1,
    )
    with optional():
        if shown.near == "euclidean":
            st.html(f'<p class="note">{_tell_kept(shown, layers)}</p>')


def _tell_kept(shown: Inspected, layers: Sequence[Layer]) -> str:
    """What PCA, from which t-SNE and UMAP are made, keeps of the sample's nearest. Raises `Unavailable`."""
    depth = [layer.key for layer in layers].index(shown.layer)
    with explaining(shown.run, "nearest"):
        kept = load_array(shown.run, "nearest", f"{shown.size}/kept")[depth]
        own, mean, k = int(kept[shown.uid]), float(kept.mean()), len(shown.neighbors)
    return (
        f"PCA, which the layouts start from, keeps {own} of these {k} among its {k} nearest "
        f"({mean:.1f} of all samples')."
    )
