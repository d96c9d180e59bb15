"""Distances of all samples, against SciPy and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from layerscope.embedding.distances import (
    find_nearest,
    measure_distances,
    normalize_rows,
    rank_distances,
)


@pytest.mark.parametrize("columns", [2, 64, 65, 3000])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_distances_are_those_of_scipy(columns: int, dtype: type) -> None:
    rng = np.random.default_rng(0)
    features = (5 + rng.normal(size=(80, columns))).astype(dtype)
    found = measure_distances(features)
    assert found.dtype == np.float32 and not np.diag(found).any()
    np.testing.assert_allclose(found, cdist(*[features.astype(float)] * 2), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("columns", [3, 500])
def test_equal_samples_have_no_distance_and_rank_by_index(columns: int) -> None:
    row = np.random.default_rng(0).normal(size=columns).astype(np.float32)
    other = row + 1
    found = measure_distances(np.stack([row, other, row, row, other]))
    assert found[0, 2] == found[2, 3] == found[1, 4] == 0
    assert find_nearest(found, 2).tolist() == [[2, 3], [4, 0], [0, 3], [0, 2], [1, 0]]


@pytest.mark.parametrize("columns", [5, 400])
def test_the_nearest_are_those_of_scikit_learn(columns: int) -> None:
    features = np.random.default_rng(0).normal(size=(120, columns)).astype(np.float32)
    for metric, rows in (("euclidean", features), ("cosine", normalize_rows(features))):
        search = NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute").fit(features)
        found = find_nearest(measure_distances(rows), 7)
        np.testing.assert_array_equal(found, search.kneighbors()[1])


def test_the_nearest_have_the_lowest_ranks() -> None:
    found = measure_distances(np.random.default_rng(0).normal(size=(40, 3)))
    ranks = np.take_along_axis(rank_distances(found), find_nearest(found, 39), axis=1)
    np.testing.assert_array_equal(ranks, np.tile(np.arange(1, 40), (40, 1)))


def test_rows_have_length_one_whatever_their_size_and_zeros_stay() -> None:
    rows = np.array([[3, 4], [3e30, 4e30], [3e-30, 4e-30], [0, 0]], np.float32)
    expected = [[0.6, 0.8]] * 3 + [[0, 0]]
    np.testing.assert_allclose(normalize_rows(rows), expected, rtol=1e-6)
