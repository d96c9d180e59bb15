"""What the points are coloured by, and which of them the filters leave out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from layerscope.coarse import list_groups
from layerscope.datasets.dataset import Column
from layerscope.embedding.clusters import cluster
from layerscope.models.layers import GIVEN, PROBABILITIES
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from ui.arrays import (
    Stamp,
    Unavailable,
    explaining,
    load_array,
    load_column,
    load_predictions,
    load_samples,
    stamp,
)
from ui.coarse import CoarseClasses, find_coarse
from ui.columns import NO_VALUE, find_column, keep_samples, name_number, shorten
from ui.components.points import Coloring, LegendEntry, PlotPredictions, PlotSamples
from ui.layouts import family, load_layout, locate
from ui.library import Contents, load_params
from ui.live import engine
from ui.memory import keep
from ui.palette import RIGHT_WRONG, SCALE, UNKNOWN, mark_class, mark_coarse
from ui.selection import COLORS, Selection, name_coloring


@dataclass(frozen=True)
class SamplePredictions:
    """What the model predicted for the first n samples of a run.

    Attributes
    ----------
    labels : ndarray of int, (n,)
        True classes of the data set; -1 where there is none.
    predicted : ndarray of int64, (n,)
        Outputs; -1 where the model has no classes, whose confidence and margin are 0.
    correct : ndarray of int, (n,)
        1 correct, 0 wrong, -1 where the model has no such class, or the sample no label.
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
    """Which samples the filters by columns, by correctness and by confidence leave out, (n,) bool."""
    faded = np.zeros(selection.size, bool)
    if selection.where:
        columns = load_samples(selection.run).columns
        faded = ~keep_samples(selection.run, selection.size, columns, selection.where)
    if (answers.predicted < 0).any():  # nothing is predicted
        return faded
    low, high = selection.confidence
    percent = 100 * answers.confidence
    # The slider has whole per cents: at its ends nothing may be lost to rounding.
    faded |= (percent < low) & (low > 0) | (percent > high) & (high < 100)
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
    title = name_coloring(selection.color)
    if selection.color == "predicted":
        known, groups = np.unique(answers.predicted, return_inverse=True)
        return Coloring(title, groups, _enter_outputs(known, contents), None, plural="classes")
    if selection.color == "correct":
        names = ("wrong", "correct", "class unknown to the model")
        entries = [LegendEntry(n, *mark) for n, mark in zip(names, RIGHT_WRONG, strict=True)]
        shown = entries if (answers.correct < 0).any() else entries[:2]
        return Coloring(title, np.where(answers.correct < 0, 2, answers.correct), shown, None)
    if selection.color in {"confidence", "margin"}:
        return _color_by_scale(title, getattr(answers, selection.color), "{:.2f}".format)
    if selection.color == "cluster":
        return _color_by_cluster(selection, contents)
    if selection.color == "kept":
        return _color_by_kept(selection, contents)
    if selection.color == "coarse" and (coarse := find_coarse(contents)) is not None:
        return _color_by_coarse(title, coarse, answers)
    index = find_column(selection.color, contents.columns)
    if index is not None:
        return _color_by_column(selection, index, contents.columns[index])
    return color_by_class(contents, answers)


def color_by_class(contents: Contents, answers: SamplePredictions) -> Coloring:
    """The colouring by what samples are labelled."""
    names = [category.name for category in contents.categories]
    return _color_by_names(COLORS["true"], answers.labels, names, "classes")


def _color_by_names(title: str, groups: np.ndarray, names: Sequence[str], plural: str) -> Coloring:
    """Each name has the mark of its place; what has none, -1, is an entry of its own."""
    entries = [LegendEntry(name, *mark_class(place)) for place, name in enumerate(names)]
    unknown = bool((groups < 0).any())
    if unknown:
        entries.append(LegendEntry(NO_VALUE, *UNKNOWN))
    groups = np.where(groups < 0, len(names), groups)
    return Coloring(title, groups, entries, None, unknown, plural)


def _color_by_column(selection: Selection, index: int, column: Column) -> Coloring:
    values = np.asarray(load_column(selection.run, index)[: selection.size])
    if column.kind == "category":
        names = [shorten(name) for name in column.names]
        return _color_by_names(shorten(column.name), values, names, "values")
    return _color_by_scale(shorten(column.name), values, name_number)


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


def _color_by_scale(
    title: str, values: np.ndarray, write: Callable[[np.floating], str]
) -> Coloring:
    """NaN is no value."""
    known = np.isfinite(values)
    if not known.any():
        return _color_by_names(title, np.full(len(values), -1), (), "")
    ends = write(values[known].min()), write(values[known].max())
    low, high = float(values[known].min()), float(values[known].max())
    span = high - low or 1.0
    shares = np.where(known, values.astype(np.float64) - low, 0) / span
    steps = np.minimum(shares * len(SCALE), len(SCALE) - 1).astype(np.int32)
    digits = max(0, 2 - int(np.floor(np.log10(span))))  # enough to tell steps apart
    brief = digits < 9 and max(abs(low), abs(high)) < 1e9
    bounds = [low + span * i / len(SCALE) for i in range(len(SCALE) + 1)]
    names = [f"{at:.{digits}f}" if brief else f"{at:.4g}" for at in bounds]
    entries = [LegendEntry(f"{names[i]} to {names[i + 1]}", SCALE[i]) for i in range(len(SCALE))]
    if known.all():
        return Coloring(title, steps, entries, ends)
    entries.append(LegendEntry(NO_VALUE, *UNKNOWN))
    return Coloring(title, np.where(known, steps, len(SCALE)), entries, ends, unknown=True)


def _color_by_kept(selection: Selection, contents: Contents) -> Coloring:
    """How many of a sample's ten nearest in the layer are among its ten nearest in the plot."""
    points = load_layout(selection, contents)
    with explaining(selection.run, "nearest"):
        nearest = load_array(selection.run, "nearest", f"{selection.size}/indices")
        true = nearest[contents.depth(selection.layer)]
        if true.shape[0] != len(points):
            raise ValueError("of other samples")
    made = stamp(selection.run, "nearest"), stamp(selection.run, locate(selection)[0])
    kept = _keep_kept(points, true, (selection.to_params()["layer"], locate(selection), made))
    k = true.shape[1]
    shown = sorted({int(each) for each in kept}, reverse=True)
    entries = [LegendEntry(f"{each} of {k}", SCALE[each * (len(SCALE) - 1) // k]) for each in shown]
    places = {each: place for place, each in enumerate(shown)}
    return Coloring(COLORS["kept"], np.array([places[int(each)] for each in kept]), entries, None)


@keep
def _keep_kept(_points: np.ndarray, _true: np.ndarray, of: Hashable) -> np.ndarray:
    from scipy.spatial import KDTree

    k = _true.shape[1]
    found = KDTree(_points).query(_points, k + 1)[1]
    itself = np.arange(len(_points))[:, None]
    found = np.where(found == itself, -1, found)  # of equal places another may come first
    return (found[:, :, None] == _true[:, None, :]).sum(axis=(1, 2))


def cluster_layer(selection: Selection, contents: Contents) -> str:
    """The layer whose clusters are shown: the chosen one, or the last with learned features."""
    if selection.cluster is not None:
        return selection.cluster
    return [each.key for each in contents.layers if each.key not in {GIVEN, PROBABILITIES}][-1]


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
