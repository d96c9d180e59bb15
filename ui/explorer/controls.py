"""The View panel: what can be chosen, each choice written to the address."""

from __future__ import annotations

from html import escape

import streamlit as st

from layerscope.models.layers import NO_CLASSES
from ui.address import change
from ui.coloring import cluster_layer
from ui.columns import list_filters, name_filter, write_filters
from ui.controls import change_size, choose, select
from ui.explorer import view
from ui.library import Contents
from ui.selection import (
    METHODS,
    VERDICTS,
    Selection,
    name_coloring,
    offers,
    write_range,
)


def draw_view_choices(selection: Selection, contents: Contents) -> None:
    """Samples, method and perplexity."""
    choose("size", "Samples", contents.sizes, selection.size, on_change=change_size)
    choose("method", "Method", tuple(METHODS), selection.method, METHODS.__getitem__)
    if selection.method == "tsne" and contents.perplexities:
        choose("perplexity", "Perplexity", contents.perplexities, selection.perplexity)
        st.html(f'<p class="note">{escape(_explain_perplexity(selection))}</p>')


def draw_color_choices(selection: Selection, contents: Contents) -> None:
    """What the points are coloured by, and which of them are filtered out."""
    # What the legend keeps is of the colouring before.
    select("color", "Colour by", offers(contents), selection.color, name_coloring, only=None)
    if selection.color == "cluster":
        keys = [layer.key for layer in contents.layers]
        select("cluster", "Clusters of", keys, cluster_layer(selection, contents), str, only=None)
    if filters := list_filters(contents.columns):
        st.session_state["where"] = list(selection.where)
        st.multiselect(
            "Keep",
            filters,
            key="where",
            format_func=name_filter,
            placeholder="all samples",
            on_change=lambda: change(where=_write_where()),
        )
    if not contents.outputs:
        st.html(f'<p class="note">{NO_CLASSES}</p>')
        return
    if contents.categories:
        choose("verdict", "Predictions", tuple(VERDICTS), selection.verdict, VERDICTS.__getitem__)
    st.session_state["confidence"] = selection.confidence
    st.slider(
        "Confidence",
        0,
        100,
        key="confidence",
        format="%d %%",
        on_change=lambda: change(confidence=write_range(st.session_state["confidence"])),
    )


def _write_where() -> str | None:
    chosen = st.session_state["where"]
    return write_filters(chosen) if chosen else None


def _explain_perplexity(selection: Selection) -> str:
    effective = view.effective_perplexity(selection)
    if view.is_lowered(selection):
        return (
            f"{selection.perplexity} asked for, {effective:g} is what {selection.size} samples "
            "can carry."
        )
    return f"About {selection.perplexity} near neighbours shape each point's place."
