"""How faithful an embedding is, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness as reference
from sklearn.metrics import silhouette_score

from layerscope.embedding import distances
from layerscope.embedding.distances import measure_distances
from layerscope.embedding.neighbors import nearest_neighbors
from layerscope.embedding.quality import (
    Quality,
    compare_ranks,
    distance_ranks,
    measure_quality,
    trustworthiness,
)


def trust(features: np.ndarray, points: np.ndarray, k: int) -> float:
    return trustworthiness(distance_ranks(features), nearest_neighbors(points, k).indices)


def judge(points: np.ndarray, ranks: np.ndarray, labels: np.ndarray, k: int) -> Quality:
    return measure_quality(measure_distances(points), ranks, labels, k)


def test_ranks_on_a_line_by_hand() -> None:
    ranks = distance_ranks(np.array([[0.0], [1.0], [3.0], [7.0]]))
    np.testing.assert_array_equal(ranks, [[0, 1, 2, 3], [1, 0, 2, 3], [2, 1, 0, 3], [3, 2, 1, 0]])


def test_a_sample_ranks_before_its_duplicates() -> None:
    ranks = distance_ranks(np.array([[5.0], [5.0], [5.0], [9.0]]))
    np.testing.assert_array_equal(np.diag(ranks), 0)
    np.testing.assert_array_equal(ranks[:3, 3], 3)  # the stranger comes last


def test_each_row_of_ranks_is_a_permutation() -> None:
    ranks = distance_ranks(np.random.default_rng(0).normal(size=(50, 8)))
    np.testing.assert_array_equal(np.sort(ranks, axis=1), np.tile(np.arange(50), (50, 1)))


@pytest.mark.parametrize("chunk", [1, 3000, 1 << 20])
def test_ranks_are_those_of_a_full_sort_and_equal_distances_rank_by_index(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distances, "_CHUNK_BYTES", chunk)  # a row, five rows, all at a time
    points = np.random.default_rng(0).integers(0, 4, (70, 3)).astype(np.float32)  # many ties
    apart = np.linalg.norm(points[:, None] - points[None], axis=2).round(6)
    np.fill_diagonal(apart, -1)
    expected = apart.argsort(axis=1, kind="stable").argsort(axis=1)
    np.testing.assert_array_equal(distance_ranks(points), expected)


@pytest.mark.parametrize("k", [1, 5, 10, 24])
def test_trustworthiness_is_that_of_scikit_learn(k: int) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 10))
    for points in (rng.normal(size=(60, 2)), features[:, :2], features):
        expected = reference(features, points, n_neighbors=k)
        assert trust(features, points, k) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", [2, 7])
def test_trustworthiness_with_duplicates_in_the_layer(k: int) -> None:
    # Where ranks tie, the order among the tied is anyone's: only a bound can hold.
    rng = np.random.default_rng(0)
    features = np.repeat(rng.normal(size=(20, 6)), 2, axis=0)
    points = features[:, :2] + 1e-3 * rng.normal(size=(40, 2))
    assert trust(features, points, k) == pytest.approx(
        reference(features, points, n_neighbors=k), abs=0.01
    )
    assert trust(features, features, 1) == 1


def test_one_stranger_costs_what_the_definition_says() -> None:
    # On a line, only sample 0 gets a stranger: the farthest of 5 as its only neighbour.
    ranks = distance_ranks(np.arange(5.0)[:, None])
    neighbors = np.array([[4], [0], [1], [2], [3]])
    # Its rank is 4, so 4 - k = 3; of n k (2 n - 3 k - 1) / 2 = 5 * 6 / 2 = 15.
    assert trustworthiness(ranks, neighbors) == pytest.approx(1 - 3 / 15)


def test_quality_of_a_faithful_embedding_and_of_a_random_one() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 30)
    features = 8 * np.eye(4)[labels] @ rng.normal(size=(4, 10)) + rng.normal(size=(120, 10))
    ranks = distance_ranks(features)
    same = judge(features, ranks, labels, 10)
    assert (same.knn_accuracy, same.trustworthiness) == (1.0, 1.0)
    assert same.silhouette == pytest.approx(silhouette_score(features, labels))
    random = judge(rng.normal(size=(120, 2)), ranks, labels, 10)
    assert random.knn_accuracy < 0.5 and random.trustworthiness < 0.7 and random.silhouette < 0.1


def test_few_samples_are_measured_with_fewer_neighbours() -> None:
    # Ten samples carry k = 4: half of the others. With the ten asked for there is no definition.
    points = np.random.default_rng(0).normal(size=(10, 3))
    labels = np.arange(10) % 2
    found = judge(points, distance_ranks(points), labels, 10)
    assert found.trustworthiness == 1.0
    assert found == judge(points, distance_ranks(points), labels, 4)


@pytest.mark.parametrize("k", [1, 5, 10])
def test_continuity_is_the_trustworthiness_of_the_layer_in_the_embedding(k: int) -> None:
    rng = np.random.default_rng(0)
    features, points = rng.normal(size=(60, 10)), rng.normal(size=(60, 2))
    found = judge(points, distance_ranks(features), np.zeros(60, int), k)
    assert found.continuity == pytest.approx(reference(points, features, n_neighbors=k), abs=1e-9)
    near = (nearest_neighbors(each, k).indices for each in (features, points))
    pairs = zip(*near, strict=True)
    kept = [len({*one} & {*other}) / k for one, other in pairs]
    assert found.neighbors_kept == pytest.approx(np.mean(kept))


def test_co_ranking_is_what_its_definition_says() -> None:
    rng = np.random.default_rng(0)
    features, points = rng.normal(size=(30, 6)), rng.normal(size=(30, 2))
    found = compare_ranks(distance_ranks(features), distance_ranks(points))
    for k in (1, 4, 17, 28):
        near = (nearest_neighbors(each, k).indices for each in (features, points))
        kept = sum(len({*one} & {*other}) for one, other in zip(*near, strict=True))
        assert found.q_nx[k - 1] == pytest.approx(kept / (30 * k))
        assert found.r_nx[k - 1] == pytest.approx((29 * kept / (30 * k) - k) / (29 - k))
    weights = 1 / np.arange(1, 29)
    assert found.area == pytest.approx((found.r_nx * weights).sum() / weights.sum())
    most = int((found.q_nx - np.arange(1, 29) / 29).argmax()) + 1
    assert found.split() == pytest.approx((found.q_nx[:most].mean(), found.q_nx[most:].mean()))


def test_co_ranking_of_equal_spaces_is_one_and_of_unrelated_ones_about_nothing() -> None:
    rng = np.random.default_rng(0)
    ranks = distance_ranks(rng.normal(size=(200, 3)))
    same = compare_ranks(ranks, ranks)
    assert same.area == 1 and same.split() == (1, 1)
    assert abs(compare_ranks(ranks, distance_ranks(rng.normal(size=(200, 3)))).area) < 0.02
