"""What the points are coloured by, and which of them the filters leave out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from layerscope.coarse import list_groups
from layerscope.embedding.clusters import cluster
from layerscope.models.layers import PROBABILITIES
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from ui.arrays import (
    Stamp,
    Unavailable,
    explaining,
    load_array,
    load_predictions,
    load_samples,
    stamp,
)
from ui.coarse import CoarseClasses, find_coarse
from ui.components.points import Coloring, LegendEntry, PlotPredictions, PlotSamples
from ui.layouts import family
from ui.library import Contents, load_params
from ui.live import engine
from ui.memory import keep
from ui.palette import RIGHT_WRONG, SCALE, mark_class, mark_coarse
from ui.selection import COLORS, Selection


@dataclass(frozen=True)
class SamplePredictions:
    """What the model predicted for the first n samples of a run.

    Attributes
    ----------
    labels : ndarray of int, (n,)
        True classes of the data set.
    predicted : ndarray of int64, (n,)
        Outputs; -1 where the model has no classes, whose confidence and margin are 0.
    correct : ndarray of int, (n,)
        1 correct, 0 wrong, -1 where the model has no such class.
    confidence, margin : ndarray of float32, (n,)
        Probability of the predicted output, and how far the second lies below it, in [0, 1].
    """

    labels: np.ndarray
    predicted: np.ndarray
    correct: np.ndarray
    confidence: np.ndarray
    margin: np.ndarray


def read_predictions(run: str, size: int) -> SamplePredictions:
    """Raises `Unavailable`."""
    samples, predictions = load_samples(run), load_predictions(run)
    made = (run, stamp(run, "samples"), stamp(run, "predictions"))
    with explaining(run, "predictions"):
        return _keep_predictions(samples, predictions, size, made)


@keep
def _keep_predictions(
    _samples: Samples, _predictions: Predictions, size: int, made: tuple[str, Stamp, Stamp]
) -> SamplePredictions:
    labels, predicted = _samples.labels[:size], _predictions.predicted[:size]
    targets = _predictions.targets(labels)
    best = np.zeros((size, 2))
    if _predictions.categories:
        best = np.partition(_predictions.probabilities[:size], -2, axis=1)[:, -2:]  # second, first
    return SamplePredictions(
        labels,
        predicted,
        np.where(targets < 0, -1, (targets == predicted).astype(int)),
        best[:, 1].astype(np.float32),
        (best[:, 1] - best[:, 0]).astype(np.float32),
    )


def describe_samples(selection: Selection, contents: Contents) -> PlotSamples:
    """The samples as plots show them, coloured and filtered as is chosen. Raises `Unavailable`."""
    answers = read_predictions(selection.run, selection.size)
    return PlotSamples(
        labels=answers.labels,
        classes=[category.name for category in contents.categories],
        coloring=color_points(selection, contents, answers),
        family=family(selection),
        faded=fade(selection, answers),
    )


def describe_predictions(contents: Contents, size: int) -> PlotPredictions:
    """What a network says of the first samples of its run. Raises `Unavailable`."""
    answers = read_predictions(contents.run, size)
    names = [output.name for output in contents.outputs]
    return PlotPredictions.of(answers.predicted, names, answers.correct, answers.confidence)


def fade(selection: Selection, answers: SamplePredictions) -> np.ndarray:
    """Which samples the filters by correctness and by confidence leave out, (n,) bool."""
    if (answers.predicted < 0).any():  # nothing is predicted
        return np.zeros(len(answers.labels), bool)
    low, high = selection.confidence
    percent = 100 * answers.confidence
    # The slider has whole per cents: at its ends nothing may be lost to rounding.
    faded = (percent < low) & (low > 0) | (percent > high) & (high < 100)
    if selection.verdict != "all":
        faded |= answers.correct != int(selection.verdict == "correct")
    return faded


def color_points(selection: Selection, contents: Contents, answers: SamplePredictions) -> Coloring:
    """The colouring that is chosen.

    Raises
    ------
    Unavailable
        Where clusters are asked for, of an embedding that is not there.
    """
    title = COLORS[selection.color]
    if selection.color == "predicted":
        known, groups = np.unique(answers.predicted, return_inverse=True)
        return Coloring(title, groups, _enter_outputs(known, contents), None)
    if selection.color == "correct":
        names = ("wrong", "correct", "class unknown to the model")
        entries = [LegendEntry(n, *mark) for n, mark in zip(names, RIGHT_WRONG, strict=True)]
        shown = entries if (answers.correct < 0).any() else entries[:2]
        return Coloring(title, np.where(answers.correct < 0, 2, answers.correct), shown, None)
    if selection.color in {"confidence", "margin"}:
        return _color_by_scale(title, getattr(answers, selection.color))
    if selection.color == "cluster":
        return _color_by_cluster(selection, contents)
    if selection.color == "coarse" and (coarse := find_coarse(contents)) is not None:
        return _color_by_coarse(title, coarse, answers)
    classes = enumerate(contents.categories)
    entries = [LegendEntry(category.name, *mark_class(label)) for label, category in classes]
    return Coloring(COLORS["true"], answers.labels, entries, None)


def _enter_outputs(known: np.ndarray, contents: Contents) -> list[LegendEntry]:
    """Outputs as a legend: those that stand for a class of the data set have its colour."""
    labels = {category.name: label for label, category in enumerate(contents.categories)}
    free = iter(range(len(labels), len(labels) + len(known)))
    names = [contents.outputs[output].name for output in known]
    marks = [mark_class(labels[name] if name in labels else next(free)) for name in names]
    return [LegendEntry(name, *mark) for name, mark in zip(names, marks, strict=True)]


def _color_by_coarse(title: str, coarse: CoarseClasses, answers: SamplePredictions) -> Coloring:
    """All groups are entries, so that an entry in an address is the same group in every run."""
    groups = list_groups()
    marks = [
        mark_coarse(family, member)
        for family, (_, members) in enumerate(groupby(groups, lambda each: each.family))
        for member, _ in enumerate(members)
    ]
    entries = [LegendEntry(each.group, *mark) for each, mark in zip(groups, marks, strict=True)]
    entry_of = {each: entry for entry, each in enumerate(groups)}
    places = np.array([entry_of[each] for each in coarse.of])
    if coarse.predicted:
        return Coloring(f"{title}, predicted", places[answers.predicted], entries, None)
    return Coloring(f"{title}, true", places[answers.labels], entries, None)


def _color_by_scale(title: str, values: np.ndarray) -> Coloring:
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    steps = np.minimum((values - low) / span * len(SCALE), len(SCALE) - 1).astype(np.int32)
    entries = [
        LegendEntry(f"{low + span * (i + 0.5) / len(SCALE):.2f}", color)
        for i, color in enumerate(SCALE)
    ]
    return Coloring(title, steps, entries, (f"{low:.2f}", f"{high:.2f}"))


def cluster_layer(selection: Selection, contents: Contents) -> str:
    """The layer whose clusters are shown: the chosen one, or the last with learned features."""
    if selection.cluster is not None:
        return selection.cluster
    return [layer.key for layer in contents.layers if layer.key != PROBABILITIES][-1]


def _color_by_cluster(selection: Selection, contents: Contents) -> Coloring:
    run, layer = selection.run, cluster_layer(selection, contents)
    settings = load_params().clusters
    name = f"{selection.size}/{load_params().umap.n_components}d"
    embedding = load_array(run, "umap", name)
    depth = contents.depth(layer)
    if embedding.shape[:2] != (len(contents.layers), selection.size):
        raise Unavailable(run, "umap", broken=True)
    groups = _keep_clusters(
        embedding[depth],
        settings.n_clusters,
        settings.random_state,
        (run, name, layer, stamp(run, "umap")),
    )
    entries = [
        LegendEntry(f"cluster {i + 1}", *mark_class(i)) for i in range(int(groups.max()) + 1)
    ]
    return Coloring(f"Cluster of {layer}", groups, entries, None)


@keep
def _keep_clusters(
    _points: np.ndarray, n_clusters: int, random_state: int, of: tuple[str, str, str, Stamp]
) -> np.ndarray:
    return engine.arrays.call(cluster, _points, n_clusters, random_state)
