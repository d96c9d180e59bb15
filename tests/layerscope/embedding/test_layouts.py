"""Embeddings: as the libraries' own, repeatable, and faithful to clusters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group

from layerscope.embedding.alignment import align
from layerscope.embedding.layouts import effective_perplexity, embed_pacmap, embed_tsne, embed_umap
from layerscope.embedding.neighbors import Neighbors, knn_accuracy, nearest_neighbors
from layerscope.errors import InputError

TSNE = {
    "perplexity": 30,
    "early_exaggeration": 12,
    "n_iter": 500,
    "tolerance": 0,
    "random_state": 0,
}
DENSMAP = {"n_components": 2, "n_neighbors": 30, "min_dist": 0.1, "random_state": 0}
PACMAP = {"n_neighbors": 10, "mn_ratio": 0.5, "fp_ratio": 2.0, "random_state": 0}
UMAP = {"n_components": 2, "n_neighbors": 15, "min_dist": 0.1, "random_state": 0}
LABELS = np.repeat(np.arange(6), 50)


@pytest.fixture(scope="module")
def scores() -> np.ndarray:
    """Six separated clusters of fifty, centred."""
    rng = np.random.default_rng(0)
    points = 10 * rng.normal(size=(6, 8))[LABELS] + rng.normal(size=(300, 8))
    return (points - points.mean(axis=0)).astype(np.float32)


@pytest.fixture(scope="module")
def neighbors(scores: np.ndarray) -> Neighbors:
    return nearest_neighbors(scores, 90)


def accuracy(points: np.ndarray) -> float:
    return knn_accuracy(nearest_neighbors(points, 10).indices, LABELS, 10)


# --- t-SNE -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("perplexity", "n", "expected"),
    [(30, 1000, 30), (30, 91, 30), (30, 90, 89 / 3), (90, 100, 33), (10, 100, 10)],
)
def test_a_size_carries_a_third_of_its_other_samples(
    perplexity: float, n: int, expected: float
) -> None:
    assert effective_perplexity(perplexity, n) == expected


def test_what_a_size_carries_needs_no_more_neighbours_than_there_are() -> None:
    # Rounding must not make openTSNE lower the perplexity once more, silently.
    for n in range(4, 2000):
        assert int(3 * effective_perplexity(1e9, n)) == n - 1


def test_tsne_reaches_the_divergence_of_opentsnes_own_fit(
    scores: np.ndarray, neighbors: Neighbors
) -> None:
    from openTSNE import TSNE as Reference

    options = {"negative_gradient_method": "bh", "n_jobs": 1, "neighbors": "exact"}
    asked = {key: value for key, value in TSNE.items() if key != "tolerance"}
    reference = Reference(**asked, **options).fit(scores)
    found = embed_tsne(scores, neighbors, **TSNE)
    assert found.kl_divergence == pytest.approx(reference.kl_divergence, rel=0.03)


def test_tsne_goes_on_until_its_divergence_stands_still(
    scores: np.ndarray, neighbors: Neighbors
) -> None:
    settings = TSNE | {"n_iter": 5000, "tolerance": 1e-3}
    found = embed_tsne(scores, neighbors, **settings)
    assert found.n_iter % 100 == 0 and 100 < found.n_iter < 5000
    made = found.n_iter
    divergences = [
        embed_tsne(scores, neighbors, **TSNE | {"n_iter": n}).kl_divergence
        for n in (made - 200, made - 100, made, 5000)
    ]
    assert found.kl_divergence == pytest.approx(divergences[2], rel=1e-6)
    gains = -np.diff(divergences[:3]) / divergences[1:3]
    assert gains[1] <= 1e-3 < gains[0]
    assert (divergences[2] - divergences[3]) / divergences[3] < 0.02


def test_tsne_says_how_many_iterations_it_made_where_it_still_falls(
    scores: np.ndarray, neighbors: Neighbors
) -> None:
    assert embed_tsne(scores, neighbors, **TSNE | {"n_iter": 150}).n_iter == 150


def test_tsne_is_repeatable_to_the_bit(scores: np.ndarray, neighbors: Neighbors) -> None:
    settings = TSNE | {"n_iter": 100}
    one, two = (embed_tsne(scores, neighbors, **settings) for _ in range(2))
    np.testing.assert_array_equal(one.points, two.points)
    assert one.kl_divergence == two.kl_divergence
    assert one.points.shape == (300, 2) and one.points.dtype == np.float32


def test_more_stored_neighbours_than_needed_change_nothing(scores: np.ndarray) -> None:
    settings = TSNE | {"n_iter": 50, "perplexity": 10}
    few, many = (embed_tsne(scores, nearest_neighbors(scores, k), **settings) for k in (30, 200))
    np.testing.assert_array_equal(few.points, many.points)


def test_too_few_stored_neighbours_name_the_number_needed(scores: np.ndarray) -> None:
    with pytest.raises(
        InputError, match=r"perplexity 30 needs 90 neighbours .* keeps 89; raise it"
    ):
        embed_tsne(scores, nearest_neighbors(scores, 89), **TSNE)


def test_all_others_are_neighbours_enough() -> None:
    points = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    settings = TSNE | {"perplexity": effective_perplexity(30, 40), "n_iter": 20}
    found = embed_tsne(points, nearest_neighbors(points, 270), **settings)
    assert np.isfinite(found.points).all() and found.kl_divergence > 0


# --- UMAP ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_components", [2, 15])
def test_umap_is_repeatable_to_the_bit_and_warns_of_nothing(
    scores: np.ndarray, neighbors: Neighbors, n_components: int
) -> None:
    # Warnings are errors here. Fifteen columns are more than the eight components there are.
    settings = UMAP | {"n_components": n_components}
    one, two = (embed_umap(scores, neighbors, **settings) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert one.shape == (300, n_components) and one.dtype == np.float32
    assert np.isfinite(one).all() and (one.std(axis=0) > 0).all()


def test_umap_starts_where_it_is_told(scores: np.ndarray, neighbors: Neighbors) -> None:
    start = embed_umap(scores, neighbors, **UMAP)
    again = embed_umap(scores, neighbors, **UMAP, init=start)
    mirrored = embed_umap(scores, neighbors, **UMAP, init=start * [-1, 1])

    # Clusters drift, but stay on the side where they began.
    def likeness(one: np.ndarray, other: np.ndarray) -> list[float]:
        return [float(np.corrcoef(one[:, axis], other[:, axis])[0, 1]) for axis in (0, 1)]

    assert min(likeness(again, start)) > 0.7
    assert min(likeness(mirrored * [-1, 1], start)) > 0.7


def test_umap_of_fewer_samples_than_neighbours() -> None:
    points = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    found = embed_umap(points, nearest_neighbors(points, 270), **UMAP)
    assert found.shape == (12, 2) and np.isfinite(found).all()


# --- both ------------------------------------------------------------------------------------


def test_embeddings_keep_clusters_that_a_random_layout_loses(
    scores: np.ndarray, neighbors: Neighbors
) -> None:
    assert accuracy(np.random.default_rng(0).normal(size=(300, 2))) < 0.5
    assert accuracy(embed_tsne(scores, neighbors, **TSNE).points) > 0.95
    assert accuracy(embed_umap(scores, neighbors, **UMAP)) > 0.95


DEGENERATE = {
    "a dead layer": np.zeros((60, 2), np.float32),
    "one direction": np.stack([np.arange(60.0), np.zeros(60)], axis=1).astype(np.float32),
    "three places": np.eye(3, dtype=np.float32)[np.arange(60) % 3],
}


@pytest.mark.parametrize("points", DEGENERATE.values(), ids=DEGENERATE)
def test_degenerate_layers_still_have_positions(points: np.ndarray) -> None:
    neighbors = nearest_neighbors(points, 30)
    settings: dict[str, Any] = TSNE | {"perplexity": 10, "n_iter": 50}
    assert np.isfinite(embed_tsne(points, neighbors, **settings).points).all()
    for n_components in (2, 15):
        settings = UMAP | {"n_components": n_components}
        assert np.isfinite(embed_umap(points, neighbors, **settings)).all()


def test_samples_in_one_place_stay_there_and_the_layer_behind_begins_anew(
    scores: np.ndarray, neighbors: Neighbors
) -> None:
    dead = np.zeros_like(scores)
    assert not embed_tsne(dead, nearest_neighbors(dead, 90), **TSNE).points.any()
    place = embed_umap(dead, nearest_neighbors(dead, 90), **UMAP, init=scores[:, :2])
    assert not place.any()
    begun = embed_umap(scores, neighbors, **UMAP, init=place)
    np.testing.assert_array_equal(begun, embed_umap(scores, neighbors, **UMAP))
    turned = align(begun, place)
    np.testing.assert_allclose(pdist(turned), pdist(begun), rtol=1e-3)


# --- alignment -------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 15])
@pytest.mark.parametrize("reflected", [False, True])
def test_a_turned_cloud_is_brought_back(k: int, reflected: bool) -> None:
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(40, k))
    turn = ortho_group.rvs(k, random_state=0)
    if (np.linalg.det(turn) < 0) != reflected:
        turn[0] *= -1
    centre = cloud.mean(axis=0)
    np.testing.assert_allclose(align((cloud - centre) @ turn + centre, cloud), cloud, atol=1e-5)


def test_alignment_keeps_shape_scale_and_centre() -> None:
    rng = np.random.default_rng(0)
    cloud, other = 3 * rng.normal(size=(40, 5)) + 7, rng.normal(size=(40, 5))
    found = align(cloud, other)
    np.testing.assert_allclose(pdist(found), pdist(cloud), rtol=1e-5)
    np.testing.assert_allclose(found.mean(axis=0), cloud.mean(axis=0), rtol=1e-5)


def test_no_other_turn_lies_closer() -> None:
    rng = np.random.default_rng(0)
    cloud, other = rng.normal(size=(40, 4)), rng.normal(size=(40, 4))
    cloud, other = cloud - cloud.mean(axis=0), other - other.mean(axis=0)
    best = np.linalg.norm(align(cloud, other) - other)
    turns = ortho_group.rvs(4, size=50, random_state=1)
    assert best < min(np.linalg.norm(cloud @ turn - other) for turn in turns)
    assert best < np.linalg.norm(cloud - other)


# --- densMAP and PaCMAP ----------------------------------------------------------------------


def spread(points: np.ndarray) -> np.ndarray:
    """Root mean square distance of each sample to its thirty nearest."""
    return np.sqrt((nearest_neighbors(points, 30).distances ** 2).mean(axis=1))


def test_densmap_keeps_how_dense_samples_lie() -> None:
    rng = np.random.default_rng(0)
    widths = np.repeat([0.2, 1.0, 4.0], 150)
    points = (widths[:, None] * rng.normal(size=(450, 6))).astype(np.float32)
    points += 40 * np.eye(3, 6, dtype=np.float32)[np.repeat(np.arange(3), 150)]
    neighbors = nearest_neighbors(points, 60)
    plain = embed_umap(points, neighbors, **DENSMAP)
    found = embed_umap(points, neighbors, **DENSMAP, dens_lambda=2.0)
    kept, lost = (
        np.corrcoef(np.log(spread(points)), np.log(spread(x)))[0, 1] for x in (found, plain)
    )
    assert kept > 0.8 > lost


def test_pacmap_keeps_clusters_and_is_repeatable(scores: np.ndarray) -> None:
    one, two = (embed_pacmap(scores, **PACMAP) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert one.shape == (300, 2) and one.dtype == np.float32 and accuracy(one) > 0.95


@pytest.mark.parametrize("n", [8, 12, 25])
def test_pacmap_carries_few_samples(n: int) -> None:
    points = np.random.default_rng(0).normal(size=(n, 5)).astype(np.float32)
    assert np.isfinite(embed_pacmap(points, **PACMAP)).all()


def test_equal_samples_are_one_place_for_both() -> None:
    dead = np.zeros((40, 2), np.float32)
    assert not embed_pacmap(dead, **PACMAP).any()
    assert not embed_umap(dead, nearest_neighbors(dead, 39), **DENSMAP, dens_lambda=2.0).any()
