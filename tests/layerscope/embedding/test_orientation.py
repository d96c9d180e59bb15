"""Layouts turned onto one another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerscope.embedding.alignment import align
from layerscope.embedding.clusters import cluster
from layerscope.embedding.orientation import orient_layers


def cloud(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(60, 2)) * (3, 1)


@given(st.floats(-np.pi, np.pi), st.booleans())
def test_a_turned_or_mirrored_copy_comes_back_onto_the_first(angle: float, mirrored: bool) -> None:
    first = cloud()
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    second = (first * (1, -1) if mirrored else first) @ turn.T + 7
    oriented = orient_layers(np.stack([first, second]))
    assert np.allclose(oriented[1], oriented[0], atol=1e-4)


def test_it_finds_what_the_singular_value_decomposition_finds() -> None:
    first, second = cloud(1), cloud(2) + 0.4 * cloud(1)[:, ::-1]
    oriented = orient_layers(np.stack([first, second]))
    reference = align(second - second.mean(axis=0), oriented[0])
    assert np.allclose(oriented[1], reference, atol=1e-4)


def test_layers_together_lie_wider_than_high() -> None:
    upright = np.stack([cloud(seed)[:, ::-1] * (0.2 + seed, 1) for seed in range(3)])
    oriented = orient_layers(upright)
    scaled = oriented / oriented.std(axis=(1, 2), keepdims=True)
    covariance = np.cov(scaled.reshape(-1, 2).T)
    assert covariance[0, 0] > covariance[1, 1]
    assert abs(covariance[0, 1]) < 0.05 * covariance[0, 0]
    gaps = np.linalg.norm(upright[:, 1:] - upright[:, :-1], axis=-1)
    assert np.allclose(gaps, np.linalg.norm(oriented[:, 1:] - oriented[:, :-1], axis=-1), rtol=1e-4)


def test_distances_stay_and_a_chain_turns_onto_its_own_predecessor() -> None:
    layouts = np.stack([cloud(seed) for seed in range(5)])
    oriented = orient_layers(layouts)
    before = np.linalg.norm(layouts[:, 1:] - layouts[:, :-1], axis=-1)
    after = np.linalg.norm(oriented[:, 1:] - oriented[:, :-1], axis=-1)
    assert np.allclose(before, after, atol=1e-4)
    for depth in range(1, 5):
        again = align(oriented[depth], oriented[depth - 1])  # nothing is left to turn
        assert np.allclose(again, oriented[depth], atol=1e-4)


def test_a_layer_without_extent_is_left_alone() -> None:
    oriented = orient_layers(np.stack([cloud(), np.zeros((60, 2))]))
    assert np.array_equal(oriented[1], np.zeros((60, 2)))


def test_clusters_are_found_numbered_by_size_and_the_same_again() -> None:
    rng = np.random.default_rng(0)
    sizes = (30, 50, 20)
    points = np.concatenate([rng.normal(10 * i, 0.5, (size, 3)) for i, size in enumerate(sizes)])
    found = cluster(points, 3, random_state=0)
    assert [set(part) for part in np.split(found, [30, 80])] == [{1}, {0}, {2}]
    assert np.array_equal(found, cluster(points, 3, random_state=0))


@pytest.mark.parametrize("n_clusters", [5, 9])
def test_there_are_never_more_clusters_than_points(n_clusters: int) -> None:
    assert sorted(cluster(np.eye(5), n_clusters, random_state=0)) == [0, 1, 2, 3, 4]
