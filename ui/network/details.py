"""The chosen box in figures, and the way to it in the Explorer."""

from __future__ import annotations

from html import escape

import streamlit as st

from layerscope.models.graph.model_graph import ModelGraph, Operator, add_up
from layerscope.models.layers import Layer
from ui import markup
from ui.address import change
from ui.components.model_map.captions import format_count
from ui.glossary import define
from ui.library import Contents
from ui.markup import Fact
from ui.network.labels import (
    format_memory,
    format_share,
    format_sides,
    format_work,
    name_operator,
    tell_span,
)
from ui.shell import draw_link


def draw_search(graph: ModelGraph, node: str) -> None:
    """All groups and operators in a list to type into."""
    names = {group.key: f"{group.label}  (group)" for group in graph.groups}
    names |= {each.key: f"{each.key}  {name_operator(each)}" for each in graph.operators}
    st.session_state["node"] = node
    st.selectbox(
        "Chosen",
        tuple(names),
        key="node",
        format_func=names.__getitem__,
        help="Click a box in the graph, or type to search.",
        on_change=lambda: choose_node(graph, st.session_state["node"]),
    )


def choose_node(graph: ModelGraph, key: str) -> None:
    """Choose a box; one that is a layer is the layer of all pages."""
    operator = next((each for each in graph.operators if each.key == key), None)
    if operator is not None and operator.layer and graph.output_of(operator.layer) == operator:
        change(node=None, layer=operator.layer, channel=None)
    else:
        change(node=key)


def draw_details(graph: ModelGraph, contents: Contents, node: str) -> None:
    """What is known of the chosen box."""
    with st.container(key="node-details", gap=None):
        if any(group.key == node for group in graph.groups):
            _draw_group(graph, node)
        else:
            _draw_operator(graph, contents, graph.operator(node))


def _draw_group(graph: ModelGraph, key: str) -> None:
    members = graph.members(key)
    total, whole = add_up(members), add_up(graph.operators)
    inside = {each.key for each in members}
    into = [
        edge.shape for edge in graph.edges if edge.target in inside and edge.source not in inside
    ]
    rows = [
        Fact("Modules", tell_span(members), "plain"),
        Fact("Operators", str(total.operators)),
        Fact("In", ", ".join(dict.fromkeys(map(format_sides, into))), "plain"),
        Fact("Out", format_sides(total.shape), "plain"),
        *_tell_amounts(total.parameters, total.multiply_adds, total.memory, graph),
        Fact("Receptive field", f"{total.receptive_field} px", title=define("receptive field")),
    ]
    st.html(markup.heading(graph.group(key).label, "group") + markup.facts(rows))
    sums = sum(each.kind == "sum" for each in members)
    if sums:
        noun = "residual sum" if sums == 1 else "residual sums"
        st.html(f'<p class="said">{sums} {noun} inside; {whole.operators} operators in all.</p>')


def _draw_operator(graph: ModelGraph, contents: Contents, operator: Operator) -> None:
    into = [edge for edge in graph.edges if edge.target == operator.key]
    out_to = [edge.target for edge in graph.edges if edge.source == operator.key]
    rows = [
        Fact("Operator", operator.operator, "plain"),
        Fact("Module", operator.module or "the model itself", "plain"),
        Fact("In", ", ".join(format_sides(edge.shape) for edge in into) or "none", "plain"),
        Fact("Comes from", ", ".join(edge.source for edge in into) or "nothing", "plain"),
        Fact("Out", format_sides(operator.shape), "plain"),
        *(
            Fact(name.rpartition(".")[2], format_sides(shape), "plain")
            for name, shape in operator.weights
        ),
        *_tell_amounts(operator.parameters, operator.multiply_adds, operator.memory, graph),
        Fact("Receptive field", f"{operator.receptive_field} px", title=define("receptive field")),
        Fact("Goes to", ", ".join(out_to) or "nothing", "plain"),
    ]
    st.html(markup.heading(name_operator(operator), operator.kind) + markup.facts(rows))
    if operator.module_type:
        st.html(f'<p class="printed">{escape(operator.module_type)}</p>')
    _draw_layer_link(graph, contents, operator)


def _tell_amounts(
    parameters: int, multiply_adds: int, memory: int, graph: ModelGraph
) -> list[Fact]:
    whole = add_up(graph.operators)
    rows = []
    for name, count, of_all, text in (
        ("Parameters", parameters, whole.parameters, format_count(parameters)),
        ("Multiply-adds", multiply_adds, whole.multiply_adds, format_work(multiply_adds)),
        ("Output memory", memory, whole.memory, format_memory(memory)),
    ):
        share = format_share(count / max(1, of_all)) if count else ""
        rows.append(Fact(name, text if count else "none", title=f"{count:,}", behind=share))
    return rows


def _draw_layer_link(graph: ModelGraph, contents: Contents, operator: Operator) -> None:
    layer = _find_layer(contents, operator)
    if layer is None:
        st.html(
            '<p class="said">Not a layer of its own in Layerscope: it changes no value at inference, or '
            "stands between layers.</p>"
        )
        return
    is_output = graph.output_of(layer.key) == operator
    said = "is the layer" if is_output else "is a part of the layer"
    name = layer.key if layer.label == layer.key else f"{layer.key} ({layer.label})"
    st.html(f'<p class="said">It {said} <code>{escape(name)}</code>.</p>')
    with st.container(key="node-link"):
        draw_link("Explorer", f"Open {layer.key} in the Explorer", layer=layer.key, channel=None)


def _find_layer(contents: Contents, operator: Operator) -> Layer | None:
    return next((layer for layer in contents.layers if layer.key == operator.layer), None)
