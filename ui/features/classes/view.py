"""Classes as the last layer's weight vectors: a map of them, and which are most alike."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from layerscope.coarse import Coarse
from layerscope.errors import InputError
from layerscope.features.class_vectors import find_most_alike, find_nearest_classes
from layerscope.models.layers import PROBABILITIES
from ui import markup
from ui.address import change, read_params
from ui.assets import read_asset
from ui.components.nearest_classes import NearClass, draw_nearest_classes
from ui.controls import choose
from ui.features.address import write_view
from ui.features.classes.chart import ClassPoints, draw_class_chart
from ui.features.classes.choice import (
    COLORS,
    METHODS,
    SEEDS,
    SETS,
    ClassChoice,
    Offer,
    read_class_choice,
    write_class_choice,
)
from ui.features.classes.families import list_coarse, list_names, mark_families, mark_outputs
from ui.features.classes.maps import (
    choose_shown,
    is_long,
    key_of,
    load_class_vectors,
    make_work,
    tell_figures,
)
from ui.features.techniques import CLASS_VECTORS
from ui.library import Contents, load_params
from ui.live.weights import N_NEIGHBORS, DrawnMap
from ui.queue import State
from ui.selection import Selection
from ui.shell import show_problem
from ui.techniques import draw_technique
from ui.waiting import draw_waiting, obtain

_N_NEAREST = 8
_N_LINES = 5  # on the map
_NOTES = {
    "pca": "The two directions in which the vectors differ most; little of what differs is left.",
    "tsne": "Keeps neighbours together; how far apart groups lie means little.",
    "umap": "Keeps neighbours together, and more of the coarse order than t-SNE.",
}
_LAST_RUN = "classes-run"  # in the session: a class of another run's model is no error of a link


@dataclass(frozen=True)
class _ClassVectorsSubject:
    """What is looked at.

    Attributes
    ----------
    contents : Contents
    coarse : tuple of Coarse
        Of each output; empty where these are not ImageNet's.
    vectors : ndarray of float32, (K, d)
    choice : ClassChoice
    shown : ndarray of int64, (m,)
        Outputs on the map.
    index : int
        The class that is looked at: the chosen one, or one of the two most alike on the map.
    """

    contents: Contents
    coarse: tuple[Coarse, ...]
    vectors: np.ndarray
    choice: ClassChoice
    shown: np.ndarray
    index: int

    def name(self, index: int) -> str:
        """Of an output."""
        return self.contents.outputs[index].name

    def detail(self, index: int) -> str:
        """What kind of thing it is."""
        return f"{self.coarse[index].family}, {self.coarse[index].group}" if self.coarse else ""


def draw(
    selection: Selection, contents: Contents, side: DeltaGenerator, stage: DeltaGenerator
) -> list[str]:
    """Draw the choices at the left, the map and the nearest classes at the right."""
    stage.html(f"<style>{read_asset(__file__, 'classes.css')}</style>")
    coarse = list_coarse(contents)
    params = load_params()
    offer = Offer(
        len(contents.outputs),
        tuple(int(each) for each in params.tsne.perplexity),
        params.tsne.random_state,
        list_names(coarse),
    )
    choice, refused = read_class_choice(read_params(), offer)
    write_class_choice(choice, offer)
    if st.session_state.get(_LAST_RUN, contents.run) != contents.run:
        refused = []
    st.session_state[_LAST_RUN] = contents.run
    _draw_side(contents, coarse, choice, offer, side)
    try:
        vectors = load_class_vectors(contents.run)
        if len(vectors) != offer.n_classes:
            raise InputError(f"{contents.run}: its model has other classes; run `dvc repro`")
        shown = choose_shown(choice, offer.n_classes, coarse)
        key = key_of(contents.run, choice, shown)
    except InputError as problem:
        with stage.container(key="panel-classes-empty"):
            show_problem(str(problem))
        return refused
    index = choice.index
    if index is None:
        index = int(shown[find_most_alike(vectors[shown])[0]])
    subject = _ClassVectorsSubject(contents, coarse, vectors, choice, shown, index)
    long = is_long(choice, shown)
    report = obtain("classes", key, make_work(vectors[shown], choice, long), long)
    with stage:
        left, right = st.columns(2, gap=None)
        with left.container(key="panel-classes"):
            if isinstance(report, str) or report.state is State.FAILED:
                show_problem(report if isinstance(report, str) else report.problem)
            elif report.is_open or report.result is None:
                _draw_pause(key, choice)
            else:
                _draw_map(subject, report.result)
        with right.container(key="panel-class"):
            _draw_class(subject)
            draw_technique(CLASS_VECTORS, titled=False)
    return refused


def _draw_pause(key: Hashable, choice: ClassChoice) -> None:
    said = f"Computing {METHODS[choice.method]}"
    if choice.method == "umap":
        said += ". The first time, UMAP compiles its code, which takes some 20 seconds"
    with st.container(key="classes-pause"):
        draw_waiting(key, said)
        st.button("Show PCA instead", key="classes_pca", on_click=lambda: change(class_map="pca"))


def _draw_map(subject: _ClassVectorsSubject, drawn: DrawnMap) -> None:
    choice, shown = subject.choice, subject.shown
    total = len(subject.vectors)
    count = f"{len(shown)} of {total:,}" if len(shown) < total else f"{total:,}"
    settings, figures = tell_figures(choice, drawn)
    st.html(markup.plot_head(f"{METHODS[choice.method]} of {count} classes", settings, figures))
    marks = mark_outputs(subject.contents, subject.coarse, choice.color)
    places = {int(output): place for place, output in enumerate(shown)}
    nearest = find_nearest_classes(subject.vectors, subject.index, _N_LINES).indices
    chosen = places.get(subject.index)
    with st.container(key="class-map"):
        draw_class_chart(
            ClassPoints(
                drawn.found.points,
                [subject.name(i) for i in shown],
                [subject.detail(i) for i in shown],
                [marks[i] for i in shown],
                chosen,
                [places[int(i)] for i in nearest if int(i) in places],
                _digest(key_of(subject.contents.run, choice, shown)),
            ),
            lambda place: change(class_of=int(shown[place])),
        )


def _digest(key: Hashable) -> str:
    return hashlib.blake2b(repr(key).encode(), digest_size=8).hexdigest()


def _draw_class(subject: _ClassVectorsSubject) -> None:
    """The chosen class, found by name, clicked or walked to, and those most like it."""
    outputs = subject.contents.outputs
    st.session_state["class_of"] = subject.index
    st.selectbox(
        "Class",
        range(len(outputs)),
        key="class_of",
        format_func=lambda i: f"{outputs[i].name}" + (f"   {i}" if subject.coarse else ""),
        on_change=lambda: change(class_of=st.session_state["class_of"]),
    )
    found = find_nearest_classes(subject.vectors, subject.index, _N_NEAREST)
    every = find_nearest_classes(subject.vectors, subject.index, len(outputs)).similarities
    st.html(markup.heading("Nearest classes", "cosine"))
    st.html(
        f'<p class="source nearest-note">{_tell_kind(subject)}Others: mean {_write(every.mean())}; '
        f"equally far: {_write(-1 / (len(outputs) - 1))}.</p>"
    )
    marks = mark_outputs(subject.contents, subject.coarse, subject.choice.color)
    on_map = set(subject.shown.tolist())
    draw_nearest_classes(
        [
            NearClass(
                int(i),
                subject.name(int(i)),
                subject.detail(int(i)),
                marks[int(i)][0],
                float(cosine),
                int(i) in on_map,
            )
            for i, cosine in zip(found.indices, found.similarities, strict=True)
        ],
        key="nearest_classes",
        on_pick=lambda index: change(class_of=index),
    )
    with st.container(key="class-link"):
        st.button(
            "What does this class look for?",
            key="class_unit",
            type="tertiary",
            on_click=lambda: _open_unit(subject.index),
        )


def _open_unit(index: int) -> None:
    """Go to the view of units, to a class."""
    change(layer=PROBABILITIES, channel=index)
    write_view("units")


def _write(cosine: float) -> str:
    return f"{round(float(cosine), 3) + 0.0:.3f}".replace("-", "−")  # minus zero is zero


def _tell_kind(subject: _ClassVectorsSubject) -> str:
    """What the class is, and whether it is on the map."""
    kind = escape(subject.detail(subject.index))
    away = "" if subject.index in subject.shown else "Not on this map. "
    return (f"{kind[0].upper()}{kind[1:]}. " if kind else "") + away


def _draw_side(
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
