"""t-SNE by steps is t-SNE, and shuffled features hold no structure but show some."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
from openTSNE import TSNEEmbedding, initialization
from openTSNE.affinity import PerplexityBasedNN
from scipy.spatial.distance import pdist
from sklearn.manifold import trustworthiness

from layerscope.embedding.layouts import EARLY_EXAGGERATION_ITER, effective_perplexity
from layerscope.embedding.tsne_gradient import find_gradient
from layerscope.embedding.tsne_trials import (
    Snapshot,
    iterate_tsne,
    shuffle_columns,
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


def test_shuffling_keeps_columns_and_breaks_rows(features: np.ndarray) -> None:
    shuffled = shuffle_columns(features, 0)
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), np.sort(features, axis=0))
    assert not (shuffled == features).all(axis=1).any()
    np.testing.assert_array_equal(shuffled, shuffle_columns(features, 0))
    assert not np.array_equal(shuffled, shuffle_columns(features, 1))
    # Columns of clusters hang together; shuffled ones do as little as chance has it.
    off = ~np.eye(10, dtype=bool)
    before, after = (np.abs(np.corrcoef(x, rowvar=False))[off].mean() for x in (features, shuffled))
    assert before > 0.4 and after < 0.15


def test_trials_of_real_and_of_shuffled_features(features: np.ndarray) -> None:
    trials = list(try_tsne(features, LABELS, perplexity=10, seeds=(0, 5), **OPTIONS))
    assert [(each.shuffled, each.random_state) for each in trials] == [
        (False, 0),
        (False, 5),
        (True, 0),
        (True, 5),
    ]
    for each in trials:
        seen = shuffle_columns(features, each.random_state) if each.shuffled else features
        expected = trustworthiness(seen, each.points, n_neighbors=10)
        assert each.trustworthiness == pytest.approx(expected, abs=1e-6)
        if each.shuffled:
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
