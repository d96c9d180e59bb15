"""The weights themselves: filters as pictures, their norms, and how they are distributed."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from layerscope.errors import InputError
from ui import markup
from ui.address import change, read_params
from ui.assets import read_asset
from ui.components.kernel_grid import draw_kernel_grid
from ui.components.weight_strip import draw_weight_strip
from ui.controls import choose
from ui.features.address import write_view
from ui.features.kernels.choice import (
    ORDERS,
    SIZES,
    KernelChoice,
    change_layer,
    change_pages,
    count_pages,
    read_kernel_choice,
    write_kernel_choice,
)
from ui.features.kernels.figures import draw_norms, draw_weights, list_columns, list_facts
from ui.features.kernels.pages import Weights, cut_page, list_shapes, summarize
from ui.features.techniques import KERNELS
from ui.library import Contents, find_source
from ui.live import engine
from ui.live.weights import describe
from ui.queue import State
from ui.selection import Selection
from ui.shell import show_problem
from ui.techniques import draw_technique
from ui.waiting import draw_waiting, obtain

_MANY = 20_000_000  # weights that take seconds to describe
_LAST_RUN = "kernels-run"  # in the session: a layer of another run's model is no error of a link


def draw(
    selection: Selection, contents: Contents, side: DeltaGenerator, stage: DeltaGenerator
) -> list[str]:
    """Draw the layer at the left, its filters and all layers at the right."""
    stage.html(f"<style>{read_asset(__file__, 'kernels.css')}</style>")
    try:
        source = find_source(contents.run)
    except InputError as problem:
        return _say(stage, str(problem))
    key = ("kernels", source)
    is_long = sum(layer.parameters for layer in contents.layers) > _MANY
    report = obtain(
        "kernels", key, engine.networks.work(describe, source, is_long=is_long), is_long
    )
    found = None if isinstance(report, str) else report.result
    if isinstance(report, str) or report.state is State.FAILED:
        return _say(stage, report if isinstance(report, str) else report.problem)
    if report.is_open or found is None:
        with stage.container(key="panel-kernels-waiting"):
            draw_waiting(key, "Reading the weights of all layers")
        return []
    network = Weights(source, found, list_shapes(found, contents.layers))
    if not network.shapes:
        return _say(stage, f"{found.name} has no convolution and no dense layer.")
    choice, refused = read_kernel_choice(read_params(), network.shapes)
    write_kernel_choice(choice, next(iter(network.shapes)))
    if st.session_state.get(_LAST_RUN, contents.run) != contents.run:
        refused = []
    st.session_state[_LAST_RUN] = contents.run
    _draw_side(network, choice, side)
    with stage:
        _draw_stage(network, choice, contents)
    return refused


def _say(stage: DeltaGenerator, problem: str) -> list[str]:
    with stage.container(key="panel-kernels-empty"):
        show_problem(problem)
    return []


def _draw_side(network: Weights, choice: KernelChoice, side: DeltaGenerator) -> None:
    figures = network.figures[choice.layer]
    shape = network.shapes[choice.layer]
    with side:
        st.session_state["kernel_layer"] = choice.layer
        st.selectbox(
            "Layer with weights",
            tuple(network.shapes),
            key="kernel_layer",
            format_func=lambda key: f"{key}   {_write_shape(network.figures[key].shape)}",
            on_change=lambda: change_layer(st.session_state["kernel_layer"]),
        )
        choose(
            "kernel_order",
            "Order",
            tuple(ORDERS),
            choice.order,
            ORDERS.__getitem__,
            lambda: change_pages(kernel_order=st.session_state["kernel_order"]),
        )
        if max(count_pages("large", shape)) > 1:
            choose(
                "kernel_size",
                "Tiles",
                tuple(SIZES),
                choice.size,
                SIZES.__getitem__,
                lambda: change_pages(kernel_size=st.session_state["kernel_size"]),
            )
        st.html(markup.heading("Weights", f"{figures.size:,}"))
        st.html(list_facts(figures))
        draw_weights(figures)


def _write_shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _draw_stage(network: Weights, choice: KernelChoice, contents: Contents) -> None:
    figures, shape = network.figures[choice.layer], network.shapes[choice.layer]
    left, right = st.columns(2, gap=None)
    with left:
        with st.container(key="panel-kernels"):
            draw_kernel_grid(
                cut_page(network, choice, contents.layers),
                key="kernel_grid",
                on_pick=lambda channel: _open_unit(choice.layer, channel),
                on_page=lambda axis, page: change(**{f"kernel_{axis}": page or None}),
            )
        with st.container(key="panel-layers"):
            draw_weight_strip(
                list_columns(network.weighted.figures),
                choice.layer,
                key="weight_strip",
                on_pick=change_layer,
            )
    with right.container(key="panel-reading"):
        st.html(markup.heading("Norms", summarize(figures, shape).split(" of ")[0]))
        draw_norms(figures)
        draw_technique(KERNELS, titled=False)


def _open_unit(layer: str, channel: int) -> None:
    """Go to the view of units, to a channel of a layer."""
    change(layer=layer, channel=channel, unit=None)
    write_view("units")
