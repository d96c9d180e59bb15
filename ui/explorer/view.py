"""One embedding as it is drawn: where the points lie, what they are, and what was measured."""

from __future__ import annotations

from ui.arrays import (
    Unavailable,
    load_array,
    load_attributes,
    load_figures,
    load_reason,
)
from ui.coloring import describe_predictions, describe_samples
from ui.components.model_map import LayerCurve
from ui.components.scatter import Points
from ui.layouts import load_layout
from ui.library import Contents
from ui.selection import METHODS, Selection
from ui.similarities import find_repetition

_FIGURES = {
    "knn_accuracy": "kNN accuracy",
    "trustworthiness": "trustworthiness",
    "continuity": "continuity",
    "r_nx": "R_NX",
    "explained_variance": "explained variance",
    "kl_divergence": "KL",
}


def load_points(selection: Selection, contents: Contents) -> Points:
    """What the plot shows. Raises `Unavailable`."""
    return Points(
        load_layout(selection, contents),
        describe_samples(selection, contents),
        describe_predictions(contents, selection.size),
        load_neighbors(selection, contents),
    )


def load_neighbors(selection: Selection, contents: Contents) -> list[int]:
    """The pinned sample's nearest ones in the layer's own space; none if they are not at hand."""
    if selection.sample is None:
        return []
    try:
        name = "cosine" if selection.near == "cosine" else "indices"
        nearest = load_array(selection.run, "nearest", f"{selection.size}/{name}")
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


def list_figures(selection: Selection) -> list[tuple[str, ...]]:
    """What was measured of the embedding, as (name, value), and of what not all samples tell, why."""
    table = load_figures(selection.run, selection.size, selection.embedding)
    measured = table.get(selection.layer, {})
    found: list[tuple[str, ...]] = [
        (name, f"{measured[key]:.2f}") for key, name in _FIGURES.items() if key in measured
    ]
    chosen = selection.run, selection.size, selection.embedding, selection.layer
    reason = load_reason(*chosen, "knn_accuracy")
    if "knn_accuracy" in measured:
        found[0] = (*found[0], reason)
    elif reason:
        found.insert(0, ("kNN accuracy", f"– {reason}"))
    if selection.method == "umap":
        again = find_repetition(selection.run, selection.size, 2, selection.layer)
        found += [] if again is None else [("two seeds agree on", f"{again.neighbors:.0%}")]
    return found


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
