"""Plotly's charts in the app's look: to hover over, or to click.

Whoever calls imports plotly in the function that draws: it takes a third of a second, and not every
page has a chart.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

TEXT, MUTED, FAINT, LINE, PANEL, RAISED = (
    "#e9ecef", "#8f9aa6", "#808b97", "#272e37", "#14181d", "#1b2027",
)  # fmt: skip
ACCENT = "#ffb454"
HEIGHT = 320  # pixels of a chart that fills its container, until that is known
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_AXIS = {
    "gridcolor": LINE,
    "zerolinecolor": LINE,
    "linecolor": LINE,
    "tickfont": {"size": 11, "color": FAINT},
    "title": {"font": {"size": 11, "color": MUTED}},
    "automargin": True,
}


def style_figure(figure: Figure, height: int, **layout: Any) -> Figure:
    """Give a figure the app's colours and letters, then the layout that is asked for.

    Parameters
    ----------
    figure : Figure
        Changed in place, and returned.
    height : int
        Pixels.
    layout
        As `plotly.graph_objects.Figure.update_layout` takes it.
    """
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 44, "r": 12, "t": 8, "b": 36},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": _FONT, "size": 12, "color": TEXT},
        title={"text": ""},
        legend={"font": {"size": 11, "color": MUTED}, "bgcolor": "rgba(0,0,0,0)"},
        hoverlabel={
            "bgcolor": RAISED,
            "bordercolor": "#333d48",
            "font": {"color": TEXT, "size": 12},
        },
        dragmode="pan",
    )
    figure.update_xaxes(**_AXIS)
    figure.update_yaxes(**_AXIS)
    figure.update_layout(**layout)
    return figure


def draw_chart(figure: Figure, key: str, *, zoom: bool = False, fill: bool = False) -> None:
    """Show a figure that tells more under the pointer.

    Parameters
    ----------
    figure : Figure
    key : str
        Unlike those of all other widgets of the page.
    zoom : bool
        Whether the wheel comes nearer.
    fill : bool
        Whether it is as high as the container that it is in, not as high as it says.
    """
    if fill:
        figure.update_layout(height=None, autosize=True)
    st.plotly_chart(
        figure,
        key=key,
        theme=None,
        width="stretch",
        height="stretch" if fill else "content",
        config={"displayModeBar": False, "scrollZoom": zoom, "doubleClick": "reset"},
    )


class _ForOldPlotly:
    """A figure as plotly.js 1.58 reads it, which streamlit-plotly-events brings along.

    plotly.py 6 and later write arrays as ``{"dtype", "bdata"}``, which that drops without a word. And a
    click is heard of only where it differs from the last one: every other time an empty trace goes
    first, so that the same point has another number.
    """

    def __init__(self, figure: Figure, n_empty: int, zoom: bool) -> None:
        self._figure, self._n_empty, self._zoom = figure, n_empty, zoom

    def to_json(self) -> str:
        from plotly.utils import PlotlyJSONEncoder

        empty = {"type": "scatter", "x": [], "y": [], "hoverinfo": "skip", "showlegend": False}
        layout = self._figure.layout.to_plotly_json()
        layout.pop("height", None)  # the component's
        content = {
            "data": [empty] * self._n_empty
            + [trace.to_plotly_json() for trace in self._figure.data],
            "layout": layout | {"autosize": True},
            "config": {
                "scrollZoom": self._zoom,
                "displayModeBar": False,
                "doubleClick": "reset",
                "responsive": True,
            },
        }
        return json.dumps(content, cls=PlotlyJSONEncoder)


def draw_clickable(
    figure: Figure,
    key: str,
    on_pick: Callable[[dict[str, Any]], None],
    *,
    zoom: bool = False,
    height: int | None = None,
) -> None:
    """Show a figure whose points answer to a click.

    The component keeps its last answer: `on_pick` is called once for each click, then the page runs
    again, with what was written to the address.

    Parameters
    ----------
    figure : Figure
        Without typed arrays of more than one dimension.
    key : str
        Unlike those of all other widgets of the page.
    on_pick : callable
        Called with the point: ``x``, ``y``, ``curveNumber`` and ``pointNumber`` (a pair, row and column,
        in a heatmap). What it holds comes from the browser: check it.
    zoom : bool
        Whether the wheel comes nearer.
    height : int, optional
        Pixels; by default the figure's own.
    """
    from streamlit_plotly_events import plotly_events

    seen, turn = f"{key}-seen", f"{key}-turn"
    n_empty = st.session_state.setdefault(turn, 0)
    picked = plotly_events(
        _ForOldPlotly(figure, n_empty, zoom),
        click_event=True,
        override_height=height or figure.layout.height or HEIGHT,
        key=key,
    )
    point = read_point(picked, n_empty)
    if point is None or picked == st.session_state.get(seen):
        return
    st.session_state[seen], st.session_state[turn] = picked, 1 - n_empty
    on_pick(point)
    st.rerun()


def read_point(sent: object, n_empty: int) -> dict[str, Any] | None:
    """The first point of a click, its trace counted without the empty ones; None for anything else."""
    point = sent[0] if isinstance(sent, list) and sent else None
    curve = point.get("curveNumber") if isinstance(point, dict) else None
    if type(curve) is not int or not isinstance(point, dict):
        return None
    return point | {"curveNumber": curve - n_empty}
