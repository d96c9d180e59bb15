"""What the model amounts to, in all and by stage."""

from __future__ import annotations

from html import escape

import streamlit as st

from layerscope.models.graph.model_graph import ModelGraph, Total, add_up
from ui import markup
from ui.components.model_map.captions import format_count
from ui.markup import Fact
from ui.network.labels import format_memory, format_share, format_work


def draw_amounts(graph: ModelGraph) -> None:
    """Totals, and a table of stages with a bar for each share."""
    whole = add_up(graph.operators)
    rows = [
        Fact("Parameters", format_count(whole.parameters), title=f"{whole.parameters:,}"),
        Fact("Multiply-adds", format_work(whole.multiply_adds), title=f"{whole.multiply_adds:,}"),
        Fact("Outputs, float32", format_memory(whole.memory), title=f"{whole.memory:,} bytes"),
        Fact("Operators", str(whole.operators)),
        Fact("Traced by", graph.traced_by),
    ]
    if graph.idle_parameters:
        rows.append(
            Fact(
                "Idle",
                format_count(graph.idle_parameters),
                title=f"{graph.idle_parameters:,} parameters that inference does not use",
                behind="used in training only",
            )
        )
    st.html(markup.heading("The model", "for one picture") + markup.facts(rows))
    lines = "".join(
        _draw_row(stage.label, add_up(graph.members(stage.key)), whole) for stage in graph.stages
    )
    st.html(
        '<table class="amounts"><thead><tr><th scope="col">Stage</th><th scope="col">parameters</th>'
        '<th scope="col" title="multiply-adds">mult-adds</th><th scope="col">memory</th></tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def _draw_row(label: str, total: Total, whole: Total) -> str:
    cells = (
        (total.parameters, whole.parameters, format_count(total.parameters), "parameters"),
        (total.multiply_adds, whole.multiply_adds, format_work(total.multiply_adds), "work"),
        (total.memory, whole.memory, format_memory(total.memory), "memory"),
    )
    drawn = "".join(
        f'<td title="{count:,}, {escape(format_share(count / max(1, of_all)))}">{escape(text)}'
        f'<i class="{name}" style="width:{100 * count / max(1, of_all):.1f}%"></i></td>'
        for count, of_all, text, name in cells
    )
    return f'<tr><th scope="row">{escape(label)}</th>{drawn}</tr>'
