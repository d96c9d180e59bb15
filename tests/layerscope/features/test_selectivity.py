"""Class selectivity by hand, and the patch that a box cuts out."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from layerscope.features.patches import cut_patch
from layerscope.features.selectivity import measure_selectivity

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
