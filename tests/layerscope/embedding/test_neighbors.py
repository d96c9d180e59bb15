"""Exact neighbours, and the vote among them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from layerscope.embedding.neighbors import knn_accuracy, majority, nearest_neighbors


def test_neighbours_on_a_line_by_hand() -> None:
    points = np.array([[0.0], [1.0], [3.0], [7.0]])
    found = nearest_neighbors(points, 2)
    np.testing.assert_array_equal(found.indices, [[1, 2], [0, 2], [1, 0], [2, 1]])
    np.testing.assert_array_equal(found.distances, [[1, 3], [1, 2], [2, 3], [4, 6]])
    assert (found.indices.dtype, found.distances.dtype) == (np.int32, np.float32)


def test_neighbours_equal_a_full_sort_of_all_distances() -> None:
    points = np.random.default_rng(0).normal(size=(80, 12)).astype(np.float32)
    distances = np.linalg.norm(points[:, None].astype(float) - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    found = nearest_neighbors(points, 10)
    np.testing.assert_array_equal(found.indices, distances.argsort(axis=1)[:, :10])
    np.testing.assert_allclose(found.distances, np.sort(distances, axis=1)[:, :10], rtol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_a_sample_is_never_its_own_neighbour_also_among_duplicates(scale: float) -> None:
    base = np.random.default_rng(0).normal(size=(15, 40)).astype(np.float32) * scale
    points = np.repeat(base, 4, axis=0)
    found = nearest_neighbors(points, 6)
    itself = np.arange(len(points))[:, None]
    assert (found.indices != itself).all()
    # The three duplicates come first, at distance zero; then others.
    np.testing.assert_array_equal(found.indices[:, :3] // 4, np.repeat(itself // 4, 3, axis=1))
    np.testing.assert_allclose(found.distances[:, :3], 0, atol=1e-3 * scale)
    assert (found.distances[:, 3:] > 0.1 * scale).all()


def test_all_samples_equal_still_leaves_each_out() -> None:
    found = nearest_neighbors(np.zeros((6, 2)), 5)
    for sample, row in enumerate(found.indices):
        assert sorted(row) == [i for i in range(6) if i != sample]


def test_no_more_neighbours_than_other_samples() -> None:
    found = nearest_neighbors(np.arange(5.0)[:, None], 30)
    assert found.indices.shape == found.distances.shape == (5, 4)


def test_a_tie_goes_to_the_class_of_the_nearer() -> None:
    #              neighbours     their classes   by hand
    neighbors = np.array([[1, 2, 3, 4], [2, 3, 0, 4], [3, 4, 0, 1], [4, 1, 2, 0], [0, 1, 2, 3]])
    labels = np.array([0, 1, 1, 2, 0])
    #   0: 1 1 2 0 -> 1;  1: 1 2 0 0 -> 0;  2: 2 0 0 1 -> 0;  3: 0 1 1 0 -> tie, 0;  4: 0 1 1 2 -> 1
    np.testing.assert_array_equal(majority(neighbors, labels, 4), [1, 0, 0, 0, 1])
    assert knn_accuracy(neighbors, labels, 4) == 0.0
    #   of the nearest two, all ties but the first: the nearest decides
    np.testing.assert_array_equal(majority(neighbors, labels, 2), [1, 1, 2, 0, 0])
    assert knn_accuracy(neighbors, labels, 2) == 2 / 5


def test_accuracy_on_a_line_by_hand() -> None:
    # Sample 2, of class 1, stands beside the two of class 0.
    points = np.array([[0.0], [1.0], [2.1], [10.0], [11.0], [12.1]])
    labels = np.array([0, 0, 1, 1, 1, 1])
    neighbors = nearest_neighbors(points, 3).indices
    assert knn_accuracy(neighbors, labels, 1) == 5 / 6
    # With three: 0 and 1 see one another, then 2 and 3: 0 1 1. Sample 2 sees 0 0 1, the rest 1 1 1.
    np.testing.assert_array_equal(majority(neighbors, labels, 3), [1, 1, 0, 1, 1, 1])
    assert knn_accuracy(neighbors, labels, 3) == 3 / 6


@pytest.mark.parametrize("k", [1, 5])
def test_votes_agree_with_scikit_learn_where_there_is_no_tie(k: int) -> None:
    rng = np.random.default_rng(1)
    points, labels = rng.normal(size=(60, 3)), rng.integers(0, 2, 60)  # odd k, two classes: no tie
    found = majority(nearest_neighbors(points, k).indices, labels, k)
    for sample in range(60):
        others = np.arange(60) != sample
        model = KNeighborsClassifier(k).fit(points[others], labels[others])
        assert model.predict(points[[sample]])[0] == found[sample]
