"""Scores of each class and of all together, with the intervals they lie in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerscope.performance.intervals import (
    Estimate,
    estimate_f1,
    estimate_loss,
    estimate_score,
    estimate_share,
)
from layerscope.performance.labeled_predictions import LabeledPredictions

_NONE = Estimate(float("nan"))


@dataclass(frozen=True)
class ClassScores:
    """One class against the rest.

    Attributes
    ----------
    label : int
    has_output : bool
        Without one nothing but `support` is defined.
    support, predicted : int
        Samples of the class, and samples that are predicted as it.
    precision, recall, f1 : Estimate
        The share of the samples predicted as the class that belong to it; the share of its samples
        that are predicted as it; their harmonic mean. With Wilson's intervals.
    """

    label: int
    has_output: bool
    support: int
    predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True)
class Overall:
    """All classes together.

    Attributes
    ----------
    n_named : int
        Samples whose class the model has an output for; all figures are over them.
    accuracy, top5 : Estimate
        Share whose right output is the first, or among the five most probable. Wilson's intervals.
    commonest : float
        Accuracy of always predicting the most frequent class.
    macro_f1 : Estimate
        Mean of F1 over the classes for which it is defined. It is that of `ClassScores` only where
        all samples are named: the others can be false positives there.
    log_loss : Estimate
        Mean of minus the logarithm of the right output's probability, in nats.
    kappa : Estimate
        Agreement beyond what the same frequencies give by chance (Cohen 1960).
    mcc : Estimate
        Matthews' correlation of true and predicted class, for more than two classes (Gorodkin 2004).
    """

    n_named: int
    accuracy: Estimate
    top5: Estimate
    commonest: float
    macro_f1: Estimate
    log_loss: Estimate
    kappa: Estimate
    mcc: Estimate


def score_classes(predictions: LabeledPredictions) -> list[ClassScores]:
    """Precision, recall and F1 of each class of the data set, in order.

    All samples count, also those of classes without an output: what is predicted as a teapot and is none
    is a false positive whatever it is.

    Parameters
    ----------
    predictions : LabeledPredictions
    """
    support = np.bincount(predictions.labels, minlength=len(predictions.outputs))
    scores = []
    for label, output in enumerate(map(int, predictions.outputs)):
        if output < 0:
            scores.append(ClassScores(label, False, int(support[label]), 0, _NONE, _NONE, _NONE))
            continue
        of_class, taken = predictions.targets == output, predictions.predicted == output
        right, real, predicted = (int(each.sum()) for each in (of_class & taken, of_class, taken))
        scores.append(
            ClassScores(
                label,
                True,
                int(support[label]),
                predicted,
                estimate_share(right, predicted),
                estimate_share(right, real),
                estimate_f1(right, real + predicted - 2 * right),
            )
        )
    return scores


def _sum_groups(weights: np.ndarray, of: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sums of weights over the samples of each group, (n_resamples, n_groups); `groups` rise."""
    from scipy.sparse import csr_array

    at = np.minimum(np.searchsorted(groups, of), len(groups) - 1)
    member = np.flatnonzero(groups[at] == of)
    ones = np.ones(len(member), dtype=weights.dtype)
    shape = (len(of), len(groups))
    return np.asarray(weights @ csr_array((ones, (member, at[member])), shape=shape))


def score_overall(predictions: LabeledPredictions, weights: np.ndarray) -> Overall:
    """The scores of all classes together.

    Parameters
    ----------
    predictions : LabeledPredictions
    weights : ndarray, (n_resamples, n)
        Of the bootstrap, from `draw_weights`.
    """
    named = predictions.named
    n = int(named.sum())
    if n == 0:
        return Overall(0, _NONE, _NONE, float("nan"), _NONE, _NONE, _NONE, _NONE)
    targets, predicted = predictions.targets[named], predictions.predicted[named]
    weights = weights[:, named].astype(float)
    (kappa,), (mcc,), (chance,) = _agree(targets, predicted, np.ones((1, n)))
    kappas, mccs, _ = _agree(targets, predicted, weights)
    floor = -chance / (1 - chance) if chance < 1 else 0.0  # what kappa is where none is right
    return Overall(
        n,
        estimate_share(int(predictions.correct.sum()), n),
        _score_top(predictions, 5),
        float(np.bincount(targets).max() / n),
        _score_macro(
            targets, predicted, np.unique(predictions.outputs[predictions.outputs >= 0]), weights
        ),
        estimate_loss(predictions.losses[named], weights),
        estimate_score(kappa, kappas, n, floor),
        estimate_score(mcc, mccs, n, floor),
    )


def _score_macro(
    targets: np.ndarray, predicted: np.ndarray, known: np.ndarray, weights: np.ndarray
) -> Estimate:
    """Mean of F1 over those classes in which it is defined.

    It is at most of as many samples as a mean over classes of these sizes has: all of them where the
    sizes are equal, and less where one is small.
    """
    (value,) = _average_f1(targets, predicted, known, np.ones((1, len(targets))))
    sizes = np.unique(targets, return_counts=True)[1]
    n = len(sizes) / float((1 / sizes).mean())
    return estimate_score(value, _average_f1(targets, predicted, known, weights), n)


def _average_f1(
    targets: np.ndarray, predicted: np.ndarray, known: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Macro F1 under each row of weights, (n_resamples,)."""
    hits = _sum_groups(weights, np.where(targets == predicted, targets, -1), known)
    both = _sum_groups(weights, targets, known) + _sum_groups(weights, predicted, known)
    f1 = 2 * hits / np.maximum(both, 1)  # (n_resamples, n_known)
    return np.asarray(f1.sum(axis=1) / np.maximum((both > 0).sum(axis=1), 1))


def _score_top(predictions: LabeledPredictions, k: int) -> Estimate:
    """Share with fewer than k outputs above the right one; of a tie, the first output is above."""
    if predictions.probabilities.shape[1] <= k:
        return _NONE
    p, targets = (
        predictions.probabilities[predictions.named],
        predictions.targets[predictions.named],
    )
    right = p[np.arange(len(p)), targets][:, None]
    first = np.arange(p.shape[1]) < targets[:, None]
    above = ((p > right) | ((p == right) & first)).sum(axis=1)
    return estimate_share(int((above < k).sum()), len(p))


def _agree(
    targets: np.ndarray, predicted: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cohen's kappa, Matthews' correlation and agreement by chance of each row of weights, (n_resamples,).

    NaN where they are not defined: all samples of one class, or all predicted as one.
    """
    kinds = np.unique(np.concatenate([targets, predicted]))
    total = weights.sum(axis=1)
    hits = weights @ (targets == predicted).astype(float)
    true = _sum_groups(weights, targets, kinds)  # (n_resamples, n_kinds)
    predictions = _sum_groups(weights, predicted, kinds)
    by_chance = (true * predictions).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = (hits * total - by_chance) / (total**2 - by_chance)
        spread = (total**2 - (true**2).sum(axis=1)) * (total**2 - (predictions**2).sum(axis=1))
        mcc = (hits * total - by_chance) / np.sqrt(np.maximum(spread, 0))
        chance = by_chance / total**2
    return kappa, mcc, chance
