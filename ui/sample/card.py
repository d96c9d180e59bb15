"""The pinned sample in short: what it is, and what each network on show predicts."""

from __future__ import annotations

import numpy as np
import streamlit as st

from layerscope.models.layers import NO_CLASSES
from ui import markup
from ui.address import change
from ui.arrays import explaining, load_predictions, load_samples
from ui.columns import tell_values
from ui.library import Contents, name_run, tell_label
from ui.markup import Fact
from ui.selection import Selection
from ui.shell import draw_link

_HINT = "<p class='card-hint'>Point at a sample to see what it is, click it to keep it here.</p>"


def draw_sample_card(selection: Selection, contents: Contents, second: Contents | None) -> None:
    """Picture and predictions of the pinned sample, and the way to everything else the Explorer knows.

    Raises
    ------
    Unavailable
        Where samples or predictions cannot be read.
    """
    uid = selection.sample
    if uid is None:
        st.html(markup.heading("Sample") + _HINT)
        return
    samples = load_samples(selection.run)
    with st.container(key="card-head", horizontal=True, gap=None):
        st.html(markup.heading(f"Sample {uid:04d}"))
        st.button("Unpin", key="release", type="tertiary", on_click=lambda: change(sample=None))
    with explaining(selection.run, "samples"):
        picture = markup.embed(samples.encoded(uid), "image/webp")
        label = int(samples.labels[uid])
    shown = [each for each in (contents, second) if each is not None]
    rows = [
        Fact("True", tell_label(samples.categories, label)),
        *(_tell_prediction(each, uid, label) for each in shown),
    ]
    told = tell_values(selection.run, contents.columns, uid)
    st.html(
        f'<div class="card"><img src="{picture}" alt="Sample {uid}">{markup.facts(rows)}</div>{told}'
    )
    draw_link("Explorer", "Open in the Explorer")


def _tell_prediction(contents: Contents, uid: int, label: int) -> Fact:
    predictions = load_predictions(contents.run)
    model = name_run(contents.run).rpartition(" / ")[2]
    if not predictions.categories:
        return Fact(model, "no classes", "", NO_CLASSES)
    output = int(predictions.predicted[uid])
    target = int(predictions.targets(np.array([label]))[0])
    sign, kind = ("✓", "right") if target == output else ("✗", "wrong")
    if target < 0:
        sign, kind = "", ""
    name = predictions.categories[output].name
    probability = f"{predictions.probabilities[uid, output]:.2f} {sign}"
    return Fact(model, name, kind, f"{model}: {name}", probability)
