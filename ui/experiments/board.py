"""All experiments at once: their parameters and figures as lines and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from layerscope.experiments.record import find_usual, list_changes, list_varied, write_value
from ui.components.experiment_table import ExperimentRow, FigureColumn
from ui.components.parallel_coordinates import (
    Axis,
    ExperimentLine,
    place_figures,
    place_values,
)
from ui.experiments.entries import WORKSPACE, ExperimentEntry
from ui.glossary import define
from ui.palette import SCALE

_SOURCES = {"along": "", "local": "local", "workspace": "data/"}  # told where there are several
FIGURES = {
    "mean_trust": "Mean trustworthiness",
    "trust": "Trustworthiness in the layer",
    "knn": "kNN accuracy in the layer",
    "kl": "KL divergence in the layer",
    "output_knn": "kNN accuracy of the output",
    "mean_pca": "Mean trustworthiness of PCA",
    "mean_tsne": "Mean trustworthiness of t-SNE 30",
    "mean_umap": "Mean trustworthiness of UMAP",
}
# What is shown beside the embedding that is looked at, and the parameters that move it.
_ALL = ("activations.", "pca.")
_OTHERS = {
    "mean_pca": ("pca", _ALL),
    "mean_tsne": ("tsne-30", (*_ALL, "tsne.")),
    "mean_umap": ("umap", (*_ALL, "umap.")),
}
_UNKNOWN = "#6d7884"


def list_columns(
    embedding: str, layer: str, varied: Sequence[str] = ()
) -> tuple[FigureColumn, ...]:
    """The figures that are shown, for an embedding and a layer.

    Parameters
    ----------
    embedding, layer : str
    varied : sequence of str
        Parameters that differ among experiments: methods that these move have a column as well, so that
        an experiment on UMAP does not show nothing but figures of t-SNE.
    """
    named = name_embedding(embedding)
    columns = [
        FigureColumn(
            "mean_trust",
            "trust, mean",
            f"Mean trustworthiness of {named} over all layers (metrics.json). {define('trustworthiness')}",
        ),
        FigureColumn(
            "trust", "trust", f"Trustworthiness of {named} in {layer}. {define('trustworthiness')}"
        ),
        FigureColumn("knn", "kNN", f"kNN accuracy of {named} in {layer}. {define('kNN accuracy')}"),
        FigureColumn(
            "output_knn",
            "kNN, out",
            f"kNN accuracy of {named} in the output of the network (metrics.json). "
            f"{define('kNN accuracy')}",
        ),
    ]
    if embedding.startswith("tsne-"):
        title = f"KL divergence of {named} in {layer}. {define('KL divergence')}"
        columns.insert(3, FigureColumn("kl", "KL", title))
    others = []
    for key, (other, moving) in _OTHERS.items():
        is_shown = other.partition("-")[0] == embedding.partition("-")[0]
        if not is_shown and any(name.startswith(moving) for name in varied):
            title = f"{FIGURES[key]} over all layers (metrics.json). {define('trustworthiness')}"
            others.append(FigureColumn(key, f"{name_embedding(other)} trust", title))
    columns[1:1] = others  # beside the mean of the embedding that is looked at
    return tuple(columns)


def add_noise(
    columns: Sequence[FigureColumn], entries: Sequence[ExperimentEntry], embedding: str, layer: str
) -> tuple[FigureColumn, ...]:
    """Columns with what repetition alone gives.

    Experiments as most of them are, but for ``random_state``, are repetitions of one another: a figure
    between the least and the greatest of theirs says nothing of a parameter.
    """
    _, usual = list_parameters(entries)
    repeated = [
        entry
        for entry in entries
        if entry.key != WORKSPACE
        and all(
            name.endswith("random_state") for name in list_changes(entry.experiment.params, usual)
        )
    ]
    noisy = []
    for column in columns:
        found = [read_figure(entry, column.key, embedding, layer) for entry in repeated]
        values = [value for value in found if value is not None]
        range_ = (min(values), max(values)) if len(values) > 1 else None
        noisy.append(replace(column, noise=range_, n_repeated=len(values)))
    return tuple(noisy)


def name_embedding(embedding: str) -> str:
    """As people read it."""
    method, _, perplexity = embedding.partition("-")
    name = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}[method]
    return f"{name} {perplexity}".strip()


def read_figure(entry: ExperimentEntry, column: str, embedding: str, layer: str) -> float | None:
    """A figure of an experiment, None where it has none."""
    measured = entry.measured(embedding, layer)
    metrics = entry.experiment.metrics
    return {
        "mean_trust": metrics.get(f"mean_trustworthiness.{embedding}"),
        "output_knn": metrics.get(f"knn_accuracy_output.{embedding}"),
        "trust": measured.get("trustworthiness"),
        "knn": measured.get("knn_accuracy"),
        "kl": measured.get("kl_divergence"),
        **{
            key: metrics.get(f"mean_trustworthiness.{other}") for key, (other, _) in _OTHERS.items()
        },
    }[column]


def list_parameters(entries: Sequence[ExperimentEntry]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The parameters that differ among entries, and the value that most experiments have of each."""
    experiments = [entry.experiment for entry in entries if entry.key != WORKSPACE]
    everything = [entry.experiment for entry in entries]
    names = list_varied(everything if experiments else [])
    return names, find_usual(experiments, names)


def list_rows(
    entries: Sequence[ExperimentEntry], columns: Sequence[FigureColumn], embedding: str, layer: str
) -> list[ExperimentRow]:
    """A row an entry."""
    _, usual = list_parameters(entries)
    several = len({entry.source for entry in entries if entry.key != WORKSPACE}) > 1
    return [
        ExperimentRow(
            entry.key,
            entry.key,
            _SOURCES[entry.source] if several or entry.key == WORKSPACE else "",
            list(list_changes(entry.experiment.params, usual).items()),
            entry.experiment.created,
            [read_figure(entry, column.key, embedding, layer) for column in columns],
        )
        for entry in entries
    ]


def list_lines(
    entries: Sequence[ExperimentEntry],
    columns: Sequence[FigureColumn],
    embedding: str,
    layer: str,
    tint: str,
) -> tuple[list[Axis], list[ExperimentLine]]:
    """Axes of the parameters that differ among the experiments and of the figures, with a line each.

    The workspace is left out: it may be of more samples, which would change every figure.
    """
    shown = [entry for entry in entries if entry.key != WORKSPACE]
    experiments = [entry.experiment for entry in shown]
    names = list_varied(experiments)
    usual = find_usual(experiments, names)
    axes: list[Axis] = []
    places: list[list[float | None]] = []
    for name in names:
        given = [each.params.get(name) for each in experiments]
        at, ticks = place_values([None if v is None else write_value(v) for v in given])
        axes.append(Axis(name, False, ticks))
        places.append(at)
    for column in columns:
        at, ticks = place_figures([read_figure(e, column.key, embedding, layer) for e in shown])
        if not ticks:
            continue  # an embedding that the workspace has and no experiment
        named = (
            column.name if column.key in _OTHERS else f"{name_embedding(embedding)}.{column.name}"
        )
        axes.append(Axis(named, True, ticks))
        places.append(at)
    tints = place_figures([read_figure(e, tint, embedding, layer) for e in shown])[0]
    lines = [
        ExperimentLine(
            entry.key,
            entry.key,
            ", ".join(f"{n} {v}" for n, v in list_changes(entry.experiment.params, usual).items())
            or "as most experiments",
            [column[i] for column in places],
            pick_color(tints[i]),
        )
        for i, entry in enumerate(shown)
    ]
    return axes, lines


def pick_color(place: float | None) -> str:
    """A step of the scale, from 0 to 1; grey for none."""
    if place is None:
        return _UNKNOWN
    return SCALE[min(int(place * len(SCALE)), len(SCALE) - 1)]
