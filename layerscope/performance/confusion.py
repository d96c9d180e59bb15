"""The confusion matrix: its rows and columns, an order for them, its largest errors, its cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from layerscope.performance.labeled_predictions import LabeledPredictions

OTHER = -1  # the column of all outputs that have none of their own


@dataclass(frozen=True)
class Confusion:
    """True classes by predicted outputs.

    Attributes
    ----------
    rows : ndarray of int64, (R,)
        Classes of the data set.
    columns : ndarray of int64, (C,)
        Outputs of the model; `OTHER` for all the rest.
    counts : ndarray of int64, (R, C)
        Samples.
    own : ndarray of int64, (R,)
        The column that is right for a row; -1 where the model has no such output.
    support : ndarray of int64, (R,)
        Samples of each row's class.
    """

    rows: np.ndarray
    columns: np.ndarray
    counts: np.ndarray
    own: np.ndarray
    support: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """Share of the row's samples, (R, C) float64 in [0, 1]; NaN in rows without samples."""
        support = self.support[:, None]
        return np.where(support > 0, self.counts / np.maximum(support, 1), np.nan)


@dataclass(frozen=True)
class Pair:
    """An error: `count` of the `support` samples of class `label` are predicted as `output`."""

    label: int
    output: int
    count: int
    support: int


def choose_rows(
    predictions: LabeledPredictions, most: int, always: Iterable[int] = ()
) -> np.ndarray:
    """The classes worth a row, in their order: all, or those with the most errors.

    Parameters
    ----------
    predictions : LabeledPredictions
    most : int
        Rows, at most.
    always : iterable of int
        Classes that are among them in any case, as long as there is room.
    """
    n_classes = len(predictions.outputs)
    errors = np.bincount(predictions.labels[~predictions.correct], minlength=n_classes).astype(
        float
    )
    errors[list(always)] = np.inf
    return np.sort(np.argsort(-errors, kind="stable")[:most])


def choose_columns(predictions: LabeledPredictions, rows: np.ndarray, most: int) -> np.ndarray:
    """The outputs worth a column: those of the rows, then those predicted most often, then the rest.

    Parameters
    ----------
    predictions : LabeledPredictions
    rows : ndarray of int, (R,)
        Classes; their outputs come first, in this order, also if they are never predicted.
    most : int
        Columns, at most, if the rows' own outputs are not more.

    Returns
    -------
    ndarray of int64, (C,)
        `OTHER` comes last, where samples of these rows are left for it.
    """
    own = predictions.outputs[rows]
    own = own[own >= 0]
    own = own[np.sort(np.unique(own, return_index=True)[1])]
    given, times = np.unique(
        predictions.predicted[np.isin(predictions.labels, rows)], return_counts=True
    )
    strange = ~np.isin(given, own)
    given, times = given[strange], times[strange]
    others = given[np.argsort(-times, kind="stable")]
    room = max(0, most - len(own))
    if len(others) <= room:
        return np.concatenate([own, others])
    return np.concatenate([own, others[: max(0, room - 1)], [OTHER]])


def place_outputs(predicted: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The column of each predicted output, (n,) int64; -1 where it has none."""
    order = np.argsort(columns, kind="stable")
    at = np.minimum(np.searchsorted(columns[order], predicted), len(columns) - 1)
    found = columns[order][at] == predicted
    rest = np.flatnonzero(columns == OTHER)
    return np.where(found, order[at], rest[0] if len(rest) else -1)


def count_confusion(
    predictions: LabeledPredictions, rows: np.ndarray, columns: np.ndarray
) -> Confusion:
    """Count how often each class is predicted as each output.

    Parameters
    ----------
    predictions : LabeledPredictions
    rows : ndarray of int, (R,)
        Classes of the data set, in the order in which they are wanted.
    columns : ndarray of int, (C,)
        Outputs; with `OTHER`, predictions that have no column are counted there, else nowhere.
    """
    place_of = np.full(len(predictions.outputs), -1)
    place_of[rows] = np.arange(len(rows))
    row, column = place_of[predictions.labels], place_outputs(predictions.predicted, columns)
    kept = (row >= 0) & (column >= 0)
    counts = np.zeros((len(rows), len(columns)), dtype=np.int64)
    np.add.at(counts, (row[kept], column[kept]), 1)
    wanted = predictions.outputs[rows]
    own = np.where(wanted >= 0, place_outputs(wanted, columns), -1)
    own[own >= 0] = [c if columns[c] != OTHER else -1 for c in own[own >= 0]]
    support = np.bincount(predictions.labels, minlength=len(predictions.outputs))[rows]
    return Confusion(np.asarray(rows), np.asarray(columns), counts, own, support)


def arrange_rows(predictions: LabeledPredictions, rows: np.ndarray) -> np.ndarray:
    """Order classes so that those with similar predictions are neighbours.

    Classes are compared by their mean probabilities, the confusion matrix of a model that draws its
    answer from them: unlike counts they tell similar classes where errors are few. Average linkage on
    cosine distances, its leaves in the best of the orders the tree allows (Bar-Joseph et al. 2001).

    Parameters
    ----------
    predictions : LabeledPredictions
    rows : ndarray of int, (R,)

    Returns
    -------
    ndarray of int, (R,)
        The same classes; those without samples last, in their order.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage

    there = np.array([label for label in rows if predictions.is_class(label).any()], dtype=int)
    absent = np.array([label for label in rows if label not in set(there)], dtype=int)
    if len(there) < 3:
        return np.concatenate([there, absent])
    means = np.stack(
        [predictions.probabilities[predictions.is_class(label)].mean(axis=0) for label in there]
    )
    tree = linkage(means.astype(float), "average", metric="cosine", optimal_ordering=True)
    return np.concatenate([there[leaves_list(tree)], absent])


def arrange_columns(
    predictions: LabeledPredictions, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """The same columns, those of the rows first and in their order, so that the diagonal is one."""
    wanted = predictions.outputs[rows]
    own = [output for output in dict.fromkeys(wanted.tolist()) if output >= 0 and output in columns]
    return np.concatenate([np.array(own, dtype=int), columns[~np.isin(columns, own)]])


def list_pairs(predictions: LabeledPredictions, most: int) -> list[Pair]:
    """The most frequent errors, classes without an output included; ties by class and output.

    All predictions of a class without an output are listed: none can be right.
    """
    wrong = ~predictions.correct
    support = np.bincount(predictions.labels, minlength=len(predictions.outputs))
    pairs, counts = np.unique(
        np.stack([predictions.labels[wrong], predictions.predicted[wrong]]),
        axis=1,
        return_counts=True,
    )
    order = np.argsort(-counts, kind="stable")[:most]
    return [
        Pair(int(pairs[0, i]), int(pairs[1, i]), int(counts[i]), int(support[pairs[0, i]]))
        for i in order
    ]


def pick_cell(
    predictions: LabeledPredictions, label: int, output: int, columns: np.ndarray
) -> np.ndarray:
    """The samples in a cell, the most confident first, (m,) int.

    Parameters
    ----------
    predictions : LabeledPredictions
    label : int
        Class of the data set.
    output : int
        Output, or `OTHER` for all that have no column.
    columns : ndarray of int, (C,)
    """
    chosen = (
        ~np.isin(predictions.predicted, columns)
        if output == OTHER
        else predictions.predicted == output
    )
    found = np.flatnonzero(predictions.is_class(label) & chosen)
    return found[np.argsort(-predictions.confidence[found], kind="stable")]
