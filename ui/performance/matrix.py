"""The confusion matrix as a chart: correct predictions muted, errors in the accent, cells to click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layerscope.performance.confusion import OTHER, Confusion
from ui.charts import ACCENT, FAINT, TEXT, style_figure
from ui.markup import escape_plotly
from ui.performance.address import Cell
from ui.performance.scene import PerformanceScene

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_FRAME = "#0e1114"  # the frame that the component is in has the page's colour
_EMPTY, _RIGHT, _WRONG, _UNNAMED = "#171c22", "#4a5561", ACCENT, "#5a93c4"
_WRITTEN = 26  # columns that have room for numbers
_LONGEST = 17  # letters of a name beside the matrix
_GAP = 0.002  # keeps values off the borders between two scales


def draw_matrix(
    confusion: Confusion, scene: PerformanceScene, cell: Cell | None, focus: int | None
) -> Figure:
    """The chart, rows from the top; x and y of its points are columns and rows.

    Parameters
    ----------
    confusion : Confusion
    scene : PerformanceScene
    cell : tuple of int or None
        Class and output of the cell that is marked.
    focus : int or None
        Class whose row and column are marked.
    """
    from plotly import graph_objects as go

    heat = go.Heatmap(
        z=place_on_scale(confusion, scene.choice.counted == "share").tolist(),
        x=list(range(len(confusion.columns))),
        y=list(range(len(confusion.rows))),
        zmin=0,
        zmax=3,
        colorscale=_scale(),
        showscale=False,
        xgap=2,
        ygap=2,
        text=_tell_cells(confusion, scene),
        hoverinfo="text",
    )
    figure = go.Figure([heat, *_write_numbers(confusion, scene)])
    figure.layout.shapes = [
        *_mark_focus(confusion, scene, focus),
        *_mark_cell(confusion, cell),
    ]
    side = 42 if len(confusion.rows) <= 12 else 30 if len(confusion.rows) <= 20 else 22
    axis: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "showline": False,
    }
    return style_figure(
        figure,
        side * len(confusion.rows) + 134,
        paper_bgcolor=_FRAME,
        plot_bgcolor=_FRAME,
        margin={"l": 128, "r": 8, "t": 30, "b": 104},  # the tools of old plotly lie above the cells
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": "#4d5a67", "activecolor": "#8f9aa6"},
        xaxis=axis
        | _ticks([_tick_output(o, scene) for o in confusion.columns])
        | {"tickangle": -45},
        yaxis=axis
        | _ticks([_tick_class(i, scene) for i in confusion.rows])
        | {"autorange": "reversed"},
        showlegend=False,
        hovermode="closest",
        dragmode=False,
    )


def place_on_scale(confusion: Confusion, by_share: bool) -> np.ndarray:
    """Where each cell lies on three scales put end to end, (R, C) float64 in [0, 3].

    Correct predictions lie in [0, 1], wrong ones in [1, 2], those of classes without an output in [2, 3];
    each by the square root of its part of the largest of its kind, so that one error among hundreds is seen.
    """
    values = np.nan_to_num(confusion.shares) if by_share else confusion.counts.astype(float)
    columns = np.arange(values.shape[1])
    kinds = np.where(confusion.own[:, None] < 0, 2, 1) * np.ones_like(values, int)
    kinds[columns == confusion.own[:, None]] = 0
    placed = np.zeros_like(values)
    for kind in range(3):
        among = (kinds == kind) & (values > 0)
        if among.any():
            part = np.sqrt(values[among] / values[among].max())
            placed[among] = kind + np.clip(part, _GAP, 1 - _GAP)
    return placed


def _scale() -> list[list[object]]:
    stops: list[list[object]] = []
    for kind, color in enumerate((_RIGHT, _WRONG, _UNNAMED)):
        stops += [[kind / 3, _EMPTY], [(kind + 1) / 3, color]]
    return stops


def read_place(point: dict[str, Any], confusion: Confusion) -> Cell | None:
    """The cell that a browser says was clicked; None for what is no cell."""
    x, y = point.get("x"), point.get("y")
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in (x, y)):
        return None
    if x not in range(len(confusion.columns)) or y not in range(len(confusion.rows)):
        return None
    return int(confusion.rows[int(y)]), int(confusion.columns[int(x)])  # type: ignore[arg-type]


def _tell_cells(confusion: Confusion, scene: PerformanceScene) -> list[list[str]]:
    """What stands under the pointer."""
    told = []
    for row, label in enumerate(confusion.rows):
        name, support = escape_plotly(scene.name_class(int(label))), int(confusion.support[row])
        line = []
        for column, output in enumerate(confusion.columns):
            n = int(confusion.counts[row, column])
            share = f" ({100 * n / support:.0f} %)" if support else ""
            line.append(
                f"{name}<br>predicted as <b>{escape_plotly(scene.name_output(int(output)))}</b>"
                f"<br>{n} of {support}{share}"
            )
        told.append(line)
    return told


def _write_numbers(confusion: Confusion, scene: PerformanceScene) -> list[Any]:
    """The numbers in the cells, where there is room; they let clicks through."""
    from plotly import graph_objects as go

    if len(confusion.columns) > _WRITTEN:
        return []
    places = place_on_scale(confusion, scene.choice.counted == "share")
    x, y, text, colors = [], [], [], []
    for row, column in zip(*np.nonzero(confusion.counts), strict=True):
        strength = places[row, column] % 1
        is_right = confusion.own[row] == column
        x.append(int(column))
        y.append(int(row))
        text.append(_write_cell(confusion, row, column, scene.choice.counted == "share"))
        dark = not is_right and strength > (0.9 if confusion.own[row] < 0 else 0.6)
        colors.append("#0e1114" if dark else "#aeb7c0" if is_right else TEXT)
    font = {"size": 11, "color": colors}
    return [go.Scatter(x=x, y=y, text=text, mode="text", textfont=font, hoverinfo="skip")]


def _write_cell(confusion: Confusion, row: int, column: int, by_share: bool) -> str:
    if not by_share:
        return str(confusion.counts[row, column])
    percent = 100 * confusion.shares[row, column]
    return f"{percent:.0f}" if percent >= 0.5 else "<1"


def _ticks(names: list[str]) -> dict[str, Any]:
    return {
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "range": [-0.5, len(names) - 0.5],
        "ticks": "",
        "automargin": False,
    }


def _tick(name: str, color: str, letters: str) -> str:
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return f'<span style="color:{letters}">{escape_plotly(short)}</span> <span style="color:{color}">●</span>'


def _tick_class(label: int, scene: PerformanceScene) -> str:
    return _tick(scene.name_class(int(label)), scene.color_class(int(label)), "#c3cad1")


def _tick_output(output: int, scene: PerformanceScene) -> str:
    letters = FAINT if output == OTHER or output not in scene.answers.outputs else "#c3cad1"
    return _tick(scene.name_output(int(output)), scene.color_output(int(output)), letters)


def _box(x0: float, x1: float, y0: float, y1: float, color: str, width: float) -> dict[str, Any]:
    line = {"color": color, "width": width}
    return {"type": "rect", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "line": line}


def _mark_focus(
    confusion: Confusion, scene: PerformanceScene, focus: int | None
) -> list[dict[str, Any]]:
    rows = np.flatnonzero(confusion.rows == (-1 if focus is None else focus))
    if not len(rows):
        return []
    row, column = int(rows[0]), int(confusion.own[rows[0]])
    n_rows, n_columns = confusion.counts.shape
    boxes = [_box(-0.5, n_columns - 0.5, row - 0.5, row + 0.5, "#8f9aa6", 1)]
    if column >= 0:
        boxes.append(_box(column - 0.5, column + 0.5, -0.5, n_rows - 0.5, "#8f9aa6", 1))
    return boxes


def _mark_cell(confusion: Confusion, cell: Cell | None) -> list[dict[str, Any]]:
    if cell is None:
        return []
    rows = np.flatnonzero(confusion.rows == cell[0])
    columns = np.flatnonzero(confusion.columns == cell[1])
    if not len(columns):
        columns = np.flatnonzero(confusion.columns == OTHER)
    if not len(rows) or not len(columns):
        return []
    x, y = int(columns[0]), int(rows[0])
    return [_box(x - 0.5, x + 0.5, y - 0.5, y + 0.5, "#ffffff", 2)]
