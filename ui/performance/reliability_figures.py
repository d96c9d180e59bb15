"""Charts of calibration: how often predictions of a confidence are correct, before and after scaling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layerscope.performance.calibration import Bins
from ui.charts import ACCENT, HEIGHT, MUTED, style_figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_BAR, _COUNT, _AFTER = "#35566f", "#3f4954", "#4ab8b5"
_AXIS: dict[str, Any] = {"zeroline": False, "fixedrange": True}


def draw_reliability(bins: Bins, names: tuple[str, str]) -> Figure:
    """Accuracy over confidence with intervals, and below how many samples a bin has.

    Parameters
    ----------
    bins : Bins
    names : tuple of str
        Of the axes: what is claimed, and what is so.
    """
    from plotly import graph_objects as go

    there = bins.counts > 0
    left, width = bins.edges[:-1][there], np.diff(bins.edges)[there]
    told = [
        f"{n} samples<br>{names[1]} {a:.3f} ({low:.3f} to {high:.3f})<br>{names[0]} {c:.3f}"
        for n, a, low, high, c in zip(
            bins.counts[there],
            bins.accuracy[there],
            bins.low[there],
            bins.high[there],
            bins.confidence[there],
            strict=True,
        )
    ]
    # Bins of equal mass may be as narrow as a point.
    shared = {
        "x": (left + width / 2).tolist(),
        "width": np.maximum(width - 0.003, 0.003).tolist(),
        "customdata": told,
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    figure = go.Figure(
        [
            go.Bar(y=bins.accuracy[there].tolist(), marker={"color": _BAR}, **shared),
            _diagonal(),
            _points(bins, ACCENT, told),
            go.Bar(y=bins.counts[there].tolist(), marker={"color": _COUNT}, yaxis="y2", **shared),
        ]
    )
    figure.layout.yaxis2 = {"anchor": "x"}  # so that it is styled as well
    return style_figure(
        figure,
        HEIGHT,
        showlegend=False,
        barmode="overlay",
        dragmode=False,
        hovermode="closest",
        margin={"l": 52, "r": 12, "t": 8, "b": 40},
        xaxis=_AXIS | {"range": [-0.01, 1.01], "title": {"text": names[0]}, "anchor": "y2"},
        yaxis=_AXIS | {"range": [0, 1.02], "domain": [0.27, 1], "title": {"text": names[1]}},
        yaxis2=_AXIS | {"domain": [0, 0.19], "title": {"text": "samples"}, "nticks": 3},
    )


def _diagonal() -> Any:
    from plotly import graph_objects as go

    style = {"color": MUTED, "width": 1, "dash": "dot"}
    return go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=style, hoverinfo="skip")


def _points(bins: Bins, color: str, told: list[str] | None, name: str = "") -> Any:
    """Mean confidence and accuracy of each bin; with `told`, what it says, and its interval."""
    from plotly import graph_objects as go

    there = bins.counts > 0
    accuracy = bins.accuracy[there]
    error = {
        "type": "data",
        "symmetric": False,
        "array": (bins.high[there] - accuracy).tolist(),
        "arrayminus": (accuracy - bins.low[there]).tolist(),
        "color": "#e9ecef",
        "thickness": 1,
        "width": 3,
    }
    return go.Scatter(
        x=bins.confidence[there].tolist(),
        y=accuracy.tolist(),
        mode="markers" if told else "lines+markers",
        marker={"size": 7, "color": color},
        line={"color": color, "width": 1.5},
        error_y=error if told else None,
        customdata=told,
        hovertemplate="%{customdata}<extra></extra>" if told else "%{y:.3f} at %{x:.3f}",
        name=name,
    )


def draw_scaled(before: Bins, after: Bins) -> Figure:
    """The same samples before and after, as lines."""
    from plotly import graph_objects as go

    figure = go.Figure(
        [
            _diagonal(),
            _points(before, ACCENT, None, "before"),
            _points(after, _AFTER, None, "after"),
        ]
    )
    figure.data[0].showlegend = False
    return style_figure(
        figure,
        HEIGHT,
        dragmode=False,
        hovermode="closest",
        margin={"l": 46, "r": 12, "t": 8, "b": 40},
        xaxis=_AXIS | {"range": [-0.02, 1.02], "title": {"text": "confidence"}},
        yaxis=_AXIS | {"range": [-0.02, 1.04], "title": {"text": "accuracy"}},
        legend={"x": 0.03, "y": 0.98},
    )
