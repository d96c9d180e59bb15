"""One embedding as it is drawn: where the points lie, what they are, and what was measured."""

from __future__ import annotations

import numpy as np
import streamlit as st

from layerscope.orientation import orient_layers
from ui.arrays import (
    Stamp,
    Unavailable,
    load_array,
    load_attributes,
    load_figures,
    stamp,
)
from ui.components.model_map import LayerCurve
from ui.components.points import PlotSamples, Predictions
from ui.components.scatter import Points
from ui.explorer.coloring import color_points, fade, read_answers
from ui.library import Contents
from ui.selection import METHODS, Selection

_FIGURES = {
    "knn_accuracy": "kNN accuracy",
    "trustworthiness": "trustworthiness",
    "explained_variance": "explained variance",
    "kl_divergence": "KL",
}


def locate(selection: Selection) -> tuple[str, str]:
    """The store and the array in it that hold the selected embedding, (layer, sample, 2)."""
    if selection.method == "tsne":
        name = "tsne" if selection.perplexity is None else f"tsne/{selection.perplexity}"
        return name, f"{selection.size}/points"
    if selection.method == "umap":
        return "umap", f"{selection.size}/2d"
    return "pca", f"{selection.size}/points"


@st.cache_resource(max_entries=32, show_spinner=False)
def _keep_layouts(_embedding: np.ndarray, of: tuple[str, str, str, Stamp]) -> np.ndarray:
    return orient_layers(_embedding)


def load_layout(selection: Selection, contents: Contents) -> np.ndarray:
    """Where the samples lie in the selected layer, (n, 2) float32, turned onto the layers before.

    Raises
    ------
    Unavailable
        Where the embedding is missing, broken, or does not fit the samples.
    """
    run, size = selection.run, selection.size
    name, array = locate(selection)
    embedding = load_array(run, name, array)
    if embedding.shape != (len(contents.layers), size, 2):
        raise Unavailable(run, name, broken=True)
    depth = contents.depth(selection.layer)
    extent = float(np.ptp(embedding[depth], axis=0).max())
    if not np.isfinite(extent) or extent == 0:  # zeros are what Zarr reads where a file is gone
        raise Unavailable(run, name, broken=True)
    return _keep_layouts(embedding, (run, name, array, stamp(run, name)))[depth]


def load_points(selection: Selection, contents: Contents) -> Points:
    """What the plot shows. Raises `Unavailable`."""
    return Points(
        load_layout(selection, contents),
        describe_samples(selection, contents),
        describe_predictions(contents, selection.size),
        load_neighbors(selection, contents),
    )


def describe_samples(selection: Selection, contents: Contents) -> PlotSamples:
    """The samples as plots show them, coloured and filtered as is chosen. Raises `Unavailable`."""
    answers = read_answers(selection.run, selection.size)
    return PlotSamples(
        labels=answers.labels,
        classes=[category.name for category in contents.categories],
        coloring=color_points(selection, contents, answers),
        family=family(selection),
        faded=fade(selection, answers),
    )


def describe_predictions(contents: Contents, size: int) -> Predictions:
    """What a network says of the first samples of its run. Raises `Unavailable`."""
    answers = read_answers(contents.run, size)
    names = [output.name for output in contents.outputs]
    return Predictions.of(answers.predicted, names, answers.correct, answers.confidence)


def family(selection: Selection) -> str:
    """What has the same samples has the same name: thumbnails, and layouts that turn into another."""
    made, _ = stamp(selection.run, "samples")
    return f"{selection.run}/{selection.size}/{made}"


def load_neighbors(selection: Selection, contents: Contents) -> list[int]:
    """The pinned sample's nearest ones in the layer's own space; none if they are not at hand."""
    if selection.sample is None:
        return []
    try:
        nearest = load_array(selection.run, "nearest", f"{selection.size}/indices")
        found = nearest[contents.depth(selection.layer), selection.sample]
    except (Unavailable, IndexError):
        return []
    return [int(uid) for uid in found if 0 <= uid < selection.size]


def effective_perplexity(selection: Selection) -> float | None:
    """The perplexity that t-SNE really used, where this is known."""
    try:
        stored = load_attributes(selection.run, f"tsne/{selection.perplexity}")
        return float(stored["effective_perplexity"][str(selection.size)])
    except (Unavailable, KeyError, TypeError, ValueError):
        return None


def is_lowered(selection: Selection) -> bool:
    """Whether t-SNE had to use less than the perplexity that was asked for."""
    effective = effective_perplexity(selection)
    asked = selection.perplexity
    return effective is not None and asked is not None and effective < float(asked)


def name_method(selection: Selection) -> str:
    """The method with its perplexity."""
    name = METHODS[selection.method]
    if selection.method == "tsne" and selection.perplexity is not None:
        name = f"{name}, perplexity {selection.perplexity}"
        if is_lowered(selection):
            name += f" (effective {effective_perplexity(selection):g})"
    return name


def describe_data(selection: Selection) -> str:
    """The layer with the number of samples."""
    return f"{selection.layer}, {selection.size} samples"


def list_figures(selection: Selection) -> list[tuple[str, str]]:
    """What was measured of the embedding, as (name, value)."""
    table = load_figures(selection.run, selection.size, selection.embedding)
    measured = table.get(selection.layer, {})
    return [(name, f"{measured[key]:.2f}") for key, name in _FIGURES.items() if key in measured]


def list_curves(selection: Selection) -> list[LayerCurve]:
    """kNN accuracy by layer: in the embedding that is looked at, and in the layer itself."""
    named = (
        ("features", "in the layer itself", False),
        (selection.embedding, f"kNN accuracy in {METHODS[selection.method]}", True),
    )
    curves = []
    for embedding, name, strong in named:
        table = load_figures(selection.run, selection.size, embedding)
        figures = {key: row["knn_accuracy"] for key, row in table.items() if "knn_accuracy" in row}
        if figures:
            curves.append(LayerCurve(name, figures, strong))
    return curves
