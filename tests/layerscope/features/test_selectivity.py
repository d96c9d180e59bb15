"""Class selectivity by hand and by chance, and the patch that a box cuts out."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from layerscope.features.patches import cut_patch
from layerscope.features.selectivity import (
    average_by_class,
    expect_selectivity,
    measure_selectivity,
)

NAN = np.nan


def test_index_by_hand() -> None:
    means = np.array(
        [
            [4, 1, 1, 2],  # the rest is 4/3: (8/3) / (16/3)
            [0, 0, 6, 0],  # one class only
            [2, 2, 2, 2],  # no preference; the first of equal ones
            [0, 1, 3, 0],  # the rest is 1/3: (8/3) / (10/3)
        ]
    )
    found = measure_selectivity(means)
    np.testing.assert_allclose(found.index, [0.5, 1, 0, 0.8])
    np.testing.assert_array_equal(found.preferred, [0, 2, 0, 2])


def test_it_does_not_depend_on_the_scale() -> None:
    means = np.random.default_rng(0).random((50, 10)).astype(np.float32)
    one, other = measure_selectivity(means), measure_selectivity(1000 * means)
    np.testing.assert_allclose(one.index, other.index, rtol=1e-5)
    assert ((one.index > 0) & (one.index < 1)).all()
    np.testing.assert_array_equal(one.preferred, means.argmax(axis=1))


def test_classes_without_samples_are_left_out() -> None:
    found = measure_selectivity(np.array([[NAN, 3, 1, NAN, 1]]))
    np.testing.assert_allclose(found.index, [0.5])
    assert found.preferred.tolist() == [1]


@pytest.mark.parametrize(
    "row", [[0, 0, 0], [3, -1, 2], [-1, -2, -3], [NAN, 2, NAN], [NAN, NAN, NAN]]
)
def test_where_it_is_not_defined(row: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = measure_selectivity(np.array([row, [4, 1, 1]]))
    assert np.isnan(found.index[0]) and found.preferred[0] == -1
    assert found.index[1] == pytest.approx(0.6) and found.preferred[1] == 0


# --- means and chance ------------------------------------------------------------------------


def test_means_by_class_by_hand() -> None:
    values = np.array([[1, 2, 3, 4, 9], [0, 0, 5, 0, 9]], np.float32)
    means = average_by_class(values, np.array([0, 0, 2, 2, -1]), 3)
    np.testing.assert_allclose(means, [[1.5, NAN, 3.5], [0, NAN, 2.5]])
    many = np.random.default_rng(0).random((600, 40))  # more channels than are taken at a time
    labels = np.arange(40) % 4
    expected = np.stack([many[:, labels == k].mean(axis=1) for k in range(4)], axis=1)
    np.testing.assert_allclose(average_by_class(many, labels, 4), expected)


def test_the_null_by_counting_all_that_can_happen() -> None:
    # One sample of four is active: whichever class has it, the index is 1.
    one = expect_selectivity(np.array([[0, 0, 0, 3]]), np.array([0, 0, 1, 1]), 2, 200, 0)
    assert (one.expected[0], one.high[0], one.p[0]) == (1, 1, 1)
    # Two active ones of four: in one of three pairings they share a class (1), else there is no preference.
    two = expect_selectivity(np.array([[2, 2, 0, 0]]), np.array([0, 0, 1, 1]), 2, 6000, 0)
    assert two.expected[0] == pytest.approx(1 / 3, abs=0.02) and two.high[0] == 1
    assert two.p[0] == pytest.approx(1 / 3, abs=0.02)


def test_channels_that_prefer_nothing_are_found_selective_as_often_as_the_test_says() -> None:
    """Whatever their distribution: the index alone would call seldom active ones selective."""
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(10), 10)
    values = np.concatenate(
        [
            np.maximum(rng.normal(0, 1, (300, 100)), 0),
            rng.exponential(1, (300, 100)) * (rng.random((300, 100)) < 0.05),
        ]
    )
    index = measure_selectivity(average_by_class(values, labels, 10)).index
    null = expect_selectivity(values, labels, 10, 200, 0)
    tested = np.isfinite(null.p)
    assert (null.p[tested] <= 0.05).mean() == pytest.approx(0.05, abs=0.02)
    assert np.nanmean(index) == pytest.approx(np.nanmean(null.expected), rel=0.02)
    assert np.nanmean(index[300:]) > 0.7  # of those that are active for one sample in twenty


def test_a_channel_that_tells_a_class_is_beyond_chance_and_a_constant_one_is_not() -> None:
    labels = np.repeat(np.arange(4), 25)
    values = np.stack([1.0 + 3 * (labels == 2), np.ones(100), np.zeros(100)])
    null = expect_selectivity(values, labels, 4, 99, 0)
    assert null.p[0] == pytest.approx(0.01) and null.p[1] == 1 and np.isnan(null.p[2])
    again = expect_selectivity(values, labels, 4, 99, 0)
    np.testing.assert_array_equal(null.high, again.high)


def test_samples_without_a_class_stay_without_one() -> None:
    labels = np.array([0, 0, 1, 1, -1, -1])
    values = np.array([[1, 2, 3, 4, 1e6, 1e6]])
    null = expect_selectivity(values, labels, 2, 100, 0)
    assert null.high[0] < 0.5


# --- patches ---------------------------------------------------------------------------------

PICTURE = np.arange(8 * 8 * 3).reshape(8, 8, 3)


def test_a_patch_has_every_pixel_that_the_box_touches() -> None:
    np.testing.assert_array_equal(cut_patch(PICTURE, (0.25, 0.5, 0.25, 0.5)), PICTURE[4:8, 2:4])
    # From 1.6 to 4.4 pixels across, from 0.4 to 1.2 down.
    np.testing.assert_array_equal(cut_patch(PICTURE, (0.2, 0.05, 0.35, 0.1)), PICTURE[0:2, 1:5])


def test_shares_that_stand_for_whole_pixels_add_none() -> None:
    # 0.1 + 0.2 is a little more than 0.3, and times 10 a little more than 3.
    picture = np.zeros((10, 10, 3))
    assert cut_patch(picture, (0.1, 0.1, 0.2, 0.1 + 0.1)).shape == (2, 2, 3)
    for first in range(10):
        for n in range(1, 11 - first):
            assert cut_patch(picture, (first / 10, 0, n / 10, 1)).shape == (10, n, 3)


@pytest.mark.parametrize("box", [(0.0, 0.0, 1.0, 1.0), (-0.1, -5.0, 3.0, 10.0)])
def test_a_box_beyond_the_picture_is_clipped_to_it(box: tuple[float, ...]) -> None:
    np.testing.assert_array_equal(cut_patch(PICTURE, box), PICTURE)


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_a_box_without_extent_is_one_pixel(place: float) -> None:
    assert cut_patch(PICTURE, (place, place, 0.0, 0.0)).shape == (1, 1, 3)
