"""Intervals that cover what they say, and differences between methods."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, binomtest, permutation_test, spearmanr

from layerscope.faithfulness.statistics import (
    average,
    average_share,
    compare_methods,
    correct_by_holm,
    correlate_ranks_given,
)

rng = np.random.default_rng(5)


# --- coverage ------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.5, 0.95])
def test_intervals_of_shares_cover_as_they_say(p: float) -> None:
    # Exactly, over all counts. Counts are whole, so that Wilson's interval covers more or less at one n, and
    # as it says on average (Brown, Cai and DasGupta 2001): at .95, 90 % at n = 11 and 98 % at n = 12.
    covered = []
    for n in range(10, 101):
        ends = [average_share(np.repeat([1.0, 0.0], [k, n - k])) for k in range(n + 1)]
        chances = binom.pmf(np.arange(n + 1), n, p)
        covered.append(sum(chances[k] for k, each in enumerate(ends) if each.low <= p <= each.high))
    assert min(covered) > 0.89 and np.mean(covered) > 0.945


@pytest.mark.parametrize("n", [8, 10, 30, 100])
@pytest.mark.parametrize(
    ("draw", "mean"),
    [
        (lambda drawn, n: drawn.exponential(size=n), 1.0),
        (lambda drawn, n: drawn.beta(0.3, 3, n), 0.3 / 3.3),
        (lambda drawn, n: 1 - drawn.beta(0.5, 4, n), 1 - 0.5 / 4.5),
        (lambda drawn, n: drawn.normal(size=n), 0.0),
    ],
    ids=["exponential", "beta", "beta near one", "normal"],
)
def test_intervals_of_means_cover_as_they_say(
    draw: Callable[[np.random.Generator, int], np.ndarray], mean: float, n: int
) -> None:
    drawn, times = np.random.default_rng(n), 400
    found = [average(draw(drawn, n), seed) for seed in range(times)]
    covered = sum(each.low <= mean <= each.high for each in found)
    assert binom.cdf(covered, times, 0.95) > 1e-4, covered / times  # 91 % of 400 would not be


def test_an_interval_ends_where_figures_do() -> None:
    values = np.array([0.0, 0.2, 0.7, 1.0, 0.3, 0.9])
    free = average(values, 0)
    assert average(values, 0, 0.0, 1.0) == free  # (0.09, 0.96)
    cut = average(values, 0, free.low + 0.02, free.high - 0.01)
    assert cut.low == pytest.approx(free.low + 0.02) and cut.high == pytest.approx(free.high - 0.01)
    assert (cut.value, cut.n) == (pytest.approx(values.mean()), 6)


@pytest.mark.parametrize("values", [[0.25] * 5, [1 / 3] * 7, [0.7], [0.0] * 4, [1e-9 / 3] * 6])
def test_samples_that_do_not_vary_have_no_interval(values: list[float]) -> None:
    found = average(np.array(values), 0, 0.0, 1.0)
    assert found.value == pytest.approx(values[0]) and found.n == len(values)
    assert np.isnan([found.low, found.high]).all()


def test_an_infinite_end_is_no_interval() -> None:
    values = np.array([0.0] * 9 + [1.0])  # a third of all resamples have one value
    assert np.isnan(average(values, 0).high)
    bounded = average(values, 0, 0.0, 1.0)
    assert bounded.low >= 0 and bounded.high == 1


def test_small_figures_have_intervals_as_large_ones_have() -> None:
    values = rng.exponential(size=20)
    large, small = average(values, 3), average(1e-12 * values, 3)
    assert small.low == pytest.approx(1e-12 * large.low) and large.low < large.value < large.high


def test_a_tie_counts_as_a_part_of_a_success() -> None:
    found = average_share(np.array([1.0, 1.0, 0.5, 0.0]))
    assert (found.value, found.n) == (0.625, 4)
    ends = binomtest(5, 8).proportion_ci(method="wilson")  # as much, of twice as many
    assert found.low < ends.low and ends.high < found.high
    hit = average_share(np.ones(10))
    expected = binomtest(10, 10).proportion_ci(method="wilson")
    assert (hit.low, hit.high) == (pytest.approx(expected.low), 1.0)


# --- differences ---------------------------------------------------------------------------------


def test_a_pair_is_compared_as_by_scipy() -> None:
    values = rng.exponential(size=(2, 10))
    values[1] *= 0.6
    exact = permutation_test(
        (values[0] - values[1],), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    found = compare_methods(values, 0)
    assert found[0, 1] == found[1, 0] == pytest.approx(exact.pvalue, abs=0.015)
    assert found[0, 0] == found[1, 1] == 1


def test_a_pair_of_shares_is_compared_as_by_mcnemar() -> None:
    first, second = np.ones((2, 40))
    second[:7], first[7:9] = 0, 0  # 7 samples speak for one, 2 for the other
    expected = binomtest(2, 9).pvalue
    found = compare_methods(np.stack([first, second]), 1)[0, 1]
    assert found == pytest.approx(expected, abs=0.015)


def test_what_one_lacks_is_not_compared() -> None:
    values = rng.normal(size=(2, 30))
    values[1] += 0.8
    lacking = np.concatenate([values, rng.normal(5, 1, (2, 10))], axis=1)
    lacking[0, 30:] = np.nan
    assert compare_methods(lacking, 0)[0, 1] == pytest.approx(
        compare_methods(values, 0)[0, 1], abs=0.01
    )
    assert compare_methods(np.array([[1.0, np.nan], [np.nan, 2.0]]), 0)[0, 1] == 1


def test_methods_that_do_not_differ_are_told_apart_as_rarely_as_it_says() -> None:
    # Fourteen methods of the same worth: with the best chosen after looking, and skewed figures.
    drawn, wrong = np.random.default_rng(0), 0
    for seed in range(200):
        values = drawn.exponential(size=(14, 30)) + drawn.normal(size=30)
        wrong += (compare_methods(values, seed)[values.mean(axis=1).argmax()] < 0.05).any()
    assert wrong <= 18  # of 200 at 5 %, a chance of one in a hundred to be more


def test_a_difference_that_is_there_is_found_though_samples_differ_more() -> None:
    hardness, noise = rng.normal(scale=3, size=50), rng.normal(scale=0.3, size=(3, 50))
    found = compare_methods(hardness + noise + np.array([[0.5], [0.5], [0.0]]), 0)
    assert found[0, 2] < 0.01 and found[1, 2] < 0.01 and found[0, 1] > 0.1


def test_holm_by_hand() -> None:
    # .01 * 4, .03 * 2 but not below .04 of the one before, .02 * 3, .5
    found = correct_by_holm(np.array([0.01, 0.03, 0.02, 0.5]))
    np.testing.assert_allclose(found, [0.04, 0.06, 0.06, 0.5])
    np.testing.assert_allclose(correct_by_holm(np.array([0.9, 0.4])), [0.9, 0.8])
    np.testing.assert_allclose(correct_by_holm(np.array([0.6, 0.6])), [1.0, 1.0])


# --- partial correlation -------------------------------------------------------------------------


def test_partial_rank_correlation_is_pingouins() -> None:
    # `pingouin.partial_corr(..., method="spearman")`, version 0.7.0; the second has ties.
    first = correlate_ranks_given(
        np.array([3.0, 1, 4, 1.5, 9, 2.6]),
        np.array([2.0, 7, 1, 8, 2.8, 1.9]),
        np.array([1.0, 4, 1.4, 2, 3, 5]),
    )
    tied = correlate_ranks_given(
        np.array([3.0, 1, 4, 1, 9, 2, 6]),
        np.array([2.0, 7, 1, 8, 2, 1, 9]),
        np.array([1.0, 4, 1, 2, 3, 5, 5]),
    )
    assert first == pytest.approx(-0.5330017908890262)
    assert tied == pytest.approx(-0.11493280829865664)


def test_partial_rank_correlation_by_its_formula() -> None:
    for _ in range(20):
        x, y, z = rng.integers(0, 9, (3, 8)).astype(float)
        (_, xy, xz), (*_, yz), _ = spearmanr(np.stack([x, y, z]), axis=1).statistic
        expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
        assert correlate_ranks_given(x, y, z) == pytest.approx(expected)


def test_where_nothing_is_left_there_is_no_correlation() -> None:
    x, y = np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4, 3])
    assert correlate_ranks_given(x**2, y, x) == 0  # of the first
    assert correlate_ranks_given(np.ones(4), y, x) == 0
    assert np.isnan(correlate_ranks_given(y, x**2, x))  # of the second
    assert np.isnan(
        correlate_ranks_given(x[:3], y[:3], np.array([1.0, 3, 2]))
    )  # three are always in line
