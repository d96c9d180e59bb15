"""The model as a graph, with what it amounts to beside it."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.address import change
from ui.components.network_graph import draw_network_graph
from ui.controls import choose
from ui.library import Contents
from ui.network.address import LEVELS, NetworkChoice, check_graph, write_opened
from ui.network.amounts import draw_amounts
from ui.network.details import choose_node, draw_details, draw_search
from ui.network.graphs import wait_for_graph
from ui.network.labels import list_boxes, list_kinds, list_links
from ui.network.techniques import GRAPH
from ui.selection import Selection, read_selection
from ui.techniques import draw_technique


def draw_graph(
    selection: Selection,
    choice: NetworkChoice,
    contents: Contents,
    side: DeltaGenerator,
    stage: DeltaGenerator,
) -> list[str]:
    """Draw the choices and the chosen box at the side, the graph on the stage; returns what was refused."""
    with side:
        choose(
            "level",
            "Level",
            tuple(LEVELS),
            choice.level,
            LEVELS.__getitem__,
            on_change=lambda: change(level=st.session_state["level"], opened=None),
        )
    left, right = stage.columns(2, gap=None)
    panel = left.container(key="panel-graph")
    with panel:
        graph = wait_for_graph(contents)
    if graph is None:
        return []
    node, opened, refused = check_graph(choice, graph)
    layer = graph.output_of(selection.layer)
    chosen = node or (layer.key if layer is not None else graph.operators[0].key)
    with panel:
        draw_network_graph(
            list_boxes(graph, contents.layers),
            list_links(graph),
            name=f"{graph.name}, {LEVELS[choice.level].lower()}",
            chosen=chosen,
            reveals=node is not None or selection.layer != _find_usual(contents),
            opened=opened,
            kinds=list_kinds(graph),
            key="network_graph",
            on_pick=lambda key: choose_node(graph, key),
            on_open=lambda keys: change(opened=write_opened(keys, graph, choice.level)),
        )
    with right.container(key="panel-amounts"):
        draw_amounts(graph)
        draw_technique(GRAPH)
    with side:
        draw_search(graph, chosen)
        draw_details(graph, contents, chosen)
    return refused


def _find_usual(contents: Contents) -> str:
    """The layer of a selection that nobody has chosen: what is seen then begins at the input."""
    return read_selection({}, contents)[0].layer
