"""The faithfulness benchmark: the figures of the stage `faithfulness`, by groups of measures."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from layerscope.datasets.categories import name_label
from layerscope.faithfulness.measures import GROUPS, MEASURES
from ui import markup
from ui.address import change
from ui.arrays import load_samples
from ui.explain.address import ExplainChoice
from ui.explain.benchmark import (
    FaithfulnessSamples,
    Table,
    find_measured_run,
    read_samples,
    read_table,
)
from ui.explain.trust_charts import (
    Spread,
    plot_cascades,
    plot_measure,
    tabulate,
    tabulate_sample,
)
from ui.glossary import define
from ui.library import name_run
from ui.markup import embed_pixels
from ui.shell import explained, optional

_GROUPS = {
    "object": "Object and parts",
    "model": "Deletion and insertion",
    "map": "Maps",
    "weights": "Random weights",
}
_FILLED = ("deletion", "insertion")  # as the store orders their areas by fill
_RANKED = (
    "Dots are means, lines 95 % intervals. Methods are compared on the same pictures (paired permutation "
    "test, Holm's correction for all pairs, 5 %)."
)
_UNRANKED = "Dots are means, lines 95 % intervals; methods are not ranked by it."
_CASCADE = (
    "Layers become random from the output down, to the right. Amber: rank correlation with the map of the "
    "trained network; teal: structural similarity (SSIM). Thin lines are pictures. A method that follows "
    "what was learned falls; noise falls at once and says nothing, edges never do. Methods are not ranked by "
    "this: a noisier map falls further, whatever it says of the network (Binder et al. 2023)."
)


def draw_trust(choice: ExplainChoice, run: str) -> None:
    """A group of measures: one as a plot, all as a table, and the figures of one picture."""
    with st.container(key="trust-panel"), explained():
        run = find_measured_run(choice, run)
        st.html(markup.heading("Faithfulness benchmark", name_run(run)))
        st.html(f'<p class="said">{escape(define("faithfulness benchmark"))}</p>')
        table = read_table(run)
        if table is None:
            st.html(
                f'<p class="said">Not measured for this run yet: name it under <code>faithfulness.runs'
                f"</code> in params.yaml; <code>dvc repro faithfulness@{escape(run)}</code> does it.</p>"
            )
            return
        group = _choose_group(table)
        samples = None
        with optional():  # without it, no curves and no pictures
            samples = read_samples(run)
        _draw_measure(table, group, samples)
        if group == "weights" and samples is not None:
            st.html(markup.heading("The whole cascade", f"n = {samples.cascade.shape[2]}"))
            st.html(f'<p class="said">{escape(_CASCADE)}</p>')
            facts = samples.facts
            st.html(plot_cascades(facts["methods"], samples.cascade, facts["randomized_layers"]))
        st.html(markup.heading("All measures of this group"))
        st.html(tabulate(table, group))
        if samples is not None:
            _draw_sample(run, samples, group)


def _choose_group(table: Table) -> str:
    known = [key for key in _GROUPS if any(MEASURES[each].group == key for each in table)]
    st.segmented_control(
        "Question",
        known,
        key="trust_group",
        default=known[0],
        required=True,
        format_func=_GROUPS.__getitem__,
    )
    group: str = st.session_state["trust_group"]
    return group if group in known else known[0]  # of the run before


def _draw_measure(table: Table, group: str, samples: FaithfulnessSamples | None) -> None:
    """One measure, and what it means."""
    known = [key for key in table if MEASURES[key].group == group]
    st.html(f'<p class="said"><b>{escape(GROUPS[group])}</b></p>')
    st.segmented_control(
        "Measure",
        known,
        key=f"trust_measure_{group}",
        default=known[0],
        required=True,
        format_func=lambda key: MEASURES[key].name,
    )
    chosen = st.session_state[f"trust_measure_{group}"]
    chosen = chosen if chosen in known else known[0]
    measure = MEASURES[chosen]
    told = [measure.meaning, _RANKED if measure.better else _UNRANKED]
    if any(each.chance is not None for each in table[chosen].values()):
        told.append("Red ticks: a map that is the same everywhere.")
    spread = _spread_fills(samples, chosen) if samples is not None else None
    if spread:
        told.append("Grey ticks: the mean under each fill.")
    st.html(f'<p class="said">{escape(" ".join(told))}</p>')
    st.html(plot_measure(table[chosen], measure, spread))


def _spread_fills(samples: FaithfulnessSamples, measure: str) -> Spread | None:
    """Means by method and fill, of a measure that has them."""
    if measure not in _FILLED:
        return None
    areas = samples.fills[samples.facts["curves"].index(measure)]  # (methods, n, fills)
    known = np.isfinite(areas)
    means = np.where(known, areas, 0).sum(axis=1) / np.maximum(
        known.sum(axis=1), 1
    )  # (methods, fills)
    tried = [(fill, known[:, :, i].any()) for i, fill in enumerate(samples.facts["fills"])]
    return {
        method: {
            fill: value
            for (fill, is_tried), value in zip(tried, row.tolist(), strict=True)
            if is_tried
        }
        for method, row in zip(samples.facts["methods"], means, strict=True)
    }


def _draw_sample(run: str, found: FaithfulnessSamples, group: str) -> None:
    """The figures of one picture."""
    st.html(markup.heading("One picture", f"{len(found.uids)} were explained"))
    pictures = load_samples(run)
    names = {
        uid: name_label(pictures.categories, int(pictures.labels[uid]))
        for uid in found.uids.tolist()
    }
    st.selectbox(
        "Picture",
        list(names),
        key=f"trust_sample_{run}",
        format_func=lambda uid: f"{uid:04d}  {names[uid] or 'no label'}",
    )
    uid = st.session_state[f"trust_sample_{run}"]
    place = found.uids.tolist().index(uid)
    rows = dict(zip(found.facts["measures"], found.figures[:, :, place], strict=True))
    values = {key: rows[key] for key in rows if MEASURES[key].group == group}
    with st.container(key="trust-sample", horizontal=True):
        picture = embed_pixels(pictures.picture(uid))
        st.html(
            f'<img class="trust-picture" src="{picture}" alt="Sample {uid:04d}">', width="content"
        )
        if all(np.isnan(each).all() for each in values.values()):
            n = found.cascade.shape[2]
            st.html(f'<p class="said">Explained again were the first {n} pictures of the list.</p>')
        else:
            st.html(tabulate_sample(found.facts["methods"], values), width="content")
    st.button(
        "Show its explanations",
        key="trust_open",
        on_click=lambda: change(
            run=run,
            sample=uid,
            source=None,
            network=None,
            target=None,
            rival=None,
            at=None,
            view=None,
        ),
    )
