"""What float16 takes from values, told apart from what it does not matter to lose."""

from __future__ import annotations

import numpy as np
import pytest

from layerscope.activations.half import count_lost, keeps_maps, round_to_half

rng = np.random.default_rng(3)
NORMAL = rng.normal(size=(40, 30)).astype(np.float32)


def is_harmless(values: np.ndarray) -> bool:
    return round_to_half(values.astype(np.float32))[1].is_harmless


def test_figures_of_a_hand_computed_example() -> None:
    # 1 and 3 are exact; 70000 overflows; 1e-9 vanishes; 2049 lies between 2048 and 2050.
    values = np.array([[1, 70000, 1e-9], [3, 2049, 0]], np.float32)
    half, found = round_to_half(values)
    np.testing.assert_array_equal(half, np.array([[1, np.inf, 0], [3, 2048, 0]], np.float16))
    assert found.n == 2
    np.testing.assert_array_equal(count_lost(values), [1, 1])
    np.testing.assert_allclose(found.sums, [4, 72049, 1e-9], rtol=1e-7)
    assert found.squares == pytest.approx(1 + 9 + 70000.0**2 + 2049.0**2)
    assert found.errors == np.inf
    assert round_to_half(values[1:])[1].errors == 1  # by 2049 alone


def test_values_are_rounded_as_numpy_does() -> None:
    values = (rng.normal(size=(500, 7, 2)) * 10.0 ** rng.uniform(-9, 4, (500, 7, 2))).astype("f4")
    np.testing.assert_array_equal(round_to_half(values)[0], values.astype(np.float16))


@pytest.mark.parametrize("cut", [1, 7, 39])
def test_blocks_add_up_to_the_whole(cut: int) -> None:
    whole = round_to_half(NORMAL)[1]
    parts = round_to_half(NORMAL[:cut])[1] + round_to_half(NORMAL[cut:])[1]
    np.testing.assert_allclose(parts.sums, whole.sums)
    assert parts.n == whole.n
    assert (parts.squares, parts.errors) == pytest.approx((whole.squares, whole.errors))


@pytest.mark.parametrize("scale", [1e-3, 1, 1e4])
def test_what_float16_holds_is_harmless(scale: float) -> None:
    assert is_harmless(NORMAL * scale)
    assert is_harmless(np.maximum(NORMAL, 0) * scale)
    assert is_harmless(np.full((9, 5), 0.5))  # exact, if constant
    assert is_harmless(np.zeros((9, 5)))


@pytest.mark.parametrize(
    "values",
    [
        NORMAL * 1e5,  # overflows
        NORMAL * 1e-9,  # vanishes
        NORMAL * 1e-6,  # few digits left
        1000 + NORMAL * 0.1,  # differs by less than float16 tells apart there
        np.where(np.arange(40)[:, None] == 17, NORMAL * 1e6, NORMAL),  # one sample overflows
        np.full((9, 5), 0.1) + np.arange(9)[:, None] * 1e-6,
    ],
)
def test_what_float16_loses_is_not(values: np.ndarray) -> None:
    assert not is_harmless(values)


def test_small_probabilities_may_vanish() -> None:
    logits = rng.normal(scale=8, size=(60, 10))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert count_lost(probabilities.astype(np.float32))[1] > 0
    assert is_harmless(probabilities)


def test_the_rule_is_rounding_against_variance() -> None:
    # A large mean in each of n columns: rounding errors grow with it until they reach 1 % of the spread.
    spread = rng.normal(size=(400, 50))
    for mean in (1.0, 30.0, 100.0, 1000.0):
        values = (mean + spread).astype(np.float32)
        lost = values - values.astype(np.float16).astype(np.float64)
        assert is_harmless(values) == (
            lost.var() + lost.mean() ** 2 <= 1e-4 * values.var(axis=0).mean()
        )
    assert is_harmless(1 + spread) and not is_harmless(1000 + spread)


def test_maps_are_judged_each_by_its_own_peak() -> None:
    maps = np.abs(NORMAL[:24].reshape(20, 6, 6))
    assert keeps_maps(maps)
    assert keeps_maps(np.where(np.arange(20)[:, None, None] == 3, np.nan, maps))  # no map there
    assert keeps_maps(np.where(np.arange(20)[:, None, None] == 3, 0, maps))
    for scale in (1e-7, 1e6):
        assert not keeps_maps(
            np.where(np.arange(20)[:, None, None] == 3, maps * scale, maps).astype("f4")
        )
    assert keeps_maps((maps * 1e-4).astype("f4"))
