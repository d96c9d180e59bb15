"""The t-SNE playground: PCA beside it while it runs, other perplexities, other seeds, and noise."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from layerscope.embedding.defined import count_neighbors, tell_vote
from layerscope.errors import InputError
from ui.address import change, read_params
from ui.arrays import load_samples
from ui.assets import read_asset
from ui.components.class_legend import draw_class_legend
from ui.components.thumbnails import load_sheet, send_thumbnails
from ui.controls import choose
from ui.features.playground.address import (
    LAST_SEED,
    LOWEST,
    STARTS,
    VIEWS,
    TrialChoice,
    limit_perplexity,
    offer_counts,
    recall_trial,
    write_trial,
)
from ui.features.playground.cast import color_samples, family, read_choice
from ui.features.playground.caution import draw_caution
from ui.features.playground.film import draw_film
from ui.features.techniques import PCA, TSNE
from ui.library import Contents, load_params
from ui.sample.card import draw_sample_card
from ui.selection import Selection, read_selection, write_entries
from ui.shell import explained, optional, show_problem
from ui.techniques import draw_technique


def draw(
    selection: Selection, contents: Contents, side: DeltaGenerator, stage: DeltaGenerator
) -> list[str]:
    """Draw choices and view; returns the names of what the address asked for in vain."""
    recall_trial()
    try:
        choice, refused = read_choice(read_params(), contents)
    except InputError as problem:  # params.yaml cannot be read
        with stage.container(key="panel-trial"):
            show_problem(str(problem))
        return []
    write_trial(choice)
    st.html(f"<style>{read_asset(__file__, 'playground.css')}</style>")
    with side:
        _draw_choices(selection, contents, choice)
    with stage:
        with st.container(key="trial-views", width="content"):
            choose("trial", "Side of the trial", tuple(VIEWS), choice.view, VIEWS.__getitem__)
        if choice.view == "methods":
            _draw_techniques()
        else:
            _draw_stage(contents)
        with st.container(key="unseen"), optional():
            sheet = load_sheet(contents.run, choice.n)
            send_thumbnails(sheet, family(contents.run, choice.n), key="trial_sheet")
    return refused


@st.fragment
def _draw_stage(contents: Contents) -> None:
    """The film, or several: a fragment, drawn again and again while something is computed."""
    if st.session_state.pop("trial_all", False):
        st.rerun()  # what was chosen here is shown in the choices as well
    params = read_params()
    selection, _ = read_selection(params, contents)
    with st.container(key="panel-trial"), explained():
        choice, _ = read_choice(params, contents)
        draw_view = draw_film if choice.view == "film" else draw_caution
        draw_view(selection, contents, choice)


# --- choices ---------------------------------------------------------------------------------


def _draw_choices(selection: Selection, contents: Contents, choice: TrialChoice) -> None:
    _draw_layer(selection, contents)
    choose(
        "trial_n", "Samples", offer_counts(contents.sizes[-1]), choice.n, on_change=_change_count
    )
    st.session_state["trial_perplexity"] = choice.perplexity
    st.slider(
        "Perplexity",
        LOWEST,
        max(LOWEST + 1, limit_perplexity(choice.n)),
        key="trial_perplexity",
        help="About as many neighbours as each sample attends to; a third of the samples at most.",
        on_change=lambda: change(trial_perplexity=st.session_state["trial_perplexity"]),
    )
    left, right = st.columns(2, gap="small")
    with left:
        choose("trial_start", "Start", tuple(STARTS), choice.start, STARTS.__getitem__)
    st.session_state["trial_seed"] = choice.seed
    right.number_input(
        "Seed",
        0,
        LAST_SEED,
        key="trial_seed",
        on_change=lambda: change(trial_seed=st.session_state["trial_seed"]),
    )
    params = load_params()
    st.html(
        f'<p class="note">Early exaggeration {escape(f"{params.tsne.early_exaggeration:g}")}, '
        f"then {params.playground.n_iter} iterations. "
        "Elsewhere t-SNE goes on until its divergence stands still.</p>"
    )
    with st.container(key="trial-legend"), explained():
        coloring = color_samples(contents, choice.n)
        draw_class_legend(
            coloring.title,
            coloring.entries,
            coloring.groups,
            selection.only,
            family(contents.run, choice.n),
            key="trial_classes",
            on_only=lambda entries: change(only=write_entries(entries)),
        )
        labels = load_samples(contents.run).labels[: choice.n].astype(np.int64)
        wanted = count_neighbors(load_params().metrics.n_neighbors, choice.n)
        if note := tell_vote(labels, wanted):
            st.html(f'<p class="note">kNN accuracy: {escape(note)}.</p>')
    with st.container(key="card-panel"), explained():
        draw_sample_card(selection, contents, None)


def _change_count() -> None:
    """The perplexity is lowered to what fewer samples can carry."""
    n = st.session_state["trial_n"]
    most = limit_perplexity(n)
    change(trial_n=n, trial_perplexity=min(st.session_state["trial_perplexity"], most))


def _draw_layer(selection: Selection, contents: Contents) -> None:
    layers = {layer.key: layer for layer in contents.layers}

    def name(key: str) -> str:
        layer = layers[key]
        size = " × ".join(map(str, layer.shape))
        return f"{key}  {layer.label if layer.label != key else layer.kind}  {size}"

    st.session_state["trial_layer"] = selection.layer
    st.selectbox(
        "Layer",
        tuple(layers),
        key="trial_layer",
        format_func=name,
        on_change=lambda: change(layer=st.session_state["trial_layer"], channel=None),
    )


def _draw_techniques() -> None:
    left, right = st.columns(2, gap="small")
    with left.container(key="panel-pca"):
        draw_technique(PCA, key="formula-pca", titled=False)
    with right.container(key="panel-tsne"):
        draw_technique(TSNE, key="formula-tsne", titled=False)
