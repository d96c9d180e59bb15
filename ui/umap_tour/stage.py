"""The tour with the similarity of layers and the pinned sample beside it: one fragment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from layerscope.embedding.defined import count_neighbors
from layerscope.embedding.pca import CONSTANT
from ui import markup
from ui.address import change, read_params
from ui.coloring import describe_samples
from ui.components.grand_tour import Scene, draw_grand_tour
from ui.components.similarity_matrix import draw_similarity
from ui.components.triggers import Handle
from ui.lasso import read_choices
from ui.layouts import family, is_constant
from ui.library import Contents, load_params
from ui.palette import SCALE
from ui.sample.card import draw_sample_card
from ui.selection import Selection, read_selection, write_selection
from ui.shell import explained
from ui.similarities import load_similarity
from ui.umap_tour.address import TourChoice, keep_moment, read_tour, write_tour
from ui.umap_tour.networks import describe_network


@dataclass(frozen=True)
class ShownTour:
    """What is on show: one network, or two of the same samples."""

    contents: Contents
    second: Contents | None
    n_components: int


@st.fragment
def draw_stage(shown: ShownTour) -> None:
    """Draw what the address asks for."""
    params = read_params()
    selection, _ = read_selection(params, shown.contents)
    tour, _ = read_tour(params, shown.second, shown.n_components)
    write_selection(selection)
    write_tour(tour)
    left, right = st.columns(2, gap=None)
    with right.container(key="tour-panel"), explained():
        draw_tour(selection, tour, shown)
    with left.container(key="similarity-panel"), explained():
        draw_matrix(selection, tour, shown)
    with left.container(key="card-panel"), explained():
        draw_sample_card(selection, shown.contents, shown.second)


def draw_tour(selection: Selection, tour: TourChoice, shown: ShownTour) -> None:
    """The clouds in motion."""
    contents, size = shown.contents, selection.size
    places = [(contents, selection.layer)]
    if shown.second is not None and tour.second_layer is not None:
        places.append((shown.second, tour.second_layer))
    networks = [describe_network(each, size, layer) for each, layer in places]
    for each, layer in places:
        if is_constant(each.run, size, layer):
            st.html(f'<p class="note">{markup.escape(f"{each.run}, {layer}: {CONSTANT}")}</p>')
    of = family(selection)
    draw_grand_tour(
        Scene(
            describe_samples(selection, contents),
            networks=networks,
            movement=SCALE if tour.moved else None,
            dimensions=shown.n_components,
            n_neighbors=count_neighbors(load_params().metrics.n_neighbors, size),
        ),
        read_choices(selection, lambda uid: change(sample=uid, why=None, against=None)),
        handles=_read_handles(of),
        aligned=not tour.apart,
        moment=tour.moment,
        key="grand_tour",
        on_layer=_change_layer,
        on_moment=keep_moment,
        on_handles=lambda handles: _keep_handles(handles, of),
        on_aligned=lambda aligned: change(apart=None if aligned else 1),
    )


def _change_layer(network: int, key: str) -> None:
    change(**({"second_layer": key} if network else {"layer": key, "channel": None}))


def _keep_handles(handles: Sequence[Handle], family: str) -> None:
    """Keep groups that were made by hand for this session: they belong to the samples of a family."""
    st.session_state["handles"] = (family, tuple(handles))


def _read_handles(family: str) -> tuple[Handle, ...]:
    of, handles = st.session_state.get("handles", ("", ()))
    return handles if of == family else ()


def draw_matrix(selection: Selection, tour: TourChoice, shown: ShownTour) -> None:
    """How similar each layer is to each other one; a click goes to the pair."""
    second = shown.second or shown.contents
    similarity = load_similarity(selection.run, second.run, selection.size)

    def pick(first: str, other: str) -> None:
        if shown.second is None:  # of one network, what is asked for is the layer to go to
            _change_layer(0, other if other != selection.layer else first)
        else:
            change(layer=first, channel=None, second_layer=other)

    name = "Similarity of layers"
    st.html(markup.heading(name))
    draw_similarity(
        similarity,
        first=selection.layer,
        second=tour.second_layer or selection.layer,
        measure=tour.measure,
        key="similarity",
        on_pick=pick,
        on_measure=lambda measure: change(measure=measure),
    )
