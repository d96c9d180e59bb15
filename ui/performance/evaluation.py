"""What was measured of a run's predictions, each figure once: cached for all sessions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from layerscope.errors import NO_LABELS, InputError
from layerscope.models.layers import NO_CLASSES
from layerscope.performance.calibration import Scaling, try_scaling
from layerscope.performance.confusion import OTHER, arrange_rows, choose_columns, choose_rows
from layerscope.performance.curves import estimate_areas
from layerscope.performance.intervals import Estimate, count_resamples, draw_weights
from layerscope.performance.labeled_predictions import LabeledPredictions
from layerscope.performance.scores import ClassScores, Overall, score_classes, score_overall
from ui.arrays import Stamp, explaining, load_predictions, load_samples, stamp
from ui.library import load_params
from ui.live import engine
from ui.live.performance import EvaluationCurves, take_scores, trace_curves
from ui.memory import keep

MOST_ROWS = 40
MOST_COLUMNS = 20
_MOST_CURVES = 40  # faint ones; more are a grey area
_MEASURING = "Measuring …"  # is seen with many thousand samples only
Made = tuple[str, int, Stamp, Stamp]


@dataclass(frozen=True)
class Evaluation:
    """A run's predictions for its first samples.

    Attributes
    ----------
    made : tuple
        What the predictions were read from: changes with them.
    answers : LabeledPredictions
    """

    made: Made
    answers: LabeledPredictions


def load_evaluation(run: str, size: int) -> Evaluation:
    """Read what is evaluated.

    Raises
    ------
    Unavailable
        Where samples or predictions are missing or damaged.
    InputError
        Where they do not fit together, or nothing is predicted.
    """
    samples, predictions = load_samples(run), load_predictions(run)
    if not predictions.categories:
        raise InputError(f"{run}: {NO_CLASSES}, so that there is no performance to measure")
    if not samples.categories:
        raise InputError(
            f"{run}: {NO_LABELS}, so that nobody knows which predictions are right; the Explorer colours "
            "by what is predicted"
        )
    made = (run, size, stamp(run, "samples"), stamp(run, "predictions"))
    with explaining(run, "predictions"):
        outputs = predictions.outputs
    answers = _keep_answers(predictions.probabilities[:size], samples.labels[:size], outputs, made)
    return Evaluation(made, answers)


@keep
def _keep_answers(
    _probabilities: np.ndarray, _labels: np.ndarray, _outputs: np.ndarray, made: Made
) -> LabeledPredictions:
    return LabeledPredictions(_probabilities, _labels.astype(np.int64), _outputs)


@keep
def _keep_weights(n: int, n_resamples: int, random_state: int) -> np.ndarray:
    weights = draw_weights(n, n_resamples, random_state)
    weights.flags.writeable = False
    return weights


def load_weights(n: int) -> np.ndarray:
    """The bootstrap's weights of n samples, (n_resamples, n), the same for every figure."""
    return _keep_weights(n, count_resamples(n), load_params().performance.random_state)


def load_overall(evaluation: Evaluation) -> Overall:
    """The scores of all classes together."""
    return _keep_overall(evaluation.answers, evaluation.made)


@st.cache_resource(max_entries=16, show_spinner=_MEASURING)
def _keep_overall(_answers: LabeledPredictions, made: Made) -> Overall:
    return engine.arrays.call(score_overall, _answers, load_weights(len(_answers)))


def load_classes(evaluation: Evaluation) -> list[ClassScores]:
    """The scores of each class."""
    return _keep_classes(evaluation.answers, evaluation.made)


@st.cache_resource(max_entries=16, show_spinner=_MEASURING)
def _keep_classes(_answers: LabeledPredictions, made: Made) -> list[ClassScores]:
    return engine.arrays.call(score_classes, _answers)


def choose_axes(
    answers: LabeledPredictions, always: tuple[int, ...] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the matrix: see `choose_rows` and `choose_columns`."""
    rows = choose_rows(answers, MOST_ROWS, always)
    return rows, choose_columns(answers, rows, MOST_COLUMNS)


def load_similar_rows(evaluation: Evaluation, rows: np.ndarray) -> np.ndarray:
    """The rows of the matrix with similar classes beside one another: see `arrange_rows`."""
    return _keep_similar_rows(evaluation.answers, tuple(rows.tolist()), evaluation.made)


@keep
def _keep_similar_rows(
    _answers: LabeledPredictions, rows: tuple[int, ...], made: Made
) -> np.ndarray:
    return engine.arrays.call(arrange_rows, _answers, np.array(rows, dtype=int))


def has_rest(answers: LabeledPredictions) -> bool:
    """Whether the matrix has a column for all other outputs."""
    _, columns = choose_axes(answers)
    return OTHER in columns


def load_curves(evaluation: Evaluation, label: int) -> EvaluationCurves:
    """Curves of a class, and of the others up to a number that can be told apart."""
    kept = _keep_curves(evaluation.answers, evaluation.made)
    if label in kept.roc:
        return kept
    one = _keep_curves(evaluation.answers, evaluation.made, label)
    return EvaluationCurves(kept.roc | one.roc, kept.precision_recall | one.precision_recall)


@st.cache_resource(max_entries=8, show_spinner=_MEASURING)
def _keep_curves(
    _answers: LabeledPredictions, made: Made, label: int | None = None
) -> EvaluationCurves:
    labels = [label for label in range(len(_answers.outputs)) if is_ranked(_answers, label)]
    chosen = labels[:_MOST_CURVES] if label is None else [label]
    return engine.arrays.call(trace_curves, _answers, chosen)


def is_ranked(answers: LabeledPredictions, label: int) -> bool:
    """Whether a class can be told from the rest at all: it has an output, samples, and others."""
    positive = answers.is_class(label)
    return bool(answers.outputs[label] >= 0 and positive.any() and not positive.all())


def load_areas(evaluation: Evaluation, label: int) -> tuple[Estimate, Estimate]:
    """Area under the ROC curve and average precision of a class."""
    return _keep_areas(evaluation.answers, label, evaluation.made)


@st.cache_resource(max_entries=256, show_spinner=_MEASURING)
def _keep_areas(_answers: LabeledPredictions, label: int, made: Made) -> tuple[Estimate, Estimate]:
    taken = take_scores(_answers, label)
    return engine.arrays.call(estimate_areas, *taken, load_weights(len(_answers)))


def load_scaling(evaluation: Evaluation) -> Scaling | None:
    """What a temperature would do; None where too few samples have an output for their class."""
    if evaluation.answers.named.sum() < 2:
        return None
    return _keep_scaling(
        evaluation.answers, evaluation.made, load_params().performance.random_state
    )


@st.cache_resource(max_entries=16, show_spinner=_MEASURING)
def _keep_scaling(_answers: LabeledPredictions, made: Made, random_state: int) -> Scaling:
    named = _answers.named
    return engine.arrays.call(
        try_scaling, _answers.probabilities[named], _answers.targets[named], random_state
    )
