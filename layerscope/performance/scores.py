"""Scores of each class and of all together, with the intervals they lie in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerscope.performance.intervals import Estimate, estimate, estimate_share
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
        that are predicted as it; their harmonic mean. The first two have Wilson's interval, the third
        the bootstrap's.
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
        Samples whose class the model has an output for; all figures but `macro_f1` are over them.
    accuracy, top5 : Estimate
        Share whose right output is the first, or among the five most probable. Wilson's intervals.
    commonest : float
        Accuracy of always predicting the most frequent class.
    macro_f1 : Estimate
        Mean of F1 over the classes for which it is defined.
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


def score_classes(predictions: LabeledPredictions, weights: np.ndarray) -> list[ClassScores]:
    """Precision, recall and F1 of each class of the data set, in order.

    All samples count, also those of classes without an output: what is predicted as a teapot and is none
    is a false positive whatever it is.

    Parameters
    ----------
    predictions : LabeledPredictions
    weights : ndarray, (n_resamples, n)
        Of the bootstrap, from `draw_weights`.
    """
    from sklearn.metrics import precision_recall_fscore_support

    known = np.unique(predictions.outputs[predictions.outputs >= 0])
    support = np.bincount(predictions.labels, minlength=len(predictions.outputs))
    if not len(known):
        return [
            ClassScores(label, False, int(support[label]), 0, _NONE, _NONE, _NONE)
            for label in range(len(predictions.outputs))
        ]
    _, _, f1, _ = precision_recall_fscore_support(
        predictions.targets, predictions.predicted, labels=known, zero_division=np.nan
    )
    resampled = _resample_f1(predictions, known, weights)
    of = {int(output): at for at, output in enumerate(known)}
    scores = []
    for label, output in enumerate(map(int, predictions.outputs)):
        if output < 0:
            scores.append(ClassScores(label, False, int(support[label]), 0, _NONE, _NONE, _NONE))
            continue
        right = int((predictions.correct & (predictions.targets == output)).sum())
        predicted = int((predictions.predicted == output).sum())
        scores.append(
            ClassScores(
                label,
                True,
                int(support[label]),
                predicted,
                estimate_share(right, predicted),
                estimate_share(right, int((predictions.targets == output).sum())),
                estimate(float(f1[of[output]]), resampled[:, of[output]]),
            )
        )
    return scores


def _resample_f1(
    predictions: LabeledPredictions, known: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """F1 of each output in each resample, (n_resamples, n_known); NaN where it is not defined."""
    hits = _sum_groups(weights, np.where(predictions.correct, predictions.targets, -1), known)
    both = _sum_groups(weights, predictions.targets, known)
    both = both + _sum_groups(weights, predictions.predicted, known)
    return np.where(both > 0, 2 * hits / np.maximum(both, 1), np.nan)


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
    weights_named = weights[:, named].astype(float)
    totals = weights_named.sum(axis=1)
    losses = predictions.losses[named]
    with np.errstate(invalid="ignore", divide="ignore"):  # a resample may hold no named sample
        resampled_loss = weights_named @ losses / totals
    kappa, mcc = _agree(targets, predicted, np.ones((1, n)))
    kappas, mccs = _agree(targets, predicted, weights_named)
    return Overall(
        n,
        estimate_share(int(predictions.correct.sum()), n),
        _score_top(predictions, 5),
        float(np.bincount(targets).max() / n),
        _score_macro(predictions, weights),
        estimate(float(losses.mean()), resampled_loss),
        estimate(float(kappa[0]), kappas),
        estimate(float(mcc[0]), mccs),
    )


def _score_macro(predictions: LabeledPredictions, weights: np.ndarray) -> Estimate:
    """Mean of F1 over those classes in which it is defined."""
    known = np.unique(predictions.outputs[predictions.outputs >= 0])
    value = _resample_f1(predictions, known, np.ones((1, len(predictions)), np.float32))[0]
    kept = np.isfinite(value)
    resampled = _resample_f1(predictions, known[kept], weights)
    there = np.isfinite(resampled)
    means = np.where(there, resampled, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return estimate(float(value[kept].mean()), means)


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
) -> tuple[np.ndarray, np.ndarray]:
    """Cohen's kappa and Matthews' correlation under each row of weights, (n_resamples,).

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
    return kappa, mcc
