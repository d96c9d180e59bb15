"""Which figures there are, for classes that are few, small, uneven or not there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import silhouette_score

from layerscope.embedding.defined import plan_vote, tell_silhouette, tell_vote
from layerscope.embedding.distances import measure_distances
from layerscope.embedding.neighbors import knn_accuracy, nearest_neighbors
from layerscope.embedding.quality import distance_ranks, judge_neighbors, measure_quality
from layerscope.errors import NO_LABELS


def of_sizes(*sizes: int) -> np.ndarray:
    """Labels of classes of these sizes."""
    return np.repeat(np.arange(len(sizes)), sizes)


@pytest.mark.parametrize(
    ("sizes", "k", "left_out", "told"),
    [
        ([10] * 10, 10, 0, ""),
        ([6] * 10, 10, 0, ""),
        ([5] * 10, 8, 0, "by 8 neighbours, not 10, as classes are small"),
        ([2] * 50, 2, 0, "by 2 neighbours, not 10, as classes are small"),
        ([1] * 50, 0, 50, "too few classes have two samples or more"),
        ([40], 0, 40, "all samples are of one class"),
        ([500, 5], 8, 0, "by 8 neighbours, not 10, as classes are small"),
        ([500, 1], 0, 501, "too few classes have two samples or more"),
        ([500, 500, 5], 10, 5, "of 1000 of 1005 samples: the others' classes are too small"),
        ([100] * 150, 10, 0, ""),
        ([7] * 1000, 10, 0, ""),
        ([1] * 1000, 0, 1000, "too few classes have two samples or more"),
    ],
    ids=str,
)
def test_votes_by_hand(sizes: list[int], k: int, left_out: int, told: str) -> None:
    labels = of_sizes(*sizes)
    found, judged = plan_vote(labels, 10)
    assert (found, int((~judged).sum()), tell_vote(labels, 10)) == (k, left_out, told)


def test_without_labels_there_is_no_vote_and_no_silhouette() -> None:
    labels = np.full(30, -1)
    points = np.random.default_rng(0).normal(size=(30, 3))
    found = measure_quality(measure_distances(points), distance_ranks(points), labels, 10)
    assert np.isnan([found.knn_accuracy, found.silhouette]).all() and found.trustworthiness == 1
    assert tell_vote(labels, 10) == tell_silhouette(labels) == NO_LABELS


@given(st.lists(st.integers(1, 12), min_size=2, max_size=8), st.integers(1, 12))
def test_classes_that_lie_apart_are_told_perfectly_wherever_there_is_a_vote(
    sizes: list[int], k: int
) -> None:
    labels = of_sizes(*sizes)
    points = labels[:, None] * 1000.0 + np.arange(len(labels))[:, None]
    neighbors = nearest_neighbors(points, min(k, len(labels) - 1)).indices
    accuracy = judge_neighbors(neighbors, labels, neighbors.shape[1])
    assert np.isnan(accuracy) or accuracy == 1


def test_a_vote_of_all_is_the_accuracy_of_all() -> None:
    rng = np.random.default_rng(0)
    points, labels = rng.normal(size=(60, 2)), np.arange(60) % 6
    neighbors = nearest_neighbors(points, 10).indices
    assert judge_neighbors(neighbors, labels, 10) == knn_accuracy(neighbors, labels, 10)


@pytest.mark.parametrize("sizes", [[2] * 50, [30], [1] * 30, [29, 1], [500, 5]], ids=str)
def test_there_is_a_silhouette_where_scikit_learn_has_one(sizes: list[int]) -> None:
    labels = of_sizes(*sizes)
    points = np.random.default_rng(0).normal(size=(len(labels), 3))
    found = measure_quality(
        measure_distances(points), distance_ranks(points), labels, 10
    ).silhouette
    if tell_silhouette(labels):
        assert np.isnan(found)
        with pytest.raises(ValueError, match="Valid values are 2 to n_samples - 1"):
            silhouette_score(points, labels)
    else:
        assert found == pytest.approx(silhouette_score(points, labels))
