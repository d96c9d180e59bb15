"""The audit's own arithmetic, on what can be checked by hand."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, rankdata

from bench.audit.__main__ import audit_run
from bench.audit.benchmark_table import compare_pairs
from bench.audit.channels import measure_selectivity
from bench.audit.coverage import draw_hits, measure_coverage, take_percentiles
from bench.audit.layers import agree_from, share_kept, vote
from bench.audit.layouts import co_rank, measure_clumps, measure_kept, rank
from bench.audit.measures import correlate_given, describe, locate, measure_rank, trace
from bench.audit.predictions import wilson
from bench.audit.report import OTHER, Line, farthest, tell
from bench.audit.similarity import (
    centre,
    estimate_hsic,
    expect_within,
    make_gram,
    measure_biased,
    measure_debiased,
    measure_nuclear,
)
from bench.audit.subject import count_cells
from layerscope.params import read_params
from tests.shared.project import ROOT

rng = np.random.default_rng(3)


# --- layers --------------------------------------------------------------------------------------


def test_the_majority_votes_and_of_a_tie_the_nearer() -> None:
    labels = np.array([0, 1, 1, 2, 2])
    neighbors = np.array([[1, 3, 4], [3, 2, 0], [3, 4, 1], [1, 2, 4], [3, 1, 0]])
    # 1 2 2 -> 2; 2 1 0 -> 2; 2 2 1 -> 2; 1 1 2 -> 1; 2 1 0 -> 2, right
    assert vote(neighbors, labels).tolist() == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("agrees", "first"), [([1, 1, 1], 0), ([1, 0, 1], 2), ([0, 1, 0], 3), ([0, 1, 1], 1)]
)
def test_neighbours_agree_from_behind_the_last_that_do_not(agrees: list[int], first: int) -> None:
    assert agree_from(np.array(agrees)) == first


def test_shares_of_neighbours_and_cells_of_maps() -> None:
    assert share_kept(np.array([[1, 2], [3, 4]]), np.array([[2, 5], [3, 4]])) == 0.75
    sides = [count_cells(side, way) for way in ("grid7", "pool4") for side in (224, 14, 7, 1)]
    assert sides == [7, 7, 7, 1, 56, 4, 2, 1]


# --- layouts -------------------------------------------------------------------------------------


def test_co_ranking_of_four_points_two_of_which_change_places() -> None:
    first, second = (np.array(each)[:, None] for each in ([0.0, 1, 3, 7], [0.0, 3, 1, 7]))
    ranks = [rank(np.abs(each - each.T)) for each in (first, second)]
    assert ranks[0].tolist() == [[0, 1, 2, 3], [1, 0, 2, 3], [2, 1, 0, 3], [3, 2, 1, 0]]
    matrix = co_rank(*ranks)
    assert matrix.tolist() == [[0, 4, 0], [4, 0, 0], [0, 0, 4]]
    found = measure_kept(matrix)  # Q_NX is 0 and 1; R_NX is -1/2 and 1, weighed by 1 and 1/2
    assert (found.q_local, found.q_global, found.r_nx) == (0.5, 1.0, pytest.approx(0.0))
    same = measure_kept(co_rank(ranks[0], ranks[0]))
    assert (same.q_local, same.q_global, same.r_nx) == (1.0, 1.0, 1.0)


def test_places_strewn_at_random_do_not_clump_and_heaps_do() -> None:
    strewn = rng.random((400, 2))
    heaps = rng.normal(scale=0.01, size=(400, 2)) + rng.integers(0, 3, (400, 1))
    heaps[0] = 0, 2  # so that they are not on a line
    assert measure_clumps(strewn, rng) == pytest.approx(0.5, abs=0.08)
    assert measure_clumps(heaps, rng) > 0.9


# --- intervals -----------------------------------------------------------------------------------


def test_coverage_is_what_an_interval_was_made_for() -> None:
    def normal(drawn: np.random.Generator, n: int) -> np.ndarray:
        return drawn.normal(size=n)

    def known(values: np.ndarray) -> tuple[float, float]:
        half = 1.96 / np.sqrt(len(values))
        return values.mean() - half, values.mean() + half

    assert measure_coverage(normal, 0.0, known, 20, 4000) == pytest.approx(0.95, abs=0.01)
    assert measure_coverage(normal, 0.0, lambda _: (-np.inf, np.inf), 10, 50) == 1
    assert measure_coverage(normal, 0.0, lambda _: (np.nan, np.nan), 10, 50) == 0


def test_percentiles_hold_a_share_only_where_there_was_a_failure() -> None:
    # Of ten hits of ten, the interval is a point: it holds .95 only of 9, 8 and, hardly, 7 hits.
    found = measure_coverage(draw_hits, 0.95, take_percentiles, 10, 400)
    assert found == pytest.approx(1 - 0.95**10, abs=0.07)
    assert take_percentiles(np.ones(10)) == (1.0, 1.0)


@pytest.mark.parametrize(("hits", "n"), [(0, 7), (3, 7), (7, 7), (99, 100)])
def test_wilson_as_by_scipy(hits: int, n: int) -> None:
    expected = binomtest(hits, n).proportion_ci(method="wilson")
    assert wilson(hits / n, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_methods_that_differ_always_are_told_apart() -> None:
    values = rng.normal(size=(3, 31)) + np.array([[3.0], [0.0], [0.0]])
    values[2] = values[1] + 0.1 * (-1.0) ** np.arange(31)
    values[1, 0] = np.nan  # what is left of the pair differs by 0 on average
    found = compare_pairs(values, rng)
    assert found[0, 1] < 0.01 and found[0, 2] < 0.01 and found[1, 2] == 1
    assert (found == found.T).all() and (np.diag(found) == 1).all()


# --- maps ----------------------------------------------------------------------------------------


def test_a_constant_map_has_what_area_gives() -> None:
    part_map = np.zeros((10, 10), dtype=np.uint8)
    part_map[2:4, 2:8], part_map[4:6, 2:4], part_map[6, 2], part_map[7, 2:5] = 1, 2, 3, 4
    importance = np.array([3.0, 2.0, 0.5, 1.0, np.nan])  # in the order of area, but for one
    importance[[1, 3]] = 1.0, 2.0
    found = locate(np.ones((10, 10)), part_map, importance, 0.0)
    covered = (part_map > 0).mean()
    assert [found[name] for name in ("pointing_game", "mass", "rank")] == pytest.approx(
        [covered] * 3
    )
    assert found["parts"] == pytest.approx(0.8)  # ranks 4 3 1 2 and 4 2 1 3
    assert (found["parts_density"], found["parts_partial"]) == (0.0, 0.0)


def test_partial_correlation_as_by_what_lines_leave() -> None:
    first, second, given = rng.normal(size=(3, 12))
    ranks = [rankdata(each) for each in (first, second, given)]
    left = [each - np.polyval(np.polyfit(ranks[2], each, 1), ranks[2]) for each in ranks[:2]]
    expected = np.corrcoef(*left)[0, 1]
    assert correlate_given(first, second, given) == pytest.approx(expected)
    assert np.isnan(correlate_given(first, given, given))
    assert correlate_given(given, second, given) == 0


def test_ties_of_a_map_count_in_part() -> None:
    values, mask = np.array([[3.0, 1.0, 1.0, 0.0]]), np.array([[True, True, False, False]])
    assert measure_rank(values, mask) == 0.75


def test_entropy_and_gini_of_two_pixels_of_four() -> None:
    found = describe(np.array([[1.0, -1.0], [0.0, 0.0]]))
    assert (found["complexity"], found["sparseness"]) == (pytest.approx(np.log(2)), 0.5)


def test_deletion_takes_the_most_relevant_cells_first() -> None:
    start, end = np.full((4, 4, 1), 200, np.uint8), np.zeros((4, 4, 1), np.uint8)
    start[:2, :2] = 240
    values = np.kron([[4.0, 3.0], [2.0, 1.0]], np.ones((2, 2)))
    means = [210.0, 150.0, 0.0]  # of none, one and all of four cells
    area = trace(values, start, end, 2, 2, lambda pictures: pictures.mean(axis=(1, 2, 3)))
    assert area == (means[0] + means[1]) / 2 * 0.25 + (means[1] + means[2]) / 2 * 0.75


def test_selectivity_by_hand() -> None:
    labels = np.array([0, 0, 1, 2])
    values = np.array([[4.0, 1, 0, -3], [2.0, 1, 0, 1], [0.0, 1, 0, 1], [1.0, 1, 0, 1]])
    index, means = measure_selectivity(values, labels)
    assert means[0].tolist() == [3, 0, 1]
    assert index[:2].tolist() == [(3 - 0.5) / (3 + 0.5), 0]
    assert np.isnan(index[2:]).all()  # never active, and below 0 for a class


# --- similarity ----------------------------------------------------------------------------------


def test_hsic_without_a_sample_is_that_of_the_others() -> None:
    grams = [make_gram(rng.normal(size=(12, 4))) for _ in range(2)]
    _, without = estimate_hsic(*grams)
    for i in (0, 7):
        others = np.ix_(*[np.delete(np.arange(12), i)] * 2)
        expected, _ = estimate_hsic(*(each[others] for each in grams))
        assert without[i] == pytest.approx(expected)


def test_debiased_cka_is_the_product_of_centred_matrices() -> None:
    first, second = (make_gram(rng.normal(size=(20, 6))) for _ in range(2))
    expected = measure_biased(centre(first), centre(second))
    found = measure_debiased(first, second)
    assert found.value == pytest.approx(expected) and found.low < expected < found.high
    assert measure_debiased(first, first).value == 1


def test_classes_alone_are_the_mean_over_all_permutations_within_them() -> None:
    labels = np.array([0, 1, 0, 1, 1, 0])
    first, second = (make_gram(rng.normal(size=(6, 3)) + labels[:, None]) for _ in range(2))
    one, other = centre(first), centre(second)
    found = []
    for ways in product(permutations([0, 2, 5]), permutations([1, 3, 4])):
        order = np.empty(6, dtype=int)
        order[[0, 2, 5]], order[[1, 3, 4]] = ways
        found.append(measure_biased(one, other[np.ix_(order, order)]))
    assert expect_within(first, second, labels) == pytest.approx(np.mean(found))


def test_a_cloud_turned_and_scaled_is_the_same() -> None:
    points = rng.normal(size=(30, 3))
    turned = 2 * points @ np.linalg.qr(rng.normal(size=(3, 3)))[0] + 5
    assert measure_nuclear(points, turned) == pytest.approx(1)


# --- lines ---------------------------------------------------------------------------------------


def test_what_neither_has_is_no_difference() -> None:
    assert farthest([1.0, np.nan], [1.5, np.nan]) == 0.5
    assert farthest([1.0, np.nan], [1.0, 2.0]) == np.inf


def test_lines_stand_by_their_points() -> None:
    told = [*tell("run", [Line(4, "b", "1", "2", 0.001), Line(OTHER, "a"), Line(4, "c")])]
    assert [each for each in told if each.startswith("| ") and "---" not in each][1::2] == [
        "| a |  |  |  |  |",
        "| b | 1 | 2 | 0.001 |  |",
    ]
    assert any(each.startswith("\n### 4. ") for each in told)


def test_a_run_that_is_not_built_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = read_params(ROOT / "params.yaml")
    monkeypatch.chdir(tmp_path)
    (line,) = audit_run("objects-vgg16_slim", ["layers"], params, half=False)
    assert "left out" in line.what and "dvc repro" in line.what and line.difference is None
