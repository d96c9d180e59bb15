"""t-SNE by steps is t-SNE; a Gaussian of the same covariance has no groups, and shows some."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
from openTSNE import TSNEEmbedding, initialization
from openTSNE.affinity import PerplexityBasedNN
from scipy.spatial.distance import pdist
from scipy.stats import kstest, kurtosis
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_score

from layerscope.embedding.layouts import EARLY_EXAGGERATION_ITER, effective_perplexity
from layerscope.embedding.tsne_gradient import find_gradient
from layerscope.embedding.tsne_trials import (
    Snapshot,
    draw_gaussian,
    expect_clumpiness,
    explain_clumps,
    iterate_tsne,
    measure_clumpiness,
    try_tsne,
)
from layerscope.errors import InputError

OPTIONS: dict[str, Any] = {"early_exaggeration": 12, "n_iter": 100}
LABELS = np.repeat(np.arange(4), 20)


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    """Four separated clusters of twenty."""
    rng = np.random.default_rng(0)
    return 6 * rng.normal(size=(4, 10))[LABELS] + rng.normal(size=(80, 10))


def run(features: np.ndarray, **changes: Any) -> list[Snapshot]:
    options = {"perplexity": 10, "random_state": 0, "every": 50, **OPTIONS, **changes}
    return list(iterate_tsne(features, **options))


def test_snapshots_come_in_time_and_at_the_end_of_each_phase(features: np.ndarray) -> None:
    assert [each.iteration for each in run(features, every=80, n_iter=100)] == [
        *(0, 80, 160, 240, EARLY_EXAGGERATION_ITER),
        *(330, 350),
    ]


def test_the_last_snapshot_is_openTSNEs_own_uninterrupted_result(features: np.ndarray) -> None:
    # Exaggeration by a power of two is undone exactly, so that not even rounding differs.
    snapshots = run(features, early_exaggeration=8, every=7)
    affinities = PerplexityBasedNN(features, 10, method="exact", n_jobs=1)
    embedding = TSNEEmbedding(
        initialization.pca(features, random_state=0),
        affinities,
        negative_gradient_method=find_gradient,
        n_jobs=1,
        random_state=0,
        learning_rate="auto",
    )
    np.testing.assert_array_equal(snapshots[0].points, np.asarray(embedding, np.float32))
    embedding = embedding.optimize(EARLY_EXAGGERATION_ITER, exaggeration=8, momentum=0.8)
    embedding = embedding.optimize(100, momentum=0.8)
    np.testing.assert_array_equal(snapshots[-1].points, np.asarray(embedding, np.float32))
    assert snapshots[-1].kl_divergence == embedding.kl_divergence


def divergence(features: np.ndarray, points: np.ndarray, perplexity: float) -> float:
    """Kullback and Leibler's, by definition, without approximations of the embedding's side."""
    p = PerplexityBasedNN(features, perplexity, method="exact", n_jobs=1).P.toarray()
    kernel = 1 / (1 + pdist(points.astype(np.float64), "sqeuclidean"))
    q = np.zeros(p.shape)
    q[np.triu_indices(len(p), 1)] = kernel / kernel.sum() / 2
    q += q.T
    known = p > 0
    return float((p[known] * np.log(p[known] / q[known])).sum())


def test_divergences_are_those_of_the_points_also_while_exaggerating(
    features: np.ndarray,
) -> None:
    snapshots = run(features)
    for each in (snapshots[0], snapshots[2], snapshots[-1]):
        expected = divergence(features, each.points, 10)
        assert each.kl_divergence == pytest.approx(expected, abs=1e-5)
    assert snapshots[-1].kl_divergence < 0.5 * snapshots[0].kl_divergence


def test_a_snapshot_does_not_change_when_the_next_is_made(features: np.ndarray) -> None:
    steps = iterate_tsne(features, perplexity=10, random_state=0, every=10, **OPTIONS)
    first = next(steps)
    before = first.points.copy()
    second = next(steps)
    np.testing.assert_array_equal(first.points, before)
    assert not np.array_equal(first.points, second.points)


def test_it_can_be_left_at_any_time(features: np.ndarray) -> None:
    steps = iterate_tsne(
        features, perplexity=10, early_exaggeration=12, n_iter=10**9, random_state=0, every=5
    )
    assert len(list(islice(steps, 3))) == 3
    steps.close()
    assert list(steps) == []


@pytest.mark.parametrize("perplexity", [1, 2, 60, 1e9])
def test_any_perplexity_is_lowered_to_what_the_size_carries_and_told(
    features: np.ndarray, perplexity: float
) -> None:
    snapshots = run(features, perplexity=perplexity, n_iter=20)
    assert {each.perplexity for each in snapshots} == {effective_perplexity(perplexity, 80)}
    assert np.isfinite(snapshots[-1].points).all()


def test_the_fewest_samples(features: np.ndarray) -> None:
    last = run(features[:7], perplexity=30, n_iter=20)[-1]
    assert last.points.shape == (7, 2) and last.perplexity == 2
    assert np.isfinite(last.points).all()


@pytest.mark.parametrize(
    ("make", "perplexity"),
    [
        (lambda x: x[:6], 10),
        (lambda x: x[:, :1], 10),
        (lambda x: np.ones_like(x), 10),
        (lambda x: np.where(x > 6, np.nan, x), 10),
        (lambda x: x, 0.5),
        (lambda x: x, float("nan")),
    ],
    ids=["six samples", "one column", "all equal", "nan", "perplexity 0.5", "perplexity nan"],
)
def test_what_cannot_be_embedded_is_said(
    features: np.ndarray, make: Any, perplexity: float
) -> None:
    with pytest.raises(InputError):
        run(make(features), perplexity=perplexity)


# --- trials ----------------------------------------------------------------------------------


def test_a_gaussian_has_exactly_the_mean_and_covariance_and_no_groups(
    features: np.ndarray,
) -> None:
    drawn = draw_gaussian(features, 0)
    assert drawn.mean(axis=0) == pytest.approx(features.mean(axis=0))
    assert np.cov(drawn.T) == pytest.approx(np.cov(features.T))
    np.testing.assert_array_equal(drawn, draw_gaussian(features, 0))
    assert not np.allclose(drawn, draw_gaussian(features, 1), atol=0.1)
    assert silhouette_score(features, LABELS) > 0.6
    assert silhouette_score(drawn, LABELS) < 0.05
    # Its widest component is one bell, where that of four clusters is not: excess kurtosis 0.
    shapes = [
        kurtosis((draw_gaussian(features, s) @ PCA(1).fit(features).components_.T)[:, 0])
        for s in range(40)
    ]
    assert np.mean(shapes) == pytest.approx(
        -6 / 80, abs=0.2
    )  # of 80 samples, -6 / (n + 1) on average


def test_a_gaussian_of_few_samples_or_of_few_directions() -> None:
    rng = np.random.default_rng(4)
    for features in (rng.normal(size=(12, 40)), np.outer(rng.normal(size=30), [1, 2, -1])):
        drawn = draw_gaussian(features.astype(np.float32), 3)
        assert np.isfinite(drawn).all()
        assert np.cov(drawn.T) == pytest.approx(np.cov(features.T), abs=1e-4)


def test_what_is_drawn_for_a_gaussian_cannot_be_told_from_it() -> None:
    # The rank of a statistic of the samples among those of 19 draws is uniform: here the largest distance.
    rng = np.random.default_rng(5)
    width = np.exp(-np.arange(6) / 2)
    ranks = []
    for _ in range(300):
        features = rng.normal(size=(25, 6)) * width
        own = pdist(features).max()
        ranks.append(
            sum(
                own > pdist(draw_gaussian(features, int(s))).max()
                for s in rng.integers(1 << 30, size=19)
            )
        )
    assert kstest((np.array(ranks) + rng.random(300)) / 20, "uniform").pvalue > 0.01


def test_clumpiness_of_hand_made_layouts() -> None:
    # On a grid of side 1 the mean squared distance from a place to a point is 1/6, between points 1.
    grid = np.stack(np.meshgrid(np.arange(12.0), np.arange(12.0)), axis=-1).reshape(-1, 2)
    assert measure_clumpiness(grid, 0) == pytest.approx(1 / 7, abs=0.01)
    rng = np.random.default_rng(6)
    pairs = np.concatenate([grid, grid + 1e-6 * rng.normal(size=grid.shape)])
    assert measure_clumpiness(pairs, 0) > 0.999
    # Strewn in a square, both distances follow the same law, but for the edge.
    strewn = [measure_clumpiness(rng.random((400, 2)), seed) for seed in range(20)]
    assert np.mean(strewn) == pytest.approx(0.5, abs=0.03)
    assert np.isnan(measure_clumpiness(np.outer(np.arange(9.0), [1, 1]), 0))


def test_clumpiness_does_not_depend_on_scale_place_or_turn() -> None:
    points = np.random.default_rng(7).normal(size=(150, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    moved = [measure_clumpiness(1e3 * points @ turn + 40, seed) for seed in range(20)]
    still = [measure_clumpiness(points, seed) for seed in range(20)]
    assert np.mean(moved) == pytest.approx(np.mean(still), abs=0.01)


def test_five_of_a_hundred_strewn_layouts_are_clumpier_than_expected() -> None:
    rng = np.random.default_rng(8)
    limit = expect_clumpiness(120, 0)
    radius, angle = np.sqrt(rng.random((400, 120))), 2 * np.pi * rng.random((400, 120))
    layouts = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2)
    above = np.mean([measure_clumpiness(each, 0) > limit for each in layouts])
    assert 0.01 < above < 0.12


@pytest.mark.parametrize(
    ("layouts", "gaussians", "strewn", "expected"),
    [
        ([0.9, 0.8], [0.7, 0.3], 0.5, "features"),
        ([0.9, 0.69], [0.7, 0.6], 0.5, "method"),  # not from every seed
        ([0.5, 0.4], [0.45, 0.35], 0.5, "none"),
        ([0.3, 0.3], [0.8, 0.7], 0.5, "method"),
    ],
)
def test_clumps_are_the_methods_only_where_gaussians_clump(
    layouts: list[float], gaussians: list[float], strewn: float, expected: str
) -> None:
    assert explain_clumps(layouts, gaussians, strewn) == expected


def explain(features: np.ndarray, perplexity: float) -> str:
    trials = list(
        try_tsne(features, np.arange(len(features)) % 4, perplexity=perplexity, **OPTIONS)
    )
    clumpiness = [each.clumpiness for each in trials]
    return explain_clumps(clumpiness[:3], clumpiness[3:], expect_clumpiness(len(features), 0))


def test_clumps_of_clusters_are_in_the_features_and_those_of_a_gaussian_the_methods(
    features: np.ndarray,
) -> None:
    rng = np.random.default_rng(9)
    assert explain(features, 10) == "features"
    # Components with two modes each: what shuffling columns would have kept.
    assert (
        explain(
            np.c_[4 * rng.choice([-1, 1], 80) + rng.normal(size=80), rng.normal(size=(80, 5))], 10
        )
        == "features"
    )
    gaussian = rng.normal(size=(80, 6)) * np.exp(-np.arange(6) / 2)
    assert explain(gaussian, 3) == "method"
    assert explain(gaussian, 20) == "none"


def test_trials_of_features_and_of_gaussians(features: np.ndarray) -> None:
    options = {"perplexity": 10, "random_state": 4, "n_seeds": 2, "n_gaussians": 3, **OPTIONS}
    trials = list(try_tsne(features, LABELS, **options))
    assert [(each.is_gaussian, each.random_state) for each in trials] == [
        (False, 4),
        (False, 5),
        (True, 4),
        (True, 5),
        (True, 6),
    ]
    for each in trials:
        seen = draw_gaussian(features, each.random_state) if each.is_gaussian else features
        expected = trustworthiness(seen, each.points, n_neighbors=10)
        assert each.trustworthiness == pytest.approx(expected, abs=1e-6)
        assert each.clumpiness == measure_clumpiness(each.points, each.random_state)
        if each.is_gaussian:
            assert each.knn_accuracy < 0.5
        else:
            assert each.knn_accuracy > 0.95 and each.trustworthiness > 0.9
    assert not np.allclose(trials[0].points, trials[1].points, atol=1)  # each seed its own way
    assert trials[0].kl_divergence == pytest.approx(trials[1].kl_divergence, rel=0.2)
    assert min(t.kl_divergence for t in trials[2:]) > max(t.kl_divergence for t in trials[:2])


def test_trials_come_one_by_one(features: np.ndarray) -> None:
    trials = try_tsne(features, LABELS, perplexity=10, **OPTIONS)
    assert next(trials).random_state == 0
    trials.close()
    assert list(trials) == []
