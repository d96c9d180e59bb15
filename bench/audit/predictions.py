"""Predictions: probabilities, calibration, scores with their intervals, Grad-CAM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import norm
from sklearn.metrics import (
    average_precision_score,
    cohen_kappa_score,
    f1_score,
    matthews_corrcoef,
    roc_auc_score,
)
from torch.nn import functional

from bench.audit.attribution import find_cams
from bench.audit.report import OTHER, Line, farthest
from bench.audit.subject import WHOLE, Subject
from layerscope.errors import InputError
from layerscope.models.layers import PROBABILITIES
from layerscope.performance.curves import estimate_areas
from layerscope.performance.intervals import Estimate, count_resamples, draw_weights
from layerscope.performance.labeled_predictions import LabeledPredictions
from layerscope.performance.scores import score_overall

_CAM_SAMPLES = 60
_RESAMPLES = 2000
_Z = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Known:
    """Predictions of the samples whose class the network has.

    Attributes
    ----------
    probabilities : ndarray, (n, K)
    targets : ndarray of int, (n,)
    outputs : ndarray of int
        That stand for a class of the data set.
    """

    probabilities: np.ndarray
    targets: np.ndarray
    outputs: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """The most probable output, (n,)."""
        return self.probabilities.argmax(axis=1)

    @property
    def classes(self) -> np.ndarray:
        """Those of `outputs` that are right for some sample, or predicted for one, rising."""
        return np.intersect1d(self.outputs, np.union1d(self.targets, self.predicted))


def find_known(subject: Subject) -> Known:
    """By the network as it is hooked here. Raises `InputError` where there are none."""
    if PROBABILITIES not in subject.keys:
        raise InputError(f"{subject.name}: the network has no classes")
    (found,) = subject.maps((PROBABILITIES, WHOLE))
    targets = subject.predictions.targets(subject.labels)
    if not (targets >= 0).any():
        raise InputError(f"{subject.name}: the network has none of the classes")
    there, outputs = targets >= 0, subject.predictions.outputs
    return Known(found[there].astype(np.float64), targets[there], outputs[outputs >= 0])


def wilson(share: float, n: float) -> tuple[float, float]:
    """Both solutions p of ``|share - p| = z sqrt(p (1 - p) / n)`` (Wilson 1927)."""
    ends = np.roots([1 + _Z**2 / n, -(2 * share + _Z**2 / n), share**2])
    low, high = np.sort(ends.real)
    return float(max(low, 0)), float(min(high, 1))


def resample_f1(known: Known, rng: np.random.Generator) -> np.ndarray:
    """Macro F1 of resamples, drawn as counts of the confusion matrix: (n_resamples,)."""
    targets, predicted = known.targets, known.predicted
    outputs = np.union1d(targets, predicted)
    pairs, counts = np.unique(np.stack([targets, predicted]), axis=1, return_counts=True)
    at = np.searchsorted(outputs, pairs)
    drawn = rng.multinomial(len(targets), counts / len(targets), _RESAMPLES)  # (resamples, cells)
    matrix = np.zeros((_RESAMPLES, len(outputs), len(outputs)))
    matrix[:, at[0], at[1]] = drawn
    hits = np.diagonal(matrix, axis1=1, axis2=2)
    both = matrix.sum(axis=1) + matrix.sum(axis=2)
    mine = np.isin(outputs, known.classes)
    hits, both = hits[:, mine], both[:, mine]
    return (2 * hits / np.maximum(both, 1)).sum(axis=1) / np.maximum((both > 0).sum(axis=1), 1)


def measure_calibration(known: Known, bins: int = 10) -> float:
    """Expected calibration error, bins of equal width."""
    confidence, right = known.probabilities.max(axis=1), known.predicted == known.targets
    places = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        (places == each).mean()
        * abs(right[places == each].mean() - confidence[places == each].mean())
        for each in np.unique(places)
    ]
    return float(sum(gaps))


def audit_predictions(subject: Subject) -> Iterator[Line]:
    """Probabilities, accuracy and calibration."""
    known = find_known(subject)
    (found,) = subject.maps((PROBABILITIES, WHOLE))
    stored = subject.predictions.probabilities[: subject.size]
    apart = float(np.abs(found - stored).max())
    yield Line(OTHER, "probabilities", difference=apart, by="torch, plain")
    accuracy = (known.predicted == known.targets).mean()
    error, n = measure_calibration(known), len(known.targets)
    told = f"accuracy {accuracy:.3f}, calibration error {error:.3f}, n = {n}"
    yield Line(14, "predictions of known classes", now=told, by="NumPy, ten bins")


def audit_scores(subject: Subject) -> Iterator[Line]:
    """Scores of all classes together, with the interval of macro F1."""
    known = find_known(subject)
    answers = answers_of(subject)
    said = score_overall(answers, weights_of(subject))
    mine = known.probabilities[np.arange(len(known.targets)), known.targets]
    found = {
        "accuracy": (known.predicted == known.targets).mean(),
        "macro_f1": f1_score(known.targets, known.predicted, labels=known.classes, average="macro"),
        "log_loss": -np.log(np.maximum(mine, np.finfo(np.float32).tiny)).mean(),
        "kappa": cohen_kappa_score(known.targets, known.predicted),
        "mcc": matthews_corrcoef(known.targets, known.predicted),
    }
    for name, value in found.items():
        told: Estimate = getattr(said, name)
        yield Line(
            13,
            name,
            f"{told.value:.3f}",
            tell_estimate(told),
            abs(told.value - value),
            "scikit-learn",
        )
    resampled = resample_f1(known, np.random.default_rng(1))
    low, high = np.quantile(resampled, [0.025, 0.975])
    sizes = np.unique(known.targets, return_counts=True)[1]
    most = len(sizes) / (1 / sizes).mean()
    share, variance = found["macro_f1"], resampled.var()
    effective = min(most, share * (1 - share) / variance) if variance > 1e-12 else most
    ends = wilson(share, effective)
    former = f"[{low:.3f}, {high:.3f}]" if high > low else "none"
    apart = farthest((said.macro_f1.low, said.macro_f1.high), ends)
    now = f"[{said.macro_f1.low:.3f}, {said.macro_f1.high:.3f}], n = {said.n_named}"
    yield Line(13, "interval of macro F1", former, now, apart, "NumPy, other resamples")


def resample_area(
    positive: np.ndarray, scores: np.ndarray, rng: np.random.Generator
) -> tuple[float, float]:
    """The former interval of an AUC: percentiles of resamples."""
    drawn = rng.integers(len(positive), size=(200, len(positive)))
    both = (each for each in drawn if 0 < positive[each].sum() < len(each))
    areas = [roc_auc_score(positive[each], scores[each]) for each in both]
    low, high = np.quantile(areas, [0.025, 0.975])
    return float(low), float(high)


def audit_areas(subject: Subject) -> Iterator[Line]:
    """Area under the ROC curve and average precision of each class, with their intervals."""
    known = find_known(subject)
    weights = weights_of(subject)
    p = subject.predictions.probabilities[: subject.size]
    targets = subject.predictions.targets(subject.labels)
    worst = {"area": 0.0, "interval": 0.0, "precision": 0.0}
    told: list[tuple[float, int, Estimate]] = []
    for output in known.classes.tolist():
        positive = targets == output
        if positive.all() or not positive.any():
            continue
        area, precision = estimate_areas(positive, p[:, output], weights)
        found = roc_auc_score(positive, p[:, output])
        ends = wilson(found, min(positive.sum(), len(positive) - positive.sum()))
        worst["area"] = max(worst["area"], abs(area.value - found))
        worst["interval"] = max(worst["interval"], farthest((area.low, area.high), ends))
        other = average_precision_score(positive, p[:, output])
        worst["precision"] = max(worst["precision"], abs(precision.value - other))
        told.append((found, output, area))
    value, output, area = max(told, key=lambda each: each[0])
    low, high = resample_area(targets == output, p[:, output], np.random.default_rng(1))
    has_width = high - low > 1e-9  # more than rounding
    former = f"{value:.3f} [{low:.3f}, {high:.3f}]" if has_width else f"{value:.3f}, no interval"
    yield Line(13, f"largest AUC of {len(told)} classes", former, tell_estimate(area))
    yield Line(13, "AUC of every class", difference=worst["area"], by="scikit-learn")
    yield Line(
        13,
        "its interval",
        "percentiles",
        "Wilson's",
        worst["interval"],
        "NumPy, roots of the quadratic",
    )
    yield Line(
        13, "average precision of every class", difference=worst["precision"], by="scikit-learn"
    )


def audit_cams(subject: Subject) -> Iterator[Line]:
    """Stored Grad-CAM of the predicted class."""
    store = subject.store("cam")
    if "layer" not in store.attributes:
        raise InputError(f"{subject.name}: Grad-CAM is left out: {store.attributes.get('skipped')}")
    n = min(_CAM_SAMPLES, subject.size)
    outputs = subject.predictions.predicted[:n]
    maps = find_cams(
        subject, "grad_cam", store.attributes["layer"], subject.samples.pictures(0, n), outputs
    )
    ours = store.read("cam", slice(n))[:, 0].astype(np.float32)
    ours -= ours.min(axis=(1, 2), keepdims=True)
    ours /= ours.max(axis=(1, 2), keepdims=True) + 1e-7
    large = functional.interpolate(
        torch.from_numpy(ours)[:, None], maps.shape[1:], mode="bilinear", align_corners=False
    )
    large -= large.amin(dim=(2, 3), keepdim=True)
    large /= large.amax(dim=(2, 3), keepdim=True) + 1e-7
    apart = np.abs(large[:, 0].numpy() - maps).max()
    yield Line(
        OTHER,
        f"Grad-CAM of {n} samples, of each map's peak",
        difference=float(apart),
        by="pytorch-grad-cam",
    )


def answers_of(subject: Subject) -> LabeledPredictions:
    """As the app has them, of this size."""
    return LabeledPredictions(
        subject.predictions.probabilities[: subject.size],
        subject.labels,
        subject.predictions.outputs,
    )


def weights_of(subject: Subject) -> np.ndarray:
    """Of the app's bootstrap."""
    n, seed = subject.size, subject.params.performance.random_state
    return draw_weights(n, count_resamples(n), seed)


def tell_estimate(estimate: Estimate) -> str:
    """For example "1.000 [0.963, 1.000]"."""
    if not estimate.has_interval:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
