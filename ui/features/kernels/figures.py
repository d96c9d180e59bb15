"""Weights in figures: of one layer in words and charts, of all layers side by side."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from layerscope.features.weight_figures import WeightFigures
from ui import markup
from ui.channel.figures import write_number
from ui.charts import ACCENT, LINE, MUTED, draw_chart, style_figure
from ui.components.weight_strip import WeightColumn
from ui.markup import Fact
from ui.palette import KIND_COLORS

KINDS = {
    "convolution": KIND_COLORS["conv"],
    "1 × 1": "#4ab8b5",
    "depthwise": KIND_COLORS["pool"],
    "dense": KIND_COLORS["dense"],
}
_NORMAL_NEAR_ZERO = (
    0.0797  # share of a normal distribution within a tenth of its standard deviation
)


def name_kind(figures: WeightFigures) -> str:
    """A key of `KINDS`."""
    if len(figures.shape) == 2:
        return "dense"
    if figures.groups > 1 and figures.shape[1] == 1:
        return "depthwise"
    return "1 × 1" if figures.shape[2:] == (1, 1) else "convolution"


def list_columns(layers: Iterable[WeightFigures]) -> list[WeightColumn]:
    """All layers for the strip."""
    return [
        WeightColumn(
            each.key,
            name_kind(each),
            KINDS[name_kind(each)],
            f"sd {write_number(each.std, 3)}, near zero {each.near_zero:.0%}",
            each.profile,
            each.quantiles,
        )
        for each in layers
    ]


def list_facts(figures: WeightFigures) -> str:
    """A layer's distribution in words."""
    return markup.facts(
        [
            Fact("Shape", " × ".join(map(str, figures.shape))),
            Fact("Mean", write_number(figures.mean, 3)),
            Fact("Deviation", write_number(figures.std, 3), title="Standard deviation"),
            Fact("Range", f"{write_number(figures.low, 3)} to {write_number(figures.high, 3)}"),
            Fact(
                "Near zero",
                f"{figures.near_zero:.1%}; a normal one {_NORMAL_NEAR_ZERO:.0%}",
                title="Share of weights smaller in size than a tenth of the standard deviation",
            ),
            Fact(
                "Norms",
                f"{write_number(float(figures.norms.min()), 3)} to "
                f"{write_number(float(figures.norms.max()), 3)}",
            ),
        ]
    )


def draw_weights(figures: WeightFigures) -> None:
    """The histogram of a layer's weights, with the normal distribution of the same mean and spread."""
    from plotly.graph_objects import Bar, Figure, Scatter

    counts, edges = figures.counts, figures.edges
    middles, width = (edges[1:] + edges[:-1]) / 2, float(edges[1] - edges[0])
    chart = Figure(
        Bar(
            x=middles,
            y=counts,
            width=width,
            marker={"color": KINDS[name_kind(figures)], "line": {"width": 0}},
            customdata=counts / counts.sum(),
            hovertemplate="%{x:.3g}: %{customdata:.2%} of the weights<extra></extra>",
        )
    )
    if figures.std:
        x = np.linspace(edges[0], edges[-1], 129)
        density = np.exp(-(((x - figures.mean) / figures.std) ** 2) / 2)
        density *= int(counts.sum()) * width / (figures.std * np.sqrt(2 * np.pi))
        line = {"color": ACCENT, "width": 1, "dash": "dot"}
        chart.add_trace(Scatter(x=x, y=density, mode="lines", line=line, hoverinfo="skip"))
    style_figure(
        chart,
        150,
        showlegend=False,
        bargap=0,
        margin={"l": 4, "r": 4, "t": 4, "b": 22},
        yaxis={"visible": False},
        dragmode=False,
    )
    chart.update_xaxes(zeroline=True, zerolinecolor=MUTED, showgrid=False, nticks=6)
    draw_chart(chart, "kernel_histogram")


def draw_norms(figures: WeightFigures) -> None:
    """All filters by falling norm: whether some are much stronger than others, or none at all."""
    from plotly.graph_objects import Bar, Figure

    order = np.argsort(-figures.norms, kind="stable")
    what = "neuron" if len(figures.shape) == 2 else "filter"
    chart = Figure(
        Bar(
            x=np.arange(1, len(order) + 1),
            y=figures.norms[order],
            customdata=order,
            marker={"color": "#5f7a93", "line": {"width": 0}},
            hovertemplate=f"{what} %{{customdata}}, rank %{{x}}: %{{y:.3g}}<extra></extra>",
        )
    )
    style_figure(
        chart,
        128,
        showlegend=False,
        bargap=0.12 if len(order) <= 64 else 0,
        margin={"l": 30, "r": 4, "t": 4, "b": 32},
        dragmode=False,
    )
    chart.update_xaxes(title={"text": "rank"}, showgrid=False)
    chart.update_yaxes(nticks=4, gridcolor=LINE, rangemode="tozero")
    draw_chart(chart, "kernel_norms")
