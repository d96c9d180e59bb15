"""The model as a graph, with what it amounts to beside it."""

from __future__ import annotations

import streamlit as st

from ui.address import change
from ui.components.network_graph import draw_network_graph
from ui.controls import choose
from ui.library import Contents
from ui.network.address import LEVELS, check_graph, write_opened
from ui.network.amounts import draw_amounts
from ui.network.details import choose_node, draw_details, draw_search
from ui.network.graphs import wait_for_graph
from ui.network.labels import list_boxes, list_kinds, list_links
from ui.network.techniques import GRAPH
from ui.network.view import NetworkView
from ui.selection import read_selection
from ui.techniques import draw_technique


def draw_graph(view: NetworkView) -> list[str]:
    """Draw the choices and the chosen box at the side, the graph on the stage; returns what was refused."""
    with view.side:
        choose(
            "level",
            "Level",
            tuple(LEVELS),
            view.choice.level,
            LEVELS.__getitem__,
            on_change=lambda: change(level=st.session_state["level"], opened=None),
        )
    left, right = view.stage.columns(2, gap=None)
    panel = left.container(key="panel-graph")
    with panel:
        graph = wait_for_graph(view.contents)
    if graph is None:
        return []
    node, opened, refused = check_graph(view.choice, graph)
    layer = graph.output_of(view.selection.layer)
    chosen = node or (layer.key if layer is not None else graph.operators[0].key)
    with panel:
        draw_network_graph(
            list_boxes(graph, view.contents.layers),
            list_links(graph),
            name=f"{graph.name}, {LEVELS[view.choice.level].lower()}",
            chosen=chosen,
            reveals=node is not None or view.selection.layer != _find_usual(view.contents),
            opened=opened,
            kinds=list_kinds(graph),
            key="network_graph",
            on_pick=lambda key: choose_node(graph, key),
            on_open=lambda keys: change(opened=write_opened(keys, graph, view.choice.level)),
        )
    with right.container(key="panel-amounts"):
        draw_amounts(graph)
        draw_technique(GRAPH)
    with view.side:
        draw_search(graph, chosen)
        draw_details(graph, view.contents, chosen)
    return refused


def _find_usual(contents: Contents) -> str:
    """The layer of a selection that nobody has chosen: what is seen then begins at the input."""
    return read_selection({}, contents)[0].layer
