"""Charts of one class against the rest: ROC, precision over recall, and where the scores lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from layerscope.performance.curves import ThresholdCurve
from ui.charts import ACCENT, HEIGHT, MUTED, style_figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_FAINT, _OTHERS, _OF_CLASS = "#3a444f", "#5b7f9c", ACCENT
_PERCENTS = (0, 1, 5, 20, 50, 100)
_SHARES: dict[str, Any] = {"range": [-0.02, 1.02], "zeroline": False, "fixedrange": True}


def draw_roc(
    curves: Mapping[int, ThresholdCurve],
    label: int,
    mean: ThresholdCurve,
    point: tuple[float, float],
) -> Figure:
    """Recall over the false positive rate, with chance, the other classes, their mean, and a point."""
    return _draw_curves(
        curves,
        label,
        mean,
        point,
        ("false positive rate", "recall"),
        _line([0, 1], [0, 1], MUTED, 1, "dot"),
        "hv",
    )


def draw_precision_recall(
    curves: Mapping[int, ThresholdCurve],
    label: int,
    mean: ThresholdCurve,
    point: tuple[float, float],
    share: float,
) -> Figure:
    """Precision over recall; guessing gives the share of the class, a level line."""
    chance = _line([0, 1], [share, share], MUTED, 1, "dot")
    return _draw_curves(curves, label, mean, point, ("recall", "precision"), chance, "vh")


def _draw_curves(
    curves: Mapping[int, ThresholdCurve],
    label: int,
    mean: ThresholdCurve,
    point: tuple[float, float],
    names: tuple[str, str],
    chance: Any,
    shape: str,
) -> Figure:
    from plotly import graph_objects as go

    others = [_line(curve.x, curve.y, _FAINT, 1) for each, curve in curves.items() if each != label]
    curve = curves[label]
    figure = go.Figure(
        [
            chance,
            *others,
            _line(mean.x, mean.y, "#c3cad1", 1.3, "dash"),
            go.Scatter(
                x=curve.x.tolist(),
                y=curve.y.tolist(),
                customdata=_write_thresholds(curve),
                mode="lines",
                line={"color": ACCENT, "width": 2, "shape": shape},
                hovertemplate=f"threshold %{{customdata}}<br>{names[0]} %{{x:.3f}}<br>"
                f"{names[1]} %{{y:.3f}}<extra></extra>",
            ),
            *_mark(point),
        ]
    )
    return style_figure(
        figure,
        HEIGHT,
        showlegend=False,
        hovermode="closest",
        dragmode=False,
        margin={"l": 46, "r": 10, "t": 8, "b": 40},
        xaxis=_SHARES | {"title": {"text": names[0]}},
        yaxis=_SHARES | {"title": {"text": names[1]}},
    )


def _write_thresholds(curve: ThresholdCurve) -> list[str]:
    """Thresholds as they are shown; above all scores nothing is predicted as the class."""
    return [f"{each:.3f}" if np.isfinite(each) else "above all" for each in curve.thresholds]


def _line(x: Any, y: Any, color: str, width: float, dash: str = "solid") -> Any:
    from plotly import graph_objects as go

    style = {"color": color, "width": width, "dash": dash}
    return go.Scatter(x=list(x), y=list(y), mode="lines", line=style, hoverinfo="skip")


def _mark(point: tuple[float, float]) -> list[Any]:
    """Where the threshold is; nowhere, where precision is not defined."""
    from plotly import graph_objects as go

    if not np.isfinite(point).all():
        return []
    marker = {"size": 11, "color": "#14181d", "line": {"color": "#ffffff", "width": 2}}
    x, y = ([float(value)] for value in point)
    return [go.Scatter(x=x, y=y, mode="markers", marker=marker, hoverinfo="skip")]


def draw_scores(positive: np.ndarray, scores: np.ndarray, threshold: float) -> Figure:
    """How often each score is given to samples of the class, and to others; the threshold as a line."""
    from plotly import graph_objects as go

    edges = np.linspace(0, 1, 41)
    middles = ((edges[1:] + edges[:-1]) / 2).tolist()
    bars = []
    for is_of, name, color in ((False, "others", _OTHERS), (True, "the class", _OF_CLASS)):
        counts, _ = np.histogram(np.clip(scores[positive == is_of], 0, 1), edges)
        # Square roots, so that a few samples on the wrong side are seen beside hundreds on the right one.
        heights = np.sqrt(100 * counts / max(counts.sum(), 1))
        told = [
            f"{n} of {counts.sum()}<br>{low:.3f} to {high:.3f}"
            for n, low, high in zip(counts, edges, edges[1:], strict=False)
        ]
        bars.append(
            go.Bar(
                x=middles,
                y=heights.tolist(),
                width=1 / 40,
                name=name,
                marker={"color": color, "line": {"width": 0}},
                opacity=0.72,
                customdata=told,
                hovertemplate=f"{name}: %{{customdata}}<extra></extra>",
            )
        )
    figure = go.Figure(bars)
    at = {"type": "line", "x0": threshold, "x1": threshold, "y0": 0, "y1": 1, "yref": "paper"}
    figure.layout.shapes = [at | {"line": {"color": "#ffffff", "width": 1.5}}]
    return style_figure(
        figure,
        HEIGHT,
        barmode="overlay",
        dragmode=False,
        margin={"l": 46, "r": 10, "t": 8, "b": 40},
        xaxis=_SHARES | {"title": {"text": "probability of the class"}},
        yaxis={
            "title": {"text": "% of each group"},
            "fixedrange": True,
            "range": [0, 10.2],
            "tickvals": [each**0.5 for each in _PERCENTS],
            "ticktext": [str(each) for each in _PERCENTS],
        },
        legend={"x": 0.5, "xanchor": "center", "y": 1, "orientation": "h"},
    )
