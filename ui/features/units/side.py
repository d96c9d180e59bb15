"""The controls of the side panel: which unit, and how a picture is found that maximises it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from layerscope.models.layers import GIVEN, INPUT, PROBABILITIES, Layer
from ui import markup
from ui.address import change
from ui.controls import choose
from ui.explain.options import draw_options, fill_options
from ui.features.units.choice import (
    CHANNEL,
    CLASS,
    NEURON,
    NOISE,
    OPTIONS,
    SAMPLE,
    STARTS,
    UnitChoice,
    change_option,
    has_maps,
    name_kind,
    write_choice,
)
from ui.features.units.layer_units import name_units
from ui.library import Contents
from ui.selection import Selection

_LEFT = "units_layer_before"  # in the session: the layer that was left for the classes


@dataclass(frozen=True)
class UnitSubject:
    """The unit that is looked at.

    Attributes
    ----------
    contents : Contents
    selection : Selection
    choice : UnitChoice
    layer : Layer
        Not the input.
    channel : int
        The selection's, or the first of the order.
    """

    contents: Contents
    selection: Selection
    choice: UnitChoice
    layer: Layer
    channel: int

    @property
    def run(self) -> str:
        """Name of the run."""
        return self.contents.run

    @property
    def kind(self) -> str:
        """`CHANNEL`, `NEURON` or `CLASS`."""
        return name_kind(self.layer, self.choice)

    @property
    def name(self) -> str:
        """The unit, as people read it."""
        names = name_units(self.run, self.layer)
        if names is not None:
            return names[self.channel]
        if self.kind == NEURON:
            row, column = self.choice.place(self.layer)
            return f"neuron {self.channel} at {row}, {column}"
        return f"{'channel' if has_maps(self.layer) else 'neuron'} {self.channel}"


def draw_layer(contents: Contents, layer: Layer, choice: UnitChoice) -> None:
    """Which layer; the input has no units."""
    layers = {each.key: each for each in contents.layers if each.key not in {INPUT, GIVEN}}

    def name(key: str) -> str:
        found = layers[key]
        label = "" if found.label == key else f"  {found.label}"
        return f"{key}{label}  {' × '.join(map(str, found.shape))}"

    st.session_state["units_layer"] = layer.key if layer.key in layers else None
    st.selectbox(
        "Layer",
        tuple(layers),
        index=0 if layer.key in layers else None,
        key="units_layer",
        format_func=name,
        placeholder="Choose a layer",
        on_change=lambda: _go(contents, layer, st.session_state["units_layer"], choice),
    )


def _go(contents: Contents, before: Layer, key: str | None, choice: UnitChoice) -> None:
    """To another layer: a channel's number means another channel there, a place another place."""
    if key is None:
        return
    if contents.layer(key).shape != before.shape:
        choice = replace(choice, row=None, column=None)
        change(channel=None)
    if not has_maps(contents.layer(key)):
        choice = replace(choice, unit=CHANNEL, row=None, column=None)
    change(layer=key)
    write_choice(choice)


def draw_unit(subject: UnitSubject) -> None:
    """What is maximised, and which one of its kind."""
    _draw_kind(subject)
    if (names := name_units(subject.run, subject.layer)) is not None:
        st.session_state["units_class"] = subject.channel
        st.selectbox(
            "Class",
            range(len(names)),
            key="units_class",
            format_func=names.__getitem__,
            help="Type to search. What is maximised is its logit: the probability also rises where all "
            "others fall.",
            on_change=lambda: change(channel=st.session_state["units_class"]),
        )
        return
    what = "Channel" if has_maps(subject.layer) else "Neuron"
    fields = [("units_channel", what, subject.layer.shape[0], subject.channel)]
    if subject.kind == NEURON:
        row, column = subject.choice.place(subject.layer)
        fields += [
            ("units_row", "Row", subject.layer.shape[1], row),
            ("units_column", "Column", subject.layer.shape[2], column),
        ]
    with st.container(key="units-numbers", horizontal=True, gap=None):
        for key, label, count, value in fields:
            st.session_state[key] = value
            st.number_input(label, 0, count - 1, key=key, on_change=_take(subject, key))


def _take(subject: UnitSubject, key: str) -> Callable[[], None]:
    """What is done when a number has been changed."""

    def take() -> None:
        value = int(st.session_state[key])
        if key == "units_channel":
            change(channel=value)
        elif key == "units_row":
            write_choice(replace(subject.choice, row=value))
        else:
            write_choice(replace(subject.choice, column=value))

    return take


def _draw_kind(subject: UnitSubject) -> None:
    maps = has_maps(subject.layer)
    neuron = (NEURON,) if maps and subject.kind != CLASS else ()
    of_class = (CLASS,) if subject.contents.outputs else ()
    kinds = (CHANNEL, *neuron, *of_class)
    names = {CHANNEL: "Channel" if maps else "Neuron", NEURON: "Neuron", CLASS: "Class"}
    if subject.kind == CLASS:
        names[CHANNEL] = "Unit of a layer"
    choose(
        "units_kind",
        "What is maximised",
        kinds,
        subject.kind,
        names.__getitem__,
        on_change=lambda: _change_kind(subject),
    )


def _change_kind(subject: UnitSubject) -> None:
    kind = st.session_state["units_kind"]
    if kind == CLASS:
        st.session_state[_LEFT] = subject.layer.key
        _go(subject.contents, subject.layer, PROBABILITIES, subject.choice)
    elif subject.kind == CLASS:
        inner = [layer for layer in subject.contents.layers if has_maps(layer)][1:]
        keys = [layer.key for layer in subject.contents.layers[1:-1]]
        left = st.session_state.get(_LEFT)
        start = left if left in keys else (inner[-1].key if inner else keys[-1])
        _go(subject.contents, subject.layer, start, subject.choice)
    else:
        write_choice(replace(subject.choice, unit=kind))


def draw_ascent(subject: UnitSubject) -> None:
    """Where the ascent starts, and its options."""
    choice, selection = subject.choice, subject.selection
    st.html(markup.heading("Gradient ascent"))
    choose(
        "units_from",
        "Starts from",
        tuple(STARTS),
        choice.ascent_from,
        STARTS.__getitem__,
        on_change=lambda: write_choice(replace(choice, ascent_from=st.session_state["units_from"])),
    )
    if choice.ascent_from == SAMPLE:
        st.session_state["units_sample"] = selection.sample or 0
        st.number_input(
            "Sample",
            0,
            selection.size - 1,
            key="units_sample",
            help="The sample that is pinned, or any other. A click on a top-activating image pins it.",
            on_change=lambda: change(sample=st.session_state["units_sample"]),
        )
    values = fill_options(OPTIONS, choice.ascent)
    seed = OPTIONS[-1]
    with st.container(key="units-options", gap=None):
        draw_options(
            "ascent", OPTIONS[:-1], values, lambda key, value: change_option(choice, key, value)
        )
        st.session_state["units_seed"] = values[seed.key]
        st.number_input(
            seed.label,
            int(seed.low),
            int(seed.high),
            key="units_seed",
            help=seed.meaning,
            on_change=lambda: change_option(choice, seed.key, int(st.session_state["units_seed"])),
        )
    if choice.ascent or choice.ascent_from != NOISE:
        st.button(
            "Reset the options",
            key="units_reset",
            type="tertiary",
            on_click=lambda: write_choice(replace(choice, ascent={}, ascent_from=NOISE)),
        )
