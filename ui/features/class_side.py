"""The choices of the view of class vectors: which map, of which classes, in which colours."""

from __future__ import annotations

from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from layerscope.coarse import Coarse
from ui import markup
from ui.address import change
from ui.controls import choose
from ui.features.class_choice import COLORS, METHODS, SEEDS, SETS, ClassChoice, Offer
from ui.features.class_families import mark_families
from ui.features.class_maps import N_NEIGHBORS
from ui.library import Contents

_NOTES = {
    "pca": "The two directions in which the vectors differ most; little of what differs is left.",
    "tsne": "Keeps neighbours together; how far apart groups lie means little.",
    "umap": "Keeps neighbours together, and more of the coarse order than t-SNE.",
}


def draw_side(
    contents: Contents,
    coarse: tuple[Coarse, ...],
    choice: ClassChoice,
    offer: Offer,
    side: DeltaGenerator,
) -> None:
    """Draw the choices, each written to the address."""
    with side:
        choose("class_map", "Map", tuple(METHODS), choice.method, METHODS.__getitem__)
        st.html(f'<p class="note">{_NOTES[choice.method]}</p>')
        if choice.method == "tsne":
            choose("class_perplexity", "Perplexity", offer.perplexities, choice.perplexity)
        if len(offer.sets) > 1:
            choose("class_set", "Classes", offer.sets, choice.shown, SETS.__getitem__)
            _draw_set(choice, offer)
        if len(offer.colors) > 1:
            choose("class_color", "Colour by", offer.colors, choice.color, COLORS.__getitem__)
        if coarse and choice.color == "family":
            st.html(markup.heading("Families", f"{len(contents.outputs):,} classes"))
            st.html(_draw_legend(coarse))
        st.html(
            '<p class="source">Drag to move, turn the wheel to come nearer, double-click to see all. A click '
            f"chooses a class; lines lead to its nearest by cosine. {N_NEIGHBORS}-NN kept: how many of a "
            f"class's {N_NEIGHBORS} nearest by cosine are its {N_NEIGHBORS} nearest on the map.</p>"
        )


def _draw_set(choice: ClassChoice, offer: Offer) -> None:
    if choice.shown == "drawn":
        with st.container(key="class-draw", horizontal=True, vertical_alignment="center"):
            st.button(
                "Draw others",
                key="class_again",
                on_click=lambda: change(class_seed=(choice.seed + 1) % SEEDS),
            )
            st.html(f'<p class="source">seed {choice.seed}</p>', width="content")
    elif choice.shown == "coarse":
        st.session_state["class_coarse"] = choice.coarse
        st.selectbox(
            "Family or group",
            offer.coarse,
            key="class_coarse",
            format_func=lambda name: name.replace(" / ", "  /  "),
            on_change=lambda: change(class_coarse=st.session_state["class_coarse"]),
        )


def _draw_legend(coarse: tuple[Coarse, ...]) -> str:
    rows = "".join(
        f'<div><i style="background:{color}"></i>{escape(family)}<b>{count}</b></div>'
        for family, color, count in mark_families(coarse)
    )
    return f'<div class="families">{rows}</div>'
