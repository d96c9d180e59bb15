"""Charts of distributions: one layer through the epochs, all layers after one, a figure of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerscope.explanation.heatmap import colorize
from layerscope.training.distributions import Distributions, find_moments, find_quantiles, spread
from ui.charts import ACCENT, FAINT, MUTED, RAISED, style_figure
from ui.markup import escape_plotly
from ui.network.scales import Scale
from ui.palette import KIND_COLORS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_GROUND = "#0e1114"  # of the frame that the matrix comes in
_ANY = 300  # pixels, where the panel says how high
_POINTS = 120  # of a curve
_OVERLAP = 1.9  # rows that the highest point of a ridge reaches over
_OUTER = np.array([0.0005, 0.9995])
_NAMED = np.array([0.01, 0.25, 0.5, 0.75, 0.99])


def draw_history(
    distributions: Distributions,
    quantity: str,
    layer: str,
    epoch: int,
    scale: Scale,
    drawing: str,
) -> Figure:
    """One layer through all epochs: ridges, the latest in front, or a heat map.

    Each epoch has its own height, so that its form is seen; how many values there are does not change.
    """
    import plotly.graph_objects as go

    counts, ranges = distributions.of(quantity, layer)
    outer = find_quantiles(counts, ranges, _OUTER)
    low, high = float(outer[:, 0].min()), float(outer[:, 1].max())
    places = scale.divide(low, high, _POINTS)
    edges = scale.value(places)
    density = spread(counts, ranges, edges)
    density /= np.maximum(density.max(axis=1, keepdims=True), np.finfo(float).tiny)
    middles = (places[1:] + places[:-1]) / 2
    values = scale.value(middles)
    figure = go.Figure()
    axis = {"range": [places[0], places[-1]], "showgrid": True, **scale.ticks(low, high)}
    if drawing == "heat":
        figure.add_heatmap(
            x=middles,
            y=np.arange(len(density)),
            z=density,
            customdata=np.broadcast_to(values, density.shape),
            colorscale=_list_inferno(),
            showscale=False,
            hovertemplate="epoch %{y}<br>value %{customdata:.3g}<br>%{z:.0%} of its peak<extra></extra>",
        )
        figure.add_hline(y=epoch + 0.5, line={"color": ACCENT, "width": 1})
        figure.add_hline(y=epoch - 0.5, line={"color": ACCENT, "width": 1})
    else:
        for i, row in enumerate(density):
            _add_ridge(figure, middles, values, row, i, i == epoch)
    top = -0.6 if drawing == "heat" else -_OVERLAP
    return style_figure(
        figure,
        _ANY,
        showlegend=False,
        margin={"l": 44, "r": 8, "t": 4, "b": 26},
        xaxis=axis,
        yaxis={
            "title": {"text": "epoch"},
            "range": [distributions.last + 0.6, top],
            "showgrid": False,
            "zeroline": False,
            "tickvals": _list_epochs(distributions.last),
        },
    )


def _list_inferno() -> list[list[float | str]]:
    """The app's scale of colours in steps that every version of plotly reads alike.

    Newer ones take a colour whose three parts are all below one for shares of one: black would be violet.
    """
    places = np.linspace(0, 1, 33)
    return [
        [float(place), "#{:02x}{:02x}{:02x}".format(*(max(2, int(each)) for each in color))]
        for place, color in zip(places, colorize(places[None])[0], strict=True)
    ]


def _list_colors(shown: np.ndarray, form: str, is_log: bool) -> dict[str, list[float] | list[str]]:
    """Four values beside the scale of colours."""
    known = shown[np.isfinite(shown)]
    places = np.linspace(known.min(), known.max(), 4) if len(known) else np.zeros(1)
    values = 10**places if is_log else places
    short = ".0%" if form.endswith("%") else ".2g"
    return {
        "tickvals": [float(each) for each in places],
        "ticktext": [format(each, short) for each in values],
    }


def _list_epochs(last: int) -> list[int]:
    return list(range(0, last + 1, 1 if last <= 12 else 5 if last <= 60 else 20))


def _add_ridge(
    figure: Figure,
    places: np.ndarray,
    values: np.ndarray,
    heights: np.ndarray,
    epoch: int,
    is_chosen: bool,
) -> None:
    figure.add_scatter(
        x=np.concatenate([places[:1], places, places[-1:]]),
        y=np.concatenate([[epoch], epoch - _OVERLAP * heights, [epoch]]),
        customdata=np.concatenate([values[:1], values, values[-1:]]),
        mode="lines",
        fill="toself",
        fillcolor="rgba(74,58,32,.94)" if is_chosen else "rgba(27,37,48,.93)",
        line={"color": ACCENT if is_chosen else "#5d88ab", "width": 1.6 if is_chosen else 1},
        hoveron="points",
        hovertemplate=f"epoch {epoch}<br>value %{{customdata:.3g}}<extra></extra>",
    )


def draw_layers(
    distributions: Distributions,
    quantity: str,
    epoch: int,
    chosen: str,
    labels: Sequence[str],
    kinds: Sequence[str],
    scale: Scale,
    height: int,
) -> Figure:
    """All layers after one epoch as violins, from input at the top to output at the bottom.

    Each has its own thickness; the axis is that of all epochs, so that it stands still while they pass.
    """
    import plotly.graph_objects as go

    counts, ranges = distributions.at(epoch, quantity)
    q = distributions.quantities.index(quantity)
    outer = find_quantiles(distributions.counts[:, q], distributions.ranges[:, q], _OUTER)
    mean, deviation = find_moments(counts, ranges)
    named = find_quantiles(counts, ranges, _NAMED)
    figure = go.Figure()
    for i, key in enumerate(distributions.layers):
        low, high = find_quantiles(counts[i : i + 1], ranges[i : i + 1], _OUTER)[0]
        places = scale.divide(low, high, _POINTS)
        edges = scale.value(places)
        density = spread(counts[i : i + 1], ranges[i : i + 1], edges)[0]
        half = 0.44 * density / max(density.max(), np.finfo(float).tiny)
        middles = (places[1:] + places[:-1]) / 2
        color = ACCENT if key == chosen else KIND_COLORS.get(kinds[i], MUTED)
        figure.add_scatter(
            x=np.concatenate([middles, middles[::-1]]),
            y=np.concatenate([i - half, i + half[::-1]]),
            mode="lines",
            fill="toself",
            fillcolor=color,
            opacity=0.85,
            line={"color": color, "width": 1},
            hoveron="fills",
            name=key,
            text=_tell_violin(key, counts[i], mean[i], deviation[i], named[i]),
            hoverinfo="text",
        )
    low, high = float(outer[..., 0].min()), float(outer[..., 1].max())
    return style_figure(
        figure,
        height,
        showlegend=False,
        xaxis={"range": scale.place(np.array([low, high])).tolist(), **scale.ticks(low, high)},
        yaxis={
            "range": [len(labels) - 0.4, -0.6],
            "tickvals": list(range(len(labels))),
            "ticktext": [
                f"<b>{escape_plotly(label)}</b>" if key == chosen else escape_plotly(label)
                for key, label in zip(distributions.layers, labels, strict=True)
            ],
            "showgrid": False,
            "zeroline": False,
        },
        hovermode="closest",
    )


def _tell_violin(
    key: str, counts: np.ndarray, mean: float, deviation: float, named: np.ndarray
) -> str:
    low, first, middle, third, high = named
    told = (
        f"{counts.sum():,} values<br>mean {mean:.3g}, standard deviation {deviation:.3g}<br>"
        f"half of them from {first:.3g} to {third:.3g}, median {middle:.3g}<br>"
        f"98 % from {low:.3g} to {high:.3g}"
    )
    return f"<b>{escape_plotly(key)}</b>, {told.replace('-', '−')}"


def draw_matrix(
    figures: np.ndarray, labels: Sequence[str], name: str, form: str, is_log: bool, height: int
) -> Figure:
    """A figure of each layer and epoch as a heat map whose cells can be clicked.

    Parameters
    ----------
    figures : ndarray of float, (L, E)
        nan where there is none.
    labels : sequence of str
        Of the layers.
    name : str
        What the figures are.
    form : str
        How one is written, for example ``.1%``.
    is_log : bool
        Whether colours follow the logarithm.
    height : int
        Pixels.
    """
    import plotly.graph_objects as go

    labels = list(map(escape_plotly, labels))
    with np.errstate(divide="ignore", invalid="ignore"):
        shown = np.log10(figures) if is_log else figures
    z = [[float(v) if np.isfinite(v) else None for v in row] for row in shown]
    texts = [
        [
            f"{label}, epoch {e}: {name} {format(v, form)}" if np.isfinite(v) else "none"
            for e, v in enumerate(row)
        ]
        for label, row in zip(labels, figures, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            x=list(range(figures.shape[1])),
            y=labels,
            z=z,
            text=texts,
            hoverinfo="text",
            colorscale=_list_inferno(),
            xgap=1,
            ygap=1,
            colorbar={
                "thickness": 8,
                "outlinewidth": 0,
                "tickfont": {"size": 10, "color": FAINT},
                **_list_colors(shown, form, is_log),
            },
        )
    )
    return style_figure(
        figure,
        height,
        margin={"l": 70, "r": 8, "t": 8, "b": 24},
        paper_bgcolor=_GROUND,
        plot_bgcolor=RAISED,
        xaxis={
            "tickvals": _list_epochs(figures.shape[1] - 1),
            "showgrid": False,
        },
        yaxis={"autorange": "reversed", "showgrid": False, "type": "category"},
        dragmode=False,
    )
