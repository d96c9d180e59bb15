"""The view of layers: how well classes come apart in each, by grid and by layout, and what layouts keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from layerscope.activations.averaging import Averaging
from layerscope.models.layers import GIVEN
from ui import markup
from ui.arrays import list_embeddings, load_figures, tell_damaged_figures
from ui.charts import ACCENT, FAINT, MUTED, draw_chart, style_figure
from ui.controls import select
from ui.library import load_params
from ui.performance.address import FIGURES
from ui.performance.scene import PerformanceScene
from ui.selection import METHODS
from ui.shell import show_problem

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_GRIDS = ("#3d5a80", "#4d7ea8", "#5fa8d3", "#8ecae6", "#c5e3f2", "#e6f3fa")  # coarse to fine
_LAYOUTS = {
    "pca": "#8f9aa6",
    "tsne": "#ffb454",
    "umap": "#7bc98b",
    "densmap": "#c792ea",
    "pacmap": "#ef6f6c",
}


def draw(scene: PerformanceScene) -> None:
    """Draw the view."""
    selection = scene.selection
    if damage := tell_damaged_figures(selection.run):
        show_problem(damage)
        return
    names = list_embeddings(selection.run, selection.size)
    left, right = st.columns(2, gap=None)
    with left.container(key="panel-grids"):
        _draw_grids(scene, names)
    with right.container(key="panel-layouts"):
        _draw_layouts(scene, names)


def _read(scene: PerformanceScene, name: str, figure: str) -> dict[str, float]:
    """A figure by layer of the model."""
    table: Mapping[str, Mapping[str, float]] = load_figures(
        scene.selection.run, scene.selection.size, name
    )
    keys = [layer.key for layer in scene.contents.layers if layer.key != GIVEN]
    return {key: table[key][figure] for key in keys if figure in table.get(key, {})}


def _draw_grids(scene: PerformanceScene, names: tuple[str, ...]) -> None:
    grids = sorted(
        (name for name in names if name.startswith("grid")), key=lambda each: int(each[4:])
    )
    st.html(markup.heading("kNN accuracy in the layer itself", f"{scene.selection.size} samples"))
    own = _read(scene, "features", "knn_accuracy")
    if not own:
        st.html('<p class="caution">Not defined: these samples have no classes that can vote.</p>')
        return
    figure = _begin(list(own))
    for name, color in zip(grids, _GRIDS, strict=False):
        title = _name_averaging(Averaging("grid", int(name[4:])))
        _add(figure, title, _read(scene, name, "knn_accuracy"), color, width=1.3)
    averaging = load_params().activations.averaging_of(scene.selection.size)
    _add(figure, f"{_name_averaging(averaging)}: the run's", own, ACCENT, width=2.4)
    _add(figure, "by cosine", _read(scene, "cosine", "knn_accuracy"), "#7bc98b", dash="dot")
    _add(figure, "in PCA", _read(scene, "components", "knn_accuracy"), MUTED, dash="dash")
    with st.container(key="grids-chart"):
        draw_chart(figure, "grids_chart", fill=True)
    st.html(
        '<p class="note">Each map is averaged to so many cells a side, as far as it has them. What differs '
        "between grids says where in the picture the classes differ; what differs between layers on one grid "
        "is the network's doing.</p>"
    )


def _name_averaging(averaging: Averaging) -> str:
    n = averaging.number
    if averaging.kind == "pool":
        return f"cells of {n} x {n} places"
    return "1 cell: channel means" if n == 1 else f"{n} x {n} cells"


def _draw_layouts(scene: PerformanceScene, names: tuple[str, ...]) -> None:
    chosen = scene.choice.figure
    st.html(markup.heading("Layouts", FIGURES[chosen]))
    select("figure", "Figure", tuple(FIGURES), chosen, FIGURES.__getitem__)
    keys = [layer.key for layer in scene.contents.layers if layer.key != GIVEN]
    figure = _begin(keys)
    if chosen == "knn_accuracy":
        _add(figure, "in the layer itself", _read(scene, "features", chosen), FAINT, dash="dot")
    else:
        _add(figure, "PCA, all components", _read(scene, "components", chosen), FAINT, dash="dot")
    for name in names:
        method, _, setting = name.partition("-")
        if method not in METHODS or setting.endswith("d"):
            continue
        title = f"{METHODS[method]} {setting}".strip()
        dash = "solid" if name == scene.selection.embedding or method != "tsne" else "dash"
        width = 2.4 if name == scene.selection.embedding else 1.3
        _add(figure, title, _read(scene, name, chosen), _LAYOUTS[method], width=width, dash=dash)
    with st.container(key="layouts-chart"):
        draw_chart(figure, "layouts_chart", fill=True)


def _begin(keys: list[str]) -> Figure:
    from plotly.graph_objects import Figure

    figure = Figure()
    style_figure(
        figure,
        320,
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(categoryorder="array", categoryarray=keys, tickangle=-60, nticks=20)
    figure.update_yaxes(rangemode="tozero", tickformat=".2f")
    return figure


def _add(
    figure: Figure,
    name: str,
    values: Mapping[str, float],
    color: str,
    width: float = 1.6,
    dash: str = "solid",
) -> None:
    line = {"color": color, "width": width, "dash": dash}
    figure.add_scatter(
        x=list(values),
        y=list(values.values()),
        mode="lines",
        name=name,
        line=line,
        hovertemplate="%{y:.3f}",
    )
