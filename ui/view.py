"""One embedding as it is drawn: where the points lie, what they are, and what was measured."""

from __future__ import annotations

import numpy as np

from ui.arrays import (
    Unavailable,
    explaining,
    load_array,
    load_attributes,
    load_figures,
    load_predictions,
    load_samples,
    stamp,
)
from ui.components.scatter import Points
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


def load_points(selection: Selection, contents: Contents) -> Points:
    """What the plot shows.

    Raises
    ------
    Unavailable
        Where the embedding is missing, broken, or does not fit the samples.
    """
    run, size = selection.run, selection.size
    name, array = locate(selection)
    depth = contents.depth(selection.layer)
    embedding = load_array(run, name, array)
    if embedding.shape != (len(contents.layers), size, 2):
        raise Unavailable(run, name, broken=True)
    extent = float(np.ptp(embedding[depth], axis=0).max())
    if not np.isfinite(extent) or extent == 0:  # zeros are what Zarr reads where a file is gone
        raise Unavailable(run, name, broken=True)
    samples, predictions = load_samples(run), load_predictions(run)
    with explaining(run, "predictions"):
        labels, predicted = samples.labels[:size], predictions.predicted[:size]
        targets = predictions.targets(labels)
        known, places = np.unique(predicted, return_inverse=True)
        outputs = [predictions.categories[index].name for index in known]
        correct = np.where(targets < 0, -1, (targets == predicted).astype(int))
    return Points(
        positions=embedding[depth],
        labels=labels,
        classes=[category.name for category in contents.categories],
        predicted=places,
        outputs=outputs,
        correct=correct,
        family=family(selection),
        neighbors=load_neighbors(selection, depth),
    )


def family(selection: Selection) -> str:
    """What has the same samples has the same name: thumbnails, and layouts that turn into another."""
    made, _ = stamp(selection.run, "samples")
    return f"{selection.run}/{selection.size}/{made}"


def load_neighbors(selection: Selection, depth: int) -> list[int]:
    """The pinned sample's nearest ones in the layer's own space; none if they are not at hand."""
    if selection.sample is None:
        return []
    try:
        nearest = load_array(selection.run, "nearest", f"{selection.size}/indices")
        found = nearest[depth, selection.sample]
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


def title(selection: Selection) -> tuple[str, str]:
    """The method with its perplexity; the layer with the number of samples."""
    name = METHODS[selection.method]
    if selection.method == "tsne" and selection.perplexity is not None:
        name = f"{name}, perplexity {selection.perplexity}"
        if is_lowered(selection):
            name += f" (effective {effective_perplexity(selection):g})"
    return name, f"{selection.layer}, {selection.size} samples"


def figures(selection: Selection) -> list[tuple[str, str]]:
    """What was measured of the embedding, as (name, value)."""
    measured = load_figures(selection.run, selection.size, selection.layer, selection.embedding)
    return [(name, f"{measured[key]:.2f}") for key, name in _FIGURES.items() if key in measured]
