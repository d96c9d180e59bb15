"""The map of one channel as a heatmap that can be zoomed, with its values under the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layerscope.explanation.heatmap import colorize

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = 374  # pixels
CONFIG = {"scrollZoom": True, "displayModeBar": False}
_BAR = {
    "thickness": 8,
    "outlinewidth": 0,
    "x": 1.02,
    "xpad": 0,
    "ypad": 0,
    "len": 1,
    "nticks": 6,
    "tickfont": {"size": 10, "color": "#8f9aa6"},
}
_AXIS = {
    "showgrid": False,
    "zeroline": False,
    "nticks": 5,
    "ticks": "",
    "constrain": "domain",
    "tickfont": {"size": 10, "color": "#808b97"},
}
_LABEL = {
    "bgcolor": "#1b2027",
    "bordercolor": "#333d48",
    "font": {"color": "#e9ecef", "size": 12},
}


def plot_map(plane: np.ndarray) -> Figure:
    """Draw a map (H, W) over its own range, in its own aspect, row 0 at the top."""
    import plotly.graph_objects as go

    stops = np.linspace(0, 1, 65)
    colors = colorize(stops[None])[0]
    height, width = plane.shape
    cells = go.Heatmap(
        z=plane,
        colorscale=[[s, f"rgb({r},{g},{b})"] for s, (r, g, b) in zip(stops, colors, strict=True)],
        hovertemplate="row %{y}, column %{x}<br><b>%{z:.4g}</b><extra></extra>",
        colorbar=_BAR,
    )
    layout: dict[str, Any] = {
        "height": HEIGHT,
        "margin": {"l": 26, "r": 40, "t": 0, "b": 20},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": "pan",
        "hoverlabel": _LABEL,
        "xaxis": {**_AXIS, "range": [-0.5, width - 0.5]},
        "yaxis": {
            **_AXIS,
            "range": [height - 0.5, -0.5],
            "scaleanchor": "x",
            "constraintoward": "top",
        },
    }
    return go.Figure(cells, layout)
