"""The Explorer's stage: the plot, the activations under it, and the inspector beside them.

All of it is one fragment: a click on a sample reruns these three and nothing else.
"""

from __future__ import annotations

import streamlit as st

from layerscope.embedding.pca import CONSTANT
from ui.address import change, read_params
from ui.channel.activations import draw_activations
from ui.channel.dialog import open_channel
from ui.components.scatter import draw_scatter
from ui.explorer import view
from ui.lasso import draw_lassoed, read_choices, read_lassoed
from ui.layouts import family, is_constant
from ui.library import Contents
from ui.markup import plot_head
from ui.sample.inspector import Inspected, draw_hint, draw_inspector
from ui.selection import Selection, read_selection, write_selection
from ui.shell import draw_link, explained, show_problem

_SHOWN = {"sample": "Sample", "set": "Set"}


def pin(uid: int | None) -> None:
    """Choose a sample, or none."""
    change(sample=uid, why=None, against=None)
    st.session_state["inspected"] = "set" if uid is None else "sample"


@st.fragment
def draw_stage(contents: Contents) -> None:
    """Draw what the address asks for."""
    selection, _ = read_selection(read_params(), contents)
    write_selection(selection)
    left, right = st.columns(2, gap=None)
    with left.container(key="plot-panel"), explained():
        draw_plot(selection, contents)
    with right.container(key="inspector-panel"), explained():
        draw_side(selection, contents)
    with left.container(key="activations-panel"), explained():
        draw_channels(selection, contents)


def draw_plot(selection: Selection, contents: Contents) -> None:
    """The scatter plot with its title."""
    points = view.load_points(selection, contents)
    figures = view.list_figures(selection)
    st.html(plot_head(view.name_method(selection), view.describe_data(selection), figures))
    if is_constant(selection.run, selection.size, selection.layer):
        show_problem(CONSTANT)
        return

    def inspect_lassoed(uids: tuple[int, ...]) -> None:
        st.session_state["inspected"] = "set" if uids else "sample"

    with st.container(key="scatter"):
        draw_scatter(points, read_choices(selection, pin, inspect_lassoed), key="points")


def draw_side(selection: Selection, contents: Contents) -> None:
    """The inspector: the pinned sample, the lassoed set, or what to do to get one."""
    caught = read_lassoed(family(selection))
    there = [
        name for name, has in (("sample", selection.sample is not None), ("set", caught)) if has
    ]
    if not there:
        draw_hint()
        return
    shown = st.session_state.get("inspected")
    if len(there) == 2:
        st.session_state["inspected"] = shown if shown in there else there[0]
        st.segmented_control(
            "Inspected",
            there,
            key="inspected",
            format_func=_SHOWN.__getitem__,
            required=True,
            label_visibility="collapsed",
            width="stretch",
        )
        shown = st.session_state["inspected"]
    else:
        shown = there[0]
    if shown == "set":
        draw_lassoed(caught, selection, contents, on_pin=pin)
        return
    draw_inspector(
        Inspected(
            selection.run,
            selection.size,
            selection.layer,
            int(selection.sample or 0),
            selection.why,
            selection.against,
            view.load_neighbors(selection, contents),
            selection.near,
            family(selection),
        ),
        on_release=lambda: pin(None),
        on_pin=pin,
        on_target=lambda output: change(why=output),
        on_contrast=lambda output: change(against=output),
        on_near=lambda near: change(near=near),
    )


def draw_channels(selection: Selection, contents: Contents) -> None:
    """What each channel of the layer makes of the pinned sample, and one of them in a dialog."""
    layer = contents.layer(selection.layer)
    draw_activations(
        selection.run,
        layer,
        selection.sample,
        chosen=selection.channel,
        order=selection.order,
        on_pick=lambda channel: change(channel=channel),
        on_order=lambda order: change(order=order),
    )
    if selection.sample is not None and selection.channel is not None:
        open_channel(
            selection.run,
            selection.size,
            layer,
            selection.sample,
            selection.channel,
            order=selection.order,
            on_pick=lambda channel: change(channel=channel),
            on_pin=pin,
            on_close=lambda: change(channel=None),
            draw_more=lambda channel: draw_link(
                "Features", "What it looks for", channel=channel, show="units"
            ),
        )
