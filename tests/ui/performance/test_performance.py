"""The figures of the Performance page against scikit-learn and by hand, its address, what it survives."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference
from streamlit.testing.v1 import AppTest

from layerscope.errors import InputError
from layerscope.performance.calibration import (
    COLDEST,
    bin_confidences,
    expect_error,
    fit_temperature,
    place_in_bins,
    scale,
    score_brier,
    try_scaling,
)
from layerscope.performance.confusion import (
    OTHER,
    arrange_columns,
    arrange_rows,
    choose_columns,
    choose_rows,
    count_confusion,
    list_pairs,
    pick_cell,
)
from layerscope.performance.curves import (
    ThresholdCounts,
    average_precision_recall,
    average_roc,
    count_at_threshold,
    estimate_areas,
    trace_precision_recall,
    trace_roc,
    weigh_average_precision,
)
from layerscope.performance.intervals import (
    Estimate,
    count_resamples,
    draw_weights,
    estimate_f1,
    estimate_loss,
    estimate_score,
    estimate_share,
    wilson,
)
from layerscope.performance.labeled_predictions import (
    LabeledPredictions,
    rank_errors,
    rank_unnamed,
    rank_unsure,
)
from layerscope.performance.scores import score_classes, score_overall
from layerscope.storage.store import Store, writing
from tests.shared.pages import open_app, text_of
from tests.shared.project import CLASSES, ROOT, SIZES, TINY
from ui.performance.address import KEYS, PerformanceChoice, read_choice, write_cell
from ui.performance.classes import find_start, sort_scores, turn
from ui.performance.evaluation import MOST_COLUMNS
from ui.performance.matrix import place_on_scale, read_place
from ui.performance.steps import STEPS
from ui.performance.techniques import TECHNIQUES


def make_answers(
    n: int = 300, n_outputs: int = 7, n_named: int = 4, seed: int = 0
) -> LabeledPredictions:
    """Classes of unequal size; the last one has no output, and some outputs are of no class."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(n_named + 1, n, p=np.arange(1, n_named + 2) / sum(range(1, n_named + 2)))
    outputs = np.append(rng.permutation(n_outputs)[:n_named], -1)
    scores = rng.normal(size=(n, n_outputs))
    scores[np.arange(n), outputs[labels]] += 1.5  # of the class without an output: any column
    p = np.exp(scores)
    return LabeledPredictions(p / p.sum(axis=1, keepdims=True), labels, outputs)


def answer(
    predicted: list[int], labels: list[int], outputs: list[int], n_outputs: int
) -> LabeledPredictions:
    """Answers with a confidence of 0.9."""
    p = np.full((len(labels), n_outputs), 0.1 / (n_outputs - 1))
    p[np.arange(len(labels)), predicted] = 0.9
    return LabeledPredictions(p, np.array(labels), np.array(outputs))


ANSWERS = make_answers()
WEIGHTS = draw_weights(len(ANSWERS), 200, 0)
# Classes 0 and 1 are outputs 2 and 0; class 2 has none. Output 3 is of no class.
HAND = answer([2, 2, 0, 0, 3, 1, 3, 2], [0, 0, 0, 1, 1, 2, 2, 2], [2, 0, -1], 4)


# --- what is refused -------------------------------------------------------------------------


def spoil(p: np.ndarray, value: float) -> np.ndarray:
    spoilt = p.copy()
    spoilt[3, 1] = value
    return spoilt


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probabilities": spoil(ANSWERS.probabilities, np.nan)}, "of 1 samples are not finite"),
        ({"probabilities": spoil(ANSWERS.probabilities, np.inf)}, "of 1 samples are not finite"),
        ({"probabilities": spoil(ANSWERS.probabilities, -0.2)}, "outside"),
        ({"probabilities": spoil(ANSWERS.probabilities, 1.2)}, "outside"),
        ({"probabilities": ANSWERS.probabilities[:5]}, "do not fit 300 samples"),
        ({"probabilities": np.zeros((0, 3)), "labels": np.zeros(0, int)}, "do not fit 0 samples"),
        ({"labels": np.full(300, 5)}, "not one of the 5 classes"),
        ({"labels": np.full(300, -1)}, "not one of the 5 classes"),
        ({"outputs": np.array([0, 1, 2, 3, 7])}, "none of the 7 outputs"),
        ({"outputs": np.array([0, 1, 2, 3, -2])}, "none of the 7 outputs"),
    ],
    ids=str,
)
def test_answers_that_cannot_be_right_are_refused_in_one_line(
    change: dict[str, Any], message: str
) -> None:
    given = {"probabilities": ANSWERS.probabilities, "labels": ANSWERS.labels}
    with pytest.raises(InputError, match=message) as error:
        LabeledPredictions(**({"outputs": ANSWERS.outputs} | given | change))
    assert "\n" not in str(error.value)


# --- intervals -------------------------------------------------------------------------------


def test_wilson_by_hand() -> None:
    # 8 of 10, z = 1.959964: (0.8 + 0.192073) / 1.384146 -+ 0.226583, Wilson's formula with a pencil.
    low, high = wilson(8, 10)
    assert (float(low), float(high)) == pytest.approx((0.4901625, 0.9433178), abs=1e-6)


def test_wilson_is_scipys_and_is_exact_at_its_ends() -> None:
    from scipy.stats import binomtest

    for k, n in ((0, 10), (10, 10), (1, 3), (499, 1000)):
        known = binomtest(k, n).proportion_ci(0.95, "wilson")
        assert [float(x) for x in wilson(k, n)] == pytest.approx([known.low, known.high], abs=1e-12)
    assert float(wilson(0, 10)[0]) == 0.0 and float(wilson(10, 10)[1]) == 1.0
    assert np.isnan(wilson(0, 0)).all()
    with pytest.raises(InputError, match="Wilson"):
        wilson(3, 2)


def test_wilson_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    low, high = wilson(rng.binomial(80, 0.9, 4000), np.full(4000, 80))
    assert ((low <= 0.9) & (high >= 0.9)).mean() == pytest.approx(0.95, abs=0.02)


def test_a_share_of_nothing_is_not_defined() -> None:
    assert not estimate_share(0, 0).is_defined
    assert estimate_share(0, 4).is_defined and estimate_share(0, 4).high > 0


def test_resamples_are_seeded_and_draw_n_of_n() -> None:
    weights = draw_weights(30, 500, 7)
    np.testing.assert_array_equal(weights, draw_weights(30, 500, 7))
    assert (weights.sum(axis=1) == 30).all()
    assert not np.array_equal(weights, draw_weights(30, 500, 8))
    # A sample is missing from a resample in (1 - 1/n)^n of the cases.
    assert (weights == 0).mean() == pytest.approx((1 - 1 / 30) ** 30, abs=0.01)


def test_f1_has_wilsons_interval_by_hand() -> None:
    # 8 of 10 samples of the class or predicted as it are both: F1 is 1.6 / 1.8, see Wilson's by hand above.
    found = estimate_f1(8, 2)
    assert found.value == pytest.approx(16 / 18)
    ends = [2 * each / (1 + each) for each in (0.4901625, 0.9433178)]
    assert (found.low, found.high) == pytest.approx(ends, abs=1e-6)
    assert estimate_f1(10, 0).high == 1 and 0.8 < estimate_f1(10, 0).low < 0.9
    assert estimate_f1(0, 3).low == 0 and not estimate_f1(0, 0).is_defined


def test_a_score_that_varies_like_a_share_has_wilsons_interval() -> None:
    right = np.arange(200) < 180
    found = estimate_score(0.9, draw_weights(200, 4000, 0) @ right / 200, 200)
    assert [found.low, found.high] == pytest.approx([float(x) for x in wilson(180, 200)], abs=3e-3)
    # A score that varies four times as much is of a quarter of the samples.
    wide = np.concatenate([np.full(50, 0.9 - 2 * 0.0212), np.full(50, 0.9 + 2 * 0.0212)])
    found = estimate_score(0.9, wide, 200)
    assert [found.low, found.high] == pytest.approx([float(x) for x in wilson(45, 50)], abs=3e-3)


def test_a_score_of_one_has_an_interval_and_a_floor_moves_it() -> None:
    perfect = estimate_score(1.0, np.ones(200), 100)
    assert (perfect.low, perfect.high) == pytest.approx([float(x) for x in wilson(100, 100)])
    moved = estimate_score(1.0, np.ones(200), 100, floor=-0.25)
    assert moved.low == pytest.approx(1 - 1.25 * (1 - perfect.low)) and moved.high == 1


def test_the_bootstrap_t_of_a_normal_mean_is_as_wide_as_theory_says() -> None:
    values = 9 + np.random.default_rng(1).normal(size=400)
    found = estimate_loss(values, draw_weights(400, 1000, 0))
    half = 1.96 * values.std() / 20
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)
    assert found.low < values.mean() < found.high


def test_there_is_no_interval_where_resamples_tell_nothing() -> None:
    assert not estimate_score(0.5, np.array([np.nan, np.nan, 0.5]), 9).has_interval
    assert estimate_score(0.5, np.array([np.nan, 0.4, 0.6]), 9).has_interval
    assert not estimate_score(np.nan, np.array([0.5]), 9).is_defined
    assert not estimate_loss(np.full(9, 0.2), draw_weights(9, 50, 0)).has_interval


def simulate_classes(
    accuracy: float, n: int, n_classes: int, n_draws: int, seed: int
) -> tuple[LabeledPredictions, list[LabeledPredictions]]:
    """What a classifier with evenly spread errors does on very many samples, and on n of them."""
    rng = np.random.default_rng(seed)

    def draw(count: int) -> LabeledPredictions:
        labels = np.arange(count) % n_classes
        wrong = (labels + rng.integers(1, n_classes, count)) % n_classes
        predicted = np.where(rng.random(count) < accuracy, labels, wrong)
        p = np.zeros((count, n_classes), np.float32)
        p[np.arange(count), predicted] = 1
        return LabeledPredictions(p, labels, np.arange(n_classes))

    return draw(100_000), [draw(n) for _ in range(n_draws)]


@pytest.mark.parametrize(("accuracy", "n"), [(0.7, 100), (0.9, 100), (0.98, 100), (0.995, 400)])
def test_scores_of_classes_and_of_all_cover_the_truth_as_often_as_they_say(
    accuracy: float, n: int
) -> None:
    """Percentiles of resamples cover macro F1 in 84 % of the cases at an accuracy of 0.98, 38 % at 0.995."""
    whole, parts = simulate_classes(accuracy, n, 10, 300, 1)
    truth = score_overall(whole, np.ones((1, len(whole)), np.float32))
    weights = draw_weights(n, 300, 0)
    overall = [score_overall(each, weights) for each in parts]
    for name in ("accuracy", "macro_f1", "kappa", "mcc"):
        found = [getattr(each, name) for each in overall]
        value = getattr(truth, name).value
        covered = np.mean([each.low <= value <= each.high for each in found])
        assert covered > 0.92, (name, covered)
    f1 = [each.f1 for part in parts for each in score_classes(part)]
    expected = [each.f1.value for each in score_classes(whole)] * len(parts)
    pairs = zip(f1, expected, strict=True)
    assert np.mean([each.low <= value <= each.high for each, value in pairs]) > 0.92


def draw_far(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(4, 1, n)


def draw_wide(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(6, 2, n)


def draw_mixed(rng: np.random.Generator, n: int) -> np.ndarray:
    """Most far above the others, a few among them, as confident errors are."""
    return np.where(rng.random(n) < 0.05, rng.normal(0, 1, n), rng.normal(8, 1, n))


@pytest.mark.parametrize("draw", [draw_far, draw_wide, draw_mixed])
@pytest.mark.parametrize(("n", "others"), [(20, 180), (100, 100)])
def test_areas_cover_the_truth_at_least_as_often_as_they_say(
    draw: Callable[[np.random.Generator, int], np.ndarray], n: int, others: int
) -> None:
    """Also where most of the areas that are found are 1."""
    rng = np.random.default_rng(2)
    many = 20_000
    scores = np.concatenate([draw(rng, many * n // 200), rng.normal(size=many * others // 200)])
    positive = np.arange(len(scores)) < many * n // 200
    truth = trace_roc(positive, scores).area, trace_precision_recall(positive, scores).area
    weights, positive = draw_weights(n + others, 200, 0), np.arange(n + others) < n
    covered = np.zeros(2)
    for _ in range(200):
        scores = np.concatenate([draw(rng, n), rng.normal(size=others)])
        found = estimate_areas(positive, scores, weights)
        covered += [
            each.low <= value <= each.high for each, value in zip(found, truth, strict=True)
        ]
    assert (covered / 200 > 0.93).all()


def test_losses_cover_their_mean_though_they_are_skewed() -> None:
    rng = np.random.default_rng(3)
    weights = draw_weights(100, 400, 0)
    found = [estimate_loss(rng.lognormal(-1, 1, 100), weights) for _ in range(400)]
    truth = float(np.exp(-0.5))
    covered = np.mean([each.low <= truth <= each.high for each in found])
    assert covered > 0.91  # 0.95 asks for more samples where losses are as skewed as that


def test_many_samples_get_fewer_resamples() -> None:
    assert (count_resamples(100), count_resamples(7000), count_resamples(10**7)) == (1000, 285, 200)


# --- confusion -------------------------------------------------------------------------------


def test_confusion_by_hand() -> None:
    rows = choose_rows(HAND, 10)
    columns = choose_columns(HAND, rows, 10)
    assert rows.tolist() == [0, 1, 2]
    assert columns.tolist() == [2, 0, 3, 1]  # their own, then the commoner of the others
    found = count_confusion(HAND, rows, columns)
    assert found.counts.tolist() == [[2, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 1]]
    assert found.own.tolist() == [0, 1, -1]
    assert found.support.tolist() == [3, 2, 3]
    np.testing.assert_allclose(found.shares[1], [0, 0.5, 0.5, 0])


def test_confusion_is_scikit_learns() -> None:
    answers = make_answers()
    named = answers.named
    known = answers.outputs[:4]
    found = count_confusion(answers, np.arange(4), known)
    expected = reference.confusion_matrix(
        answers.targets[named], answers.predicted[named], labels=known
    )
    np.testing.assert_array_equal(found.counts, expected)


def test_columns_follow_the_rows_and_none_is_lost() -> None:
    columns = np.array([2, 0, 3, OTHER])
    arranged = arrange_columns(HAND, np.array([2, 1, 0]), columns)  # class 2 has no output either
    assert arranged.tolist() == [0, 2, 3, OTHER]
    found = count_confusion(HAND, np.array([2, 1, 0]), arranged)
    assert found.own.tolist() == [-1, 0, 1]
    np.testing.assert_allclose(found.shares.sum(axis=1), 1)


def test_shares_are_of_all_samples_of_a_class() -> None:
    found = count_confusion(HAND, np.arange(3), np.array([0]))
    np.testing.assert_allclose(found.shares[:, 0], [1 / 3, 1 / 2, 0])


def test_outputs_without_a_column_are_counted_together_and_none_is_lost() -> None:
    columns = choose_columns(HAND, np.arange(3), 3)
    assert columns.tolist() == [2, 0, OTHER]
    found = count_confusion(HAND, np.arange(3), columns)
    assert found.counts.tolist() == [[2, 1, 0], [0, 1, 1], [1, 0, 2]]
    assert found.own.tolist() == [0, 1, -1]  # a class without an output is not right in "other"
    assert pick_cell(HAND, 2, OTHER, columns).tolist() == [5, 6]
    assert pick_cell(HAND, 0, 0, columns).tolist() == [2]


def test_a_class_without_an_output_is_never_right() -> None:
    found = count_confusion(HAND, np.array([2]), np.array([OTHER]))
    assert found.own.tolist() == [-1]
    assert not HAND.correct[5:].any() and not HAND.named[5:].any()


def test_rows_are_those_with_the_most_errors_and_those_that_are_asked_for() -> None:
    assert choose_rows(HAND, 1).tolist() == [2]
    assert choose_rows(HAND, 2, always=[1]).tolist() == [1, 2]


def test_pairs_by_hand() -> None:
    pairs = [(pair.label, pair.output, pair.count, pair.support) for pair in list_pairs(HAND, 9)]
    assert pairs == [(0, 0, 1, 3), (1, 3, 1, 2), (2, 1, 1, 3), (2, 2, 1, 3), (2, 3, 1, 3)]
    assert sum(pair[2] for pair in pairs) == (~HAND.correct).sum()
    assert list_pairs(answer([0, 1], [0, 1], [0, 1], 2), 9) == []


def test_the_samples_of_a_cell_come_by_confidence() -> None:
    answers = make_answers()
    uids = pick_cell(answers, 1, int(answers.outputs[1]), answers.outputs[:4])
    assert len(uids) > 5 and answers.correct[uids].all()
    assert (np.diff(answers.confidence[uids]) <= 0).all()


def test_classes_that_are_taken_for_one_another_become_neighbours() -> None:
    labels = np.repeat(np.arange(6), 20)
    twin = np.array([3, 4, 5, 0, 1, 2])  # 0 with 3, 1 with 4, 2 with 5
    p = np.full((120, 6), 0.02)
    p[np.arange(120), labels] = 0.6
    p[np.arange(120), twin[labels]] = 0.32
    answers = LabeledPredictions(p, labels, np.arange(6))
    order = arrange_rows(answers, np.arange(6)).tolist()
    assert sorted(order) == list(range(6))
    assert all(abs(order.index(a) - order.index(a + 3)) == 1 for a in range(3))


def test_a_class_without_samples_comes_last_in_any_order() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(5), 40)
    answers = LabeledPredictions(p, np.repeat([0, 2, 3, 4], 10), np.arange(5))
    assert arrange_rows(answers, np.arange(5))[-1] == 1
    found = count_confusion(answers, np.arange(5), np.arange(5))
    assert np.isnan(found.shares[1]).all() and not np.isnan(found.shares[0]).any()


# --- scores ----------------------------------------------------------------------------------


def test_scores_of_classes_are_scikit_learns() -> None:
    scores = score_classes(ANSWERS)
    precision, recall, f1, support = reference.precision_recall_fscore_support(
        ANSWERS.targets, ANSWERS.predicted, labels=ANSWERS.outputs[:4], zero_division=np.nan
    )
    for label in range(4):
        each = scores[label]
        assert each.precision.value == pytest.approx(precision[label])
        assert each.recall.value == pytest.approx(recall[label])
        assert each.f1.value == pytest.approx(f1[label])
        assert each.support == support[label]
        for figure in (each.precision, each.recall, each.f1):
            assert figure.low <= figure.value <= figure.high
    assert not scores[4].has_output and not scores[4].recall.is_defined
    assert scores[4].support == (ANSWERS.labels == 4).sum()


def test_scores_of_classes_by_hand() -> None:
    first, second, third = score_classes(HAND)
    # A sample of the nameless class is predicted as class 0: a false positive.
    assert (first.precision.value, first.recall.value) == pytest.approx((2 / 3, 2 / 3))
    assert (second.precision.value, second.recall.value) == pytest.approx((1 / 2, 1 / 2))
    assert (first.predicted, second.predicted, third.predicted) == (3, 2, 0)


def test_what_is_never_answered_has_no_precision_and_what_is_not_there_no_recall() -> None:
    never = answer([0, 0, 0], [0, 1, 1], [0, 1, 2], 3)
    first, second, third = score_classes(never)
    assert first.precision.value == pytest.approx(1 / 3)
    assert not second.precision.is_defined and second.recall.value == 0 and second.f1.value == 0
    assert not third.precision.is_defined and not third.recall.is_defined
    assert not third.f1.is_defined and third.support == 0
    overall = score_overall(never, draw_weights(3, 50, 0))
    assert overall.macro_f1.value == pytest.approx((0.5 + 0) / 2)  # of the two that are defined


def test_overall_scores_are_scikit_learns() -> None:
    overall = score_overall(ANSWERS, WEIGHTS)
    named = ANSWERS.named
    targets, predicted = ANSWERS.targets[named], ANSWERS.predicted[named]
    p = ANSWERS.probabilities[named]
    known = np.arange(7)
    assert overall.n_named == named.sum() < len(ANSWERS)
    assert overall.accuracy.value == pytest.approx(reference.accuracy_score(targets, predicted))
    top5 = reference.top_k_accuracy_score(targets, p, k=5, labels=known)
    assert overall.top5.value == pytest.approx(top5)
    assert overall.kappa.value == pytest.approx(reference.cohen_kappa_score(targets, predicted))
    assert overall.mcc.value == pytest.approx(reference.matthews_corrcoef(targets, predicted))
    assert overall.log_loss.value == pytest.approx(reference.log_loss(targets, p, labels=known))
    f1 = reference.f1_score(targets, predicted, labels=ANSWERS.outputs[:4], average="macro")
    assert overall.macro_f1.value == pytest.approx(f1)  # over the samples that accuracy is over
    assert overall.commonest == pytest.approx(np.bincount(targets).max() / named.sum())
    for name in ("accuracy", "top5", "macro_f1", "log_loss", "kappa", "mcc"):
        figure = getattr(overall, name)
        assert figure.low < figure.value < figure.high, name


def test_resampled_scores_are_those_of_the_samples_that_were_drawn() -> None:
    """The weights do what drawing the samples does, figure by figure."""
    weights = draw_weights(len(ANSWERS), 41, 3)
    whole = score_overall(ANSWERS, weights)
    drawn = [np.repeat(np.arange(len(ANSWERS)), each.astype(int)) for each in weights]
    again = [
        score_overall(
            LabeledPredictions(ANSWERS.probabilities[uids], ANSWERS.labels[uids], ANSWERS.outputs),
            weights,
        )
        for uids in drawn
    ]
    by_chance = 1 - (1 - whole.accuracy.value) / (1 - whole.kappa.value)
    none_right = whole.n_named, -by_chance / (1 - by_chance)
    sizes = np.bincount(ANSWERS.labels)[:4]
    limits = {"macro_f1": (4 / (1 / sizes).mean(), 0.0), "kappa": none_right, "mcc": none_right}
    for name, (n, floor) in limits.items():
        found = getattr(whole, name)
        values = np.array([getattr(each, name).value for each in again])
        expected = estimate_score(found.value, values, n, floor)
        ends = expected.low, expected.high
        np.testing.assert_allclose((found.low, found.high), ends, rtol=1e-5, err_msg=name)


def test_without_any_output_nothing_is_defined_and_nothing_breaks() -> None:
    answers = answer([0, 1, 1], [0, 1, 0], [-1, -1], 3)
    weights = draw_weights(3, 50, 0)
    overall = score_overall(answers, weights)
    assert overall.n_named == 0 and not overall.accuracy.is_defined
    assert not overall.macro_f1.is_defined and not overall.mcc.is_defined
    assert [each.support for each in score_classes(answers)] == [2, 1]
    assert len(rank_errors(answers)) == 0 and rank_unnamed(answers).tolist() == [0, 1, 2]


def test_one_class_only_has_no_kappa_and_no_correlation() -> None:
    overall = score_overall(answer([1, 1, 1], [0, 0, 0], [1], 3), draw_weights(3, 50, 0))
    assert overall.accuracy.value == 1 and overall.commonest == 1
    assert not overall.kappa.is_defined and not overall.mcc.is_defined
    assert not overall.top5.is_defined  # of three outputs any is among five


def test_a_probability_of_zero_costs_much_but_not_everything() -> None:
    answers = LabeledPredictions(np.array([[0.0, 1.0]]), np.array([0]), np.array([0, 1]))
    assert answers.losses[0] == pytest.approx(87.3, abs=0.1)


# --- curves ----------------------------------------------------------------------------------


RNG = np.random.default_rng(4)
POSITIVE = RNG.random(200) < 0.2
SCORES = np.round(np.clip(RNG.normal(0.4 + 0.2 * POSITIVE, 0.2), 0, 1), 2)  # with ties


def test_areas_are_scikit_learns_with_and_without_weights() -> None:
    assert trace_roc(POSITIVE, SCORES).area == pytest.approx(
        reference.roc_auc_score(POSITIVE, SCORES)
    )
    weights = np.concatenate([np.ones((1, 200)), draw_weights(200, 4, 0)])
    for found, w in zip(weigh_average_precision(POSITIVE, SCORES, weights), weights, strict=True):
        expected = reference.average_precision_score(POSITIVE, SCORES, sample_weight=w)
        assert found == pytest.approx(expected)


def test_areas_by_hand() -> None:
    # Of the four pairs one is in the wrong order; precisions at the two hits are 1 and 2/3.
    positive, scores = np.array([1, 0, 1, 0], bool), np.array([0.9, 0.8, 0.7, 0.1])
    assert trace_roc(positive, scores).area == pytest.approx(3 / 4)
    assert trace_precision_recall(positive, scores).area == pytest.approx((1 + 2 / 3) / 2)


def test_areas_have_intervals_also_where_they_are_one() -> None:
    for each in estimate_areas(POSITIVE, SCORES, draw_weights(200, 300, 0)):
        assert each.low < each.value < each.high
    none_of_it = draw_weights(200, 1, 0) * ~POSITIVE
    assert np.isnan(weigh_average_precision(POSITIVE, SCORES, none_of_it)).all()
    perfect = estimate_areas(POSITIVE, POSITIVE.astype(float), draw_weights(200, 50, 0))
    n = int(POSITIVE.sum())
    for each in perfect:
        assert (each.value, each.low, each.high) == pytest.approx((1, float(wilson(n, n)[0]), 1))


def test_every_point_of_a_curve_is_what_its_threshold_gives() -> None:
    roc, other = trace_roc(POSITIVE, SCORES), trace_precision_recall(POSITIVE, SCORES)
    for x, y, threshold in zip(roc.x, roc.y, roc.thresholds, strict=True):
        found = count_at_threshold(POSITIVE, SCORES, threshold)
        assert (found.false_positive_rate.value, found.recall.value) == pytest.approx((x, y))
    for x, y, threshold in zip(other.x[:-1], other.y[:-1], other.thresholds[:-1], strict=True):
        found = count_at_threshold(POSITIVE, SCORES, threshold)
        assert (found.recall.value, found.precision.value) == pytest.approx((x, y))


def test_a_threshold_by_hand() -> None:
    found = count_at_threshold(
        np.array([1, 1, 0, 0, 0], bool), np.array([0.9, 0.4, 0.5, 0.2, 0.1]), 0.5
    )
    assert found == ThresholdCounts(
        true_positives=1, false_positives=1, false_negatives=1, true_negatives=2
    )
    assert found.precision.value == found.recall.value == found.f1.value == 0.5
    assert found.false_positive_rate.value == pytest.approx(1 / 3)
    assert not count_at_threshold(
        POSITIVE, SCORES, 1.5
    ).precision.is_defined  # nothing is predicted as the class
    assert count_at_threshold(POSITIVE, SCORES, 1.5).recall.value == 0


def test_mean_curves_lie_between_and_have_the_mean_area() -> None:
    others = np.clip(SCORES + np.random.default_rng(8).normal(0, 0.3, 200), 0, 1)
    roc = [trace_roc(POSITIVE, each) for each in (SCORES, others)]
    mean = average_roc(roc)
    assert mean.area == pytest.approx((roc[0].area + roc[1].area) / 2)
    assert float(np.trapezoid(mean.y, mean.x)) == pytest.approx(mean.area, abs=5e-3)
    assert mean.y[-1] == 1 and (np.diff(mean.y) >= -1e-12).all()
    both = [trace_precision_recall(POSITIVE, each) for each in (SCORES, others)]
    mean = average_precision_recall(both)
    assert mean.y[-1] == pytest.approx(POSITIVE.mean())
    alone = average_precision_recall(both[:1], 2001)
    assert float(alone.y.mean()) == pytest.approx(both[0].area, abs=5e-3)


def test_a_perfect_class_has_the_whole_area() -> None:
    roc = trace_roc(POSITIVE, POSITIVE.astype(float))
    assert roc.area == 1 and average_roc([roc]).y[1] == 1


@pytest.mark.parametrize("positive", [np.zeros(4, bool), np.ones(4, bool)], ids=["none", "all"])
def test_there_is_no_curve_without_both_sides(positive: np.ndarray) -> None:
    with pytest.raises(InputError, match="curves"):
        trace_roc(positive, np.arange(4.0))
    with pytest.raises(InputError, match="curves"):
        trace_precision_recall(np.array([True, False, True, False]), np.array([0, np.nan, 1, 1]))


# --- calibration -----------------------------------------------------------------------------


def test_ece_of_four_samples_by_hand() -> None:
    confidence = np.array([0.3, 0.4, 0.8, 0.9])
    correct = np.array([True, False, True, True])
    bins = bin_confidences(confidence, correct, 2)
    # [0, 0.5]: 0.5 right at 0.35; (0.5, 1]: 1 right at 0.85. Gaps of 0.15 each.
    assert bins.counts.tolist() == [2, 2]
    assert bins.expected_error == pytest.approx(0.15)
    bins = bin_confidences(confidence, correct, 4)
    # (0.25, 0.5]: 0.15 of two; (0.75, 1]: 0.15 of two; two are empty.
    assert bins.counts.tolist() == [0, 2, 0, 2] and np.isnan(bins.accuracy[0])
    one = bin_confidences(confidence, correct, 1)
    assert one.expected_error == one.largest_error == pytest.approx(0.75 - 0.6)
    ten = bin_confidences(confidence, correct, 10)
    assert ten.expected_error == pytest.approx((0.7 + 0.4 + 0.2 + 0.1) / 4)
    assert ten.largest_error == pytest.approx(0.7)
    equal = bin_confidences(confidence, correct, 3, "mass")
    assert equal.counts.tolist() == [2, 1, 1]
    assert equal.edges.tolist() == [0.3, 0.8, 0.9, 0.9]


def test_bins_close_at_the_right_and_keep_the_ends() -> None:
    places, edges = place_in_bins(np.array([0, 0.1, 0.1000001, 0.5, 1.0]), 10, "width")
    assert places.tolist() == [0, 0, 1, 4, 9] and len(edges) == 11
    places, _ = place_in_bins(np.full(7, 0.5), 20, "mass")
    assert places.tolist() == list(range(7))  # no more bins than samples


def test_reliability_is_scikit_learns() -> None:
    from sklearn.calibration import calibration_curve

    rng = np.random.default_rng(6)
    confidence, held = rng.random(500), rng.random(500) < 0.5
    bins = bin_confidences(confidence, held, 8)
    true, mean = calibration_curve(held, confidence, n_bins=8)
    np.testing.assert_allclose(bins.accuracy, true)
    np.testing.assert_allclose(bins.confidence, mean)
    assert ((bins.low <= bins.accuracy) & (bins.accuracy <= bins.high)).all()


def test_what_chance_shows_is_what_a_calibrated_model_shows() -> None:
    rng = np.random.default_rng(9)
    confidence = rng.uniform(0.5, 1, 400)
    mean, high = expect_error(confidence, 10, "width", 4000, 0)
    drawn = [
        bin_confidences(confidence, rng.random(400) < confidence, 10).expected_error
        for _ in range(2500)
    ]
    assert mean == pytest.approx(np.mean(drawn), rel=0.05)
    assert high == pytest.approx(np.quantile(drawn, 0.95), rel=0.1)
    assert expect_error(confidence, 10, "width", 50, 3) == expect_error(
        confidence, 10, "width", 50, 3
    )


def test_brier_is_scikit_learns() -> None:
    p, targets = ANSWERS.probabilities, ANSWERS.predicted
    expected = reference.brier_score_loss(targets, p, labels=np.arange(7), scale_by_half=False)
    assert score_brier(p, targets).mean() == pytest.approx(expected)
    assert score_brier(np.array([[0.5, 0.5]]), np.array([0]))[0] == pytest.approx(0.5)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_a_known_temperature_is_found_again(temperature: float) -> None:
    rng = np.random.default_rng(0)
    true = rng.dirichlet(np.full(6, 0.5), 20_000)
    targets = (rng.random((20_000, 1)) > true.cumsum(axis=1)).sum(axis=1).clip(0, 5)
    shown = scale(true, 1 / temperature)
    found, is_bound = fit_temperature(shown, targets)
    assert found == pytest.approx(temperature, rel=0.03) and not is_bound
    back = scale(shown, found)
    before = bin_confidences(shown.max(1), shown.argmax(1) == targets, 10).expected_error
    after = bin_confidences(back.max(1), back.argmax(1) == targets, 10).expected_error
    assert after < 0.015 and (temperature == 1 or before > 0.1)


def test_scaling_keeps_the_answers_and_the_sum() -> None:
    p = ANSWERS.probabilities
    scaled = scale(p, 3.0)
    np.testing.assert_allclose(scaled.sum(axis=1), 1)
    np.testing.assert_array_equal(scaled.argmax(axis=1), p.argmax(axis=1))
    np.testing.assert_allclose(scale(p, 1.0), p)
    assert np.isfinite(scale(np.array([[0.0, 1.0]]), 0.05)).all()


def test_the_least_loss_is_at_the_temperature_that_is_found() -> None:
    p, targets = ANSWERS.probabilities[ANSWERS.named], ANSWERS.targets[ANSWERS.named]
    found, _ = fit_temperature(p, targets)

    def loss(temperature: float) -> float:
        return float(-np.log(scale(p, temperature)[np.arange(len(p)), targets]).mean())

    assert loss(found) < min(loss(found * 1.02), loss(found / 1.02), loss(1.0))


def test_where_all_is_right_there_is_no_best_temperature() -> None:
    p = np.tile([0.6, 0.4], (10, 1))
    assert fit_temperature(p, np.zeros(10, int)) == (COLDEST, True)
    assert fit_temperature(p, np.ones(10, int))[1]


def test_halves_are_seeded_and_do_not_share_samples() -> None:
    p, targets = ANSWERS.probabilities, ANSWERS.predicted
    one, other = (try_scaling(p, targets, seed) for seed in (0, 1))
    assert sorted([*one.fitted, *one.held_out]) == list(range(300))
    assert not np.array_equal(one.fitted, other.fitted)
    np.testing.assert_array_equal(one.fitted, try_scaling(p, targets, 0).fitted)
    assert one.probabilities.shape == (150, 7)
    with pytest.raises(InputError, match="two samples"):
        try_scaling(p[:1], targets[:1], 0)


@pytest.mark.parametrize("confidence", [[], [np.nan], [-0.1], [1.5]], ids=str)
def test_confidences_that_are_none_are_refused(confidence: list[float]) -> None:
    with pytest.raises(InputError, match="calibration"):
        bin_confidences(np.array(confidence), np.ones(len(confidence), bool), 10)


# --- ranking ---------------------------------------------------------------------------------


def test_errors_come_by_confidence_and_leave_the_nameless_out() -> None:
    errors, unsure = rank_errors(ANSWERS), rank_unsure(ANSWERS)
    assert not ANSWERS.correct[errors].any() and ANSWERS.named[errors].all()
    assert (np.diff(ANSWERS.confidence[errors]) <= 0).all()
    assert ANSWERS.correct[unsure].all() and (np.diff(ANSWERS.confidence[unsure]) >= 0).all()
    nameless = rank_unnamed(ANSWERS)
    assert (ANSWERS.labels[nameless] == 4).all()
    assert len(errors) + len(unsure) + len(nameless) == len(ANSWERS)


# --- the address -----------------------------------------------------------------------------


def test_a_choice_goes_to_the_address_and_back() -> None:
    output = int(HAND.outputs[0])
    choice = PerformanceChoice(
        "thresholds", "pr", 1, (2, output), "share", "similar", "-f1", 0.125, "mass", 20
    )
    params = choice.to_params()
    assert params["cut"] == "0.125" and params["cell"] == f"2-{output}" and set(params) <= set(KEYS)
    assert read_choice(params, HAND, False) == (choice, [])
    start, refused = read_choice({}, HAND, False)
    assert start.to_params() == {} and refused == []
    assert write_cell((1, OTHER)) == "1-rest"
    assert read_choice({"cell": "1-rest"}, HAND, True)[0].cell == (1, OTHER)


@pytest.mark.parametrize(
    ("key", "text", "named"),
    [
        ("perf", "<script>", "view"),
        ("perf", "", "view"),
        ("about", "roc", "technique"),  # of another view
        ("focus_class", "3", "class"),
        ("focus_class", "-1", "class"),
        ("focus_class", "٣", "class"),
        ("cell", "0", "cell of the matrix"),
        ("cell", "9-2", "cell of the matrix"),
        ("cell", "0-99", "cell of the matrix"),
        ("cell", "0--1", "cell of the matrix"),
        ("cell", "0-rest", "cell of the matrix"),  # there is no such column
        ("cell", "٠-2", "cell of the matrix"),
        ("cell", "0-2\n", "cell of the matrix"),
        ("cell", "9" * 5000, "cell of the matrix"),
        ("counted", "counts", "way to count"),
        ("arranged", "1", "order of classes"),
        ("ranked", "--f1", "order of the table"),
        ("cut", "nan", "threshold"),
        ("cut", "1.500", "threshold"),
        ("cut", "0.5", "threshold"),
        ("cut", "1e-3", "threshold"),
        ("binned", "Width", "kind of bins"),
        ("n_bins", "1000000000", "number of bins"),
    ],
    ids=str,
)
def test_what_is_not_offered_is_refused_by_name(key: str, text: str, named: str) -> None:
    choice, refused = read_choice({key: text}, HAND, has_rest=False)
    assert refused == [named]
    assert choice == read_choice({}, HAND, False)[0]


@pytest.mark.parametrize(
    "point",
    [
        {"x": 1.5, "y": 0},
        {"x": -1, "y": 0},
        {"x": 0, "y": 3},
        {"x": "0", "y": 0},
        {"x": True, "y": 0},
        {"x": None, "y": 0},
        {"x": [0], "y": 0},
        {"x": float("nan"), "y": 0},
        {},
    ],
    ids=str,
)
def test_a_click_on_no_cell_is_none(point: dict[str, Any]) -> None:
    found = count_confusion(HAND, np.arange(3), np.array([2, 0, OTHER]))
    assert read_place(point, found) is None
    assert read_place({"x": 2, "y": 1}, found) == (1, OTHER)
    assert read_place({"x": 0.0, "y": 2.0}, found) == (2, 2)


# --- how it is drawn -------------------------------------------------------------------------


def test_right_wrong_and_nameless_cells_have_scales_of_their_own() -> None:
    found = count_confusion(HAND, np.arange(3), np.array([2, 0, 3, 1]))
    places = place_on_scale(found, by_share=False)
    assert (places[found.counts == 0] == 0).all()
    assert 0.99 < places[0, 0] < 1 and 0 < places[1, 1] < places[0, 0]
    assert ((places[[0, 1], [1, 2]] > 1.9) & (places[[0, 1], [1, 2]] < 2)).all()
    assert (places[2, [0, 2, 3]] > 2).all()
    assert np.isfinite(place_on_scale(found, by_share=True)).all()


def test_heads_turn_and_classes_without_a_figure_stay_last() -> None:
    assert turn("class", "f1") == "-f1" and turn("-f1", "f1") == "f1" and turn("f1", "f1") == "-f1"
    assert turn("f1", "class") == "class" and turn("class", "class") == "-class"
    scores = score_classes(ANSWERS)
    for ranked in ("recall", "-recall"):
        order = [each.label for each in sort_scores(scores, ranked)]
        values = [scores[label].recall.value for label in order[:4]]
        assert order[-1] == 4 and values == sorted(values, reverse=ranked.startswith("-"))
    assert [each.support for each in sort_scores(scores, "support")] == sorted(
        each.support for each in scores
    )


def test_axes_begin_where_every_interval_is_seen() -> None:
    nan = float("nan")
    assert find_start([Estimate(0.95, 0.91, 1), Estimate(nan)]) == 0.9
    assert find_start([Estimate(0.95, 0.89, 1)]) == 0.8
    assert find_start([Estimate(-0.2, -0.4, 0.1)]) == 0
    assert find_start([Estimate(nan)]) == 0


@pytest.mark.parametrize("view", TECHNIQUES)
def test_every_technique_says_what_it_is_how_it_fails_and_whence_it_is(view: str) -> None:
    for technique in TECHNIQUES[view]:
        assert len(re.findall(r"[.?!](?= |$)", technique.summary)) == 2, technique.key
        assert technique.formulas and technique.sources
        assert all(formula.count("{") == formula.count("}") for formula in technique.formulas)
        assert technique.failure.endswith(".") and technique.warned is not None
        for source in (*technique.sources, technique.warned):
            assert re.fullmatch(r"https?://\S+", source.url)
            assert source.authors and 1900 < source.year < 2100


@pytest.mark.parametrize("step", STEPS, ids=[step.title for step in STEPS])
def test_a_step_of_the_tour_is_short_and_points_at_something(step: Any) -> None:
    drawn = "".join(file.read_text() for file in (ROOT / "ui").glob("**/*.py"))
    assert len(step.title) <= 32 and len(step.text) <= 240
    assert len(re.findall(r"[.?!](?= |$)", step.text)) <= 2
    assert step.text.count("`") % 2 == 0 and not re.search(r"[<>&]", step.text)
    if step.target:
        assert f'key="{step.target.removeprefix(".st-key-")}"' in drawn


# --- the page --------------------------------------------------------------------------------


open_page = partial(open_app, "Performance")


def rewrite(run: Path, probability: np.ndarray, **changed: object) -> None:
    """The same predictions with other probabilities or attributes."""
    stored = Store(run / "predictions.zarr")
    attributes = dict(stored.attributes) | changed
    attributes = {key: attributes[key] for key in ("model", "categories", "layers", "outputs")}
    shutil.rmtree(run / "predictions.zarr")
    with writing(run / "predictions.zarr", **attributes) as store:
        store.add("probability", probability.astype(np.float32), ["sample", "category"])


def read_probability(run: Path) -> np.ndarray:
    return Store(run / "predictions.zarr").read("probability").copy()


def test_numbers_of_another_run_are_let_go() -> None:
    app = AppTest.from_string(
        "import streamlit as st\n"
        "from ui.performance.address import let_go\n"
        "let_go(st.session_state['of'])\n"
    )
    app.query_params.update({"focus_class": "3", "cell": "1-2", "perf": "classes"})
    for run, kept in (("one", True), ("one", True), ("two", False)):
        app.session_state["of"] = run
        app.run()
        assert not app.exception
        assert {"focus_class", "cell"}.issubset(app.query_params) is kept
    assert set(app.query_params) == {"perf"}


@pytest.mark.usefixtures("tiny_run")
@pytest.mark.parametrize("view", TECHNIQUES)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("focus", [None, "0", "2"], ids=str)
def test_every_view_draws_at_every_size_and_of_a_class_without_an_output(
    view: str, size: int, focus: str | None
) -> None:
    focused = {} if focus is None else {"focus_class": focus}
    app = open_page(run=TINY, size=str(size), perf=view, **focused)
    text = text_of(app)
    assert "is not here" not in "".join(toast.value for toast in app.toast)
    assert CLASSES[2].name not in text  # its name has tags
    assert f"of {14 if size == 20 else 27} samples whose class" in text


@pytest.mark.usefixtures("tiny_run")
def test_a_link_brings_back_what_was_chosen_and_refuses_the_rest_by_name() -> None:
    app = open_page(run=TINY, perf="confusion", cell="1-0", counted="share", n_bins="7")
    assert "predicted as" in text_of(app)
    assert [toast.value for toast in app.toast] == [
        "The link asks for a number of bins that is not here. You see the usual one instead."
    ]
    assert app.query_params["cell"] in ("1-0", ["1-0"]) and "n_bins" not in app.query_params


@pytest.mark.usefixtures("tiny_run")
def test_two_lists_open_a_cell_without_the_chart() -> None:
    app = open_page(run=TINY)
    app.selectbox(key="cell_class").set_value(1).run()
    assert "cell" not in app.query_params  # the other one is to come
    assert app.selectbox(key="cell_class").value == 1
    app.selectbox(key="cell_output").set_value(1).run()
    assert app.query_params["cell"] in ("1-1", ["1-1"])
    assert "predicted correctly" in text_of(app)
    app.button(key="cell_close").click().run()
    assert "cell" not in app.query_params and not app.exception
    assert app.selectbox(key="cell_class").value == -2


def test_a_model_without_any_of_the_classes_says_so_everywhere(tiny_run: Path) -> None:
    rewrite(tiny_run, read_probability(tiny_run), outputs=[-1, -1, -1])
    for view in TECHNIQUES:
        text = text_of(open_page(run=TINY, perf=view))
        assert "no output" in text, view
        assert "nan" not in text.lower(), view
    assert "any of the 3 classes" in text_of(open_page(run=TINY))


def test_a_class_that_is_never_predicted_has_no_precision_on_the_page(tiny_run: Path) -> None:
    p = read_probability(tiny_run)
    p[:, [0, 1]] = p[:, [1, 0]] + 0  # then none is right but by chance
    p[:, 1] = 0
    rewrite(tiny_run, p / p.sum(axis=1, keepdims=True))
    text = text_of(open_page(run=TINY, perf="classes", focus_class="1"))
    assert "never predicted, so its precision is not defined" in text


def test_samples_of_one_class_only_leave_no_rest_to_tell_it_from(tiny_run: Path) -> None:
    p = read_probability(tiny_run)
    stored = Store(tiny_run / "samples.zarr")
    assert stored.read("label").shape == (SIZES[-1],)
    one = LabeledPredictions(p, np.zeros(len(p), int), np.array([0, 1, -1]))
    from ui.performance.evaluation import is_ranked

    assert not is_ranked(one, 0) and not is_ranked(one, 1) and not is_ranked(one, 2)


@pytest.mark.parametrize("value", [np.nan, np.inf], ids=str)
def test_broken_probabilities_are_named_not_shown(tiny_run: Path, value: float) -> None:
    p = read_probability(tiny_run)
    p[3, 2] = value
    rewrite(tiny_run, p)
    text = text_of(open_page(run=TINY))
    assert "These arrays are damaged" in text and "predictions" in text


def test_missing_predictions_are_one_calm_message(tiny_run: Path) -> None:
    shutil.rmtree(tiny_run / "predictions.zarr")
    text = text_of(open_page(run=TINY))
    assert "have not been built yet" in text and "dvc repro" in text + "dvc repro"


def test_a_thousand_outputs_get_twenty_columns(embedded: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(embedded)
    stored = Store(Path("data/objects-efficientnet_lite0/predictions.zarr"))
    labels = Store(Path("data/objects-efficientnet_lite0/samples.zarr")).read("label")
    answers = LabeledPredictions(
        stored.read("probability"), labels.astype(int), np.array(stored.attributes["outputs"])
    )
    rows = choose_rows(answers, 40)
    columns = choose_columns(answers, rows, MOST_COLUMNS)
    found = count_confusion(answers, rows, columns)
    assert len(columns) == MOST_COLUMNS and columns[-1] == OTHER
    assert columns[:3].tolist() == [849, 846, 879]  # teapot, table lamp, umbrella
    assert found.counts.sum() == len(answers) == 1000
    assert (np.diff(found.counts.sum(axis=0)[3:-1]) <= 0).all()
    text = text_of(open_page(run="objects-efficientnet_lite0", cell="2-rest"))
    assert "an output for 3 of the 10 classes" in text
    assert "pictures of <b>car</b> are predicted as <b>any other</b>" in text
