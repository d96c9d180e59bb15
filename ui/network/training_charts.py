"""The curves of a training in one figure: loss, accuracy, learning rate, time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.training.curves import TrainingCurves
from ui.charts import ACCENT, FAINT, LINE, MUTED, style_figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

TRAINED = "#5d88ab"
_ROWS = (
    ("loss, nats", (("loss", "training", TRAINED), ("val_loss", "validation", ACCENT)), ".3f"),
    (
        "accuracy",
        (("accuracy", "training", TRAINED), ("val_accuracy", "validation", ACCENT)),
        ".1%",
    ),
    ("learning rate", (("learning_rate", "learning rate", "#a3dca1"),), ".2g"),
    (
        "seconds",
        (("seconds", "by the clock", MUTED), ("processor_seconds", "of processors", "#c49bd9")),
        ",.0f",
    ),
)
# From the bottom, of the whole height: all four lie over one axis of epochs, so that hovering tells all.
_PLACES = ((0.7, 1.0), (0.37, 0.67), (0.19, 0.34), (0.0, 0.16))


def draw_curves(curves: TrainingCurves, height: int) -> Figure:
    """All curves over the epochs, those by batch behind, with bands for the sizes of the pictures."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for row, (_, series, form) in enumerate(_ROWS, 1):
        for column, name, color in series:
            if column in curves.batches:
                _add_batches(figure, row, curves, column, color)
            _add_series(figure, row, curves, column, name, color, form)
    for row, ((title, _, _), place) in enumerate(zip(_ROWS, _PLACES, strict=True), 1):
        figure.update_layout({_axis(row, "yaxis"): {"title": {"text": title}, "domain": place}})
    figure.update_layout(yaxis2={"tickformat": ".0%"})
    last = int(curves.epochs[-1])
    style_figure(
        figure,
        height,
        hovermode="x unified",
        hoversubplots="axis",
        hoverdistance=-1,  # however far the next epoch is
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.045,
            "yanchor": "bottom",
            "font": {"size": 12, "color": MUTED},
            "bgcolor": "rgba(0,0,0,0)",
        },
        margin={"l": 60, "r": 14, "t": 48, "b": 34},
        dragmode=False,
        xaxis={
            "title": {"text": "epoch"},
            "range": [-0.5, last + 0.5],
            "dtick": 1 if last <= 30 else None,
            "anchor": f"y{len(_ROWS)}",
            "unifiedhovertitle": {"text": "epoch %{x}"},
            "spikecolor": MUTED,
            "spikethickness": -1,
            "spikedash": "solid",
        },
    )
    _draw_phases(figure, curves)
    return figure


def _axis(row: int, name: str) -> str:
    return name if row == 1 else f"{name}{row}"


def _add_series(
    figure: Figure,
    row: int,
    curves: TrainingCurves,
    column: str,
    name: str,
    color: str,
    form: str,
) -> None:
    figure.add_scatter(
        x=curves.epochs,
        y=curves.columns[column],
        yaxis=_axis(row, "y"),
        name=name,
        mode="lines+markers",
        showlegend=row in (1, len(_ROWS)),
        line={"color": color, "width": 1.8},
        marker={"size": 6, "color": color},
        hovertemplate=f"{column} %{{y:{form}}}<extra></extra>",
    )


def _add_batches(figure: Figure, row: int, curves: TrainingCurves, column: str, color: str) -> None:
    """A faint line of the values of all batches, which hovering leaves out."""
    figure.add_scatter(
        x=curves.batch_epochs,
        y=curves.batches[column],
        yaxis=_axis(row, "y"),
        name="each batch",
        meta=column,
        mode="lines",
        showlegend=row == 1,
        line={"color": color, "width": 0.7},
        opacity=0.35,
        hoverinfo="skip",
    )


def _draw_phases(figure: Figure, curves: TrainingCurves) -> None:
    """A band for each size of the pictures, named at its top."""
    for i, phase in enumerate(curves.phases):
        for low, high in _PLACES:
            figure.add_shape(
                type="rect",
                x0=phase.first - 0.5,
                x1=phase.last + 0.5,
                y0=low,
                y1=high,
                yref="paper",
                fillcolor=LINE,
                opacity=0.42 if i % 2 == 0 else 0.12,
                line_width=0,
                layer="below",
            )
        figure.add_annotation(
            x=phase.first - 0.5,
            y=1,
            xref="x",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            text=f"{phase.picture_size} px",
            showarrow=False,
            font={"size": 11, "color": FAINT},
        )
