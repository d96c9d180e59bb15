"""The map of classes as a chart that is zoomed, moved and clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ui.charts import MUTED, PANEL, TEXT, draw_clickable, style_figure
from ui.components.room import measure_room
from ui.markup import escape_plotly

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LABELED = 150  # points that may have a name beside them, where there is room
_SYMBOLS = {"triangle": "triangle-up"}
_WIDE, _HIGH = 640.0, 540.0  # pixels that a chart has at least
_LETTER, _LINE, _POINT = 6.1, 14.0, 5.0  # pixels of an average letter, of a line, of half a point
MARGINS = {True: (0.16, 0.07), False: (0.05, 0.05)}  # at each side, with names and without
# Where a name may stand, the first that is free: text position, and the middle of the name from the
# point's in halves of its width and in lines.
_PLACES = (
    ("middle right", 1.0, 0.0),
    ("middle left", -1.0, 0.0),
    ("top center", 0.0, 1.1),
    ("bottom center", 0.0, -1.1),
)
_HEIGHT = 586  # pixels of the chart in a window of 1280 x 800


@dataclass(frozen=True)
class ClassPoints:
    """What is drawn; all sequences are of the same length.

    Attributes
    ----------
    points : ndarray of float32, (m, 2)
    names, details : sequence of str
        Of each class, and what is told of it besides.
    marks : sequence of tuple
        Colour and shape.
    chosen : int or None
        Place of the chosen class among these.
    nearest : sequence of int
        Places of its nearest by cosine, as far as they are among these: lines lead to them.
    revision : str
        Changes with the points: a view that was zoomed stays as long as this does.
    """

    points: np.ndarray
    names: Sequence[str]
    details: Sequence[str]
    marks: Sequence[tuple[str, str]]
    chosen: int | None
    nearest: Sequence[int]
    revision: str


def place_names(points: np.ndarray, names: Sequence[str], first: Sequence[int] = ()) -> list[str]:
    """Where each name goes so that it covers no point and no other name; empty where it cannot.

    Parameters
    ----------
    points : ndarray of floats, (m, 2)
    names : sequence of str
        Empty for points without one, which may be covered.
    first : sequence of int
        Those that choose before the others; the very first is named in any case.

    Returns
    -------
    list of str
        Plotly's text positions.
    """
    low, wide, tall = _measure(points)
    margin = MARGINS[True]
    scale = min(_WIDE / wide / (1 + 2 * margin[0]), _HIGH / tall / (1 + 2 * margin[1]))
    at = (points - low).astype(np.float64) * scale
    ends = (-margin[0] * wide * scale, (1 + margin[0]) * wide * scale)
    named = [i for i, name in enumerate(names) if name]
    taken = np.concatenate([at[named] - _POINT, at[named] + _POINT], axis=1)  # (k, 4)
    found = [""] * len(names)
    for i in [*first, *(i for i in named if i not in set(first))]:
        width = len(names[i]) * _LETTER + 8
        others = taken[np.arange(len(taken)) != named.index(i)]
        for place, across, up in _PLACES:
            x, y = at[i, 0] + across * (width / 2 + 7), at[i, 1] + up * _LINE
            box = np.array([x - width / 2, y - _LINE / 2, x + width / 2, y + _LINE / 2])
            inside = box[0] >= ends[0] and box[2] <= ends[1]
            if (
                inside
                and not ((box[:2] < others[:, 2:]) & (others[:, :2] < box[2:])).all(axis=1).any()
            ):
                found[i] = place
                taken = np.vstack([taken, box])
                break
    if first and not found[first[0]]:
        found[first[0]] = _PLACES[2][0]
    return found


def _measure(points: np.ndarray) -> tuple[np.ndarray, float, float]:
    """The lower left corner, width and height of the box around points."""
    low, high = points.min(axis=0), points.max(axis=0)
    return low, float(high[0] - low[0]) or 1.0, float(high[1] - low[1]) or 1.0


def build_figure(classes: ClassPoints) -> Figure:
    """The chart: lines to the nearest classes, points, and the chosen one in a ring."""
    from plotly.graph_objects import Figure, Scatter

    few = len(classes.names) <= LABELED
    marked = [] if classes.chosen is None else [classes.chosen, *classes.nearest]
    wanted = [name if few or i in marked else "" for i, name in enumerate(classes.names)]
    places = place_names(classes.points, wanted, marked)
    x, y = (classes.points[:, axis].astype(float).tolist() for axis in (0, 1))
    figure = Figure()
    figure.add_trace(_draw_lines(classes, x, y))
    figure.add_trace(
        Scatter(
            x=x,
            y=y,
            mode="markers+text",
            text=[
                escape_plotly(name) if place else ""
                for name, place in zip(classes.names, places, strict=True)
            ],
            textposition=[place or "top center" for place in places],
            textfont={
                "size": 11,
                "color": [TEXT if i in marked else MUTED for i in range(len(x))],
            },
            hovertext=[
                f"<b>{escape_plotly(name)}</b><br>{escape_plotly(detail)}"
                if detail
                else f"<b>{escape_plotly(name)}</b>"
                for name, detail in zip(classes.names, classes.details, strict=True)
            ],
            hoverinfo="text",
            marker={
                "size": 10 if few else 6,
                "color": [color for color, _ in classes.marks],
                "symbol": [_SYMBOLS.get(shape, shape) for _, shape in classes.marks],
                "opacity": 1 if few else 0.85,
                "line": {"width": 0.5, "color": PANEL},
            },
            cliponaxis=False,
        )
    )
    ring = [] if classes.chosen is None else [classes.chosen]
    figure.add_trace(
        Scatter(
            x=[x[i] for i in ring],
            y=[y[i] for i in ring],
            mode="markers",
            hoverinfo="skip",
            marker={"size": 18, "symbol": "circle-open", "color": "#ffffff", "line": {"width": 2}},
        )
    )
    return _arrange(figure, classes)


def _draw_lines(classes: ClassPoints, x: list[float], y: list[float]) -> Any:
    from plotly.graph_objects import Scatter

    across: list[float | None] = []
    down: list[float | None] = []
    for place in classes.nearest if classes.chosen is not None else ():
        across += [x[classes.chosen or 0], x[place], None]
        down += [y[classes.chosen or 0], y[place], None]
    return Scatter(
        x=across,
        y=down,
        mode="lines",
        line={"color": "#ffb454", "width": 1},
        opacity=0.55,
        hoverinfo="skip",
    )


def _arrange(figure: Figure, classes: ClassPoints) -> Figure:
    style_figure(
        figure,
        _HEIGHT,
        showlegend=False,
        hovermode="closest",
        paper_bgcolor=PANEL,  # the frame around it has the page's ground
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        uirevision=classes.revision,
    )
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    low, wide, tall = _measure(classes.points)
    across, up = MARGINS[len(classes.names) <= LABELED]
    x, y = float(low[0]), float(low[1])
    figure.update_xaxes(**hidden, range=[x - across * wide, x + (1 + across) * wide])
    figure.update_yaxes(
        **hidden, range=[y - up * tall, y + (1 + up) * tall], scaleanchor="x", scaleratio=1
    )
    figure.layout.height = None
    figure.layout.autosize = True
    return figure


def draw_class_chart(classes: ClassPoints, on_pick: Callable[[int], None]) -> None:
    """Draw the chart as high as the container it is drawn into.

    Parameters
    ----------
    classes : ClassPoints
    on_pick : callable
        Called with the place of the class that was clicked, once for each click; then the page runs
        again.
    """
    height = measure_room("class_chart_room", _HEIGHT)

    def pick(point: dict[str, Any]) -> None:
        place = read_place(point, len(classes.names))
        if place is not None:
            on_pick(place)

    draw_clickable(build_figure(classes), "class_chart", pick, zoom=True, height=height)


def read_place(point: dict[str, Any], count: int) -> int | None:
    """The place of a clicked point among `count`; None for anything else that a browser sends."""
    place = point.get("pointNumber")
    if point.get("curveNumber") == 1 and type(place) is int and 0 <= place < count:
        return place
    return None
