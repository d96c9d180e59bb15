"""Exact PCA: the same as scikit-learn's full solver, whichever side is the smaller."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from layerscope.embedding import pca
from layerscope.embedding.pca import Components, is_constant, principal_components


def features_of(n: int, d: int, seed: int = 0) -> np.ndarray:
    """Rows with falling variances, as a layer's have, far from the origin."""
    rng = np.random.default_rng(seed)
    rank = min(n, d)
    scales = 0.93 ** np.arange(rank) + 0.01
    mixed = (rng.normal(size=(n, rank)) * scales) @ rng.normal(size=(rank, d))
    return (mixed + 5 * rng.random(d)).astype(np.float32)


def assert_same(found: Components, features: np.ndarray, variance: float) -> PCA:
    """As scikit-learn in double precision, up to signs."""
    reference = PCA(variance, svd_solver="full")
    expected = reference.fit_transform(features.astype(np.float64))
    assert found.scores.shape == expected.shape
    signs = np.sign((found.scores * expected).sum(axis=0))
    difference = np.abs(found.scores * signs - expected).max() / np.abs(expected).max()
    assert difference < 1e-4
    np.testing.assert_allclose(
        found.explained_variance_ratio, reference.explained_variance_ratio_, rtol=1e-3
    )
    return reference


SIZES = [(40, 3000), (300, 20), (50, 50), (51, 50), (50, 51)]


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_scores_are_those_of_the_full_solver(n: int, d: int) -> None:
    features = features_of(n, d)
    reference = assert_same(principal_components(features, 0.90), features, 0.90)
    assert 2 < reference.n_components_ < min(n, d) - 1  # the share, not a limit, decides


@pytest.mark.parametrize(("n", "d"), [(60, 2000), (200, 30)])
def test_half_precision_features_lose_nothing_more(n: int, d: int) -> None:
    features = features_of(n, d).astype(np.float16)
    assert_same(principal_components(features, 0.90), features, 0.90)


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_no_fewer_components_would_reach_the_share(n: int, d: int) -> None:
    ratio = principal_components(features_of(n, d), 0.8).explained_variance_ratio
    assert ratio.sum() >= 0.8 > ratio[:-1].sum()
    assert (np.diff(ratio) <= 0).all()


@pytest.mark.parametrize(("n", "d"), [(40, 900), (300, 20)])
def test_scores_are_centred_and_uncorrelated(n: int, d: int) -> None:
    scores = principal_components(features_of(n, d), 0.95).scores.astype(np.float64)
    np.testing.assert_allclose(scores.mean(axis=0), 0, atol=1e-4 * np.abs(scores).max())
    correlation = np.corrcoef(scores.T)
    np.testing.assert_allclose(correlation, np.eye(scores.shape[1]), atol=1e-4)


def test_in_each_component_the_largest_entry_is_positive() -> None:
    features = features_of(40, 900)
    scores = principal_components(features, 0.9).scores
    assert (scores.max(axis=0) == np.abs(scores).max(axis=0)).all()
    # so that the mirrored layer gives the same picture
    mirrored = principal_components(-features, 0.9).scores
    np.testing.assert_allclose(np.abs(mirrored), np.abs(scores), atol=1e-3)


def test_points_on_a_line_by_hand() -> None:
    # Along (3, 4) / 5 at 0, 5, 10: centred scores -5, 0, 5, and nothing in any other direction.
    features = np.array([[0, 0], [3, 4], [6, 8]], dtype=np.float32)
    found = principal_components(features, 0.9)
    np.testing.assert_allclose(np.abs(found.scores), [[5, 0], [0, 0], [5, 0]], atol=1e-5)
    np.testing.assert_allclose(found.explained_variance_ratio, [1, 0], atol=1e-6)


@pytest.mark.parametrize("columns", [1, 7, 10_000])
def test_chunking_does_not_change_the_result(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    features = features_of(30, 500)
    whole = principal_components(features, 0.9)
    monkeypatch.setattr(pca, "_CHUNK_BYTES", 4 * 30 * columns)
    chunked = principal_components(features, 0.9)
    np.testing.assert_allclose(chunked.scores, whole.scores, atol=1e-4)


@pytest.mark.parametrize(("n", "d"), [(40, 600), (300, 20)])
def test_single_precision_beyond_the_limit_is_close(
    monkeypatch: pytest.MonkeyPatch, n: int, d: int
) -> None:
    monkeypatch.setattr(pca, "_DOUBLE_UP_TO", 10)
    features = features_of(n, d)
    assert_same(principal_components(features, 0.9), features, 0.9)


@pytest.mark.parametrize(("n", "d"), [(40, 600), (100, 30)])
def test_constant_features_do_not_count(n: int, d: int) -> None:
    # Units that never fire, and one stuck at a large value.
    features = features_of(n, d)
    features[:, ::3] = 0
    features[:, 1] = 1000
    live = np.delete(features, [1, *range(0, d, 3)], axis=1)
    found, expected = (principal_components(each, 0.9) for each in (features, live))
    np.testing.assert_allclose(found.scores, expected.scores, atol=2e-3)


@pytest.mark.parametrize(("n", "d"), [(20, 600), (100, 30)])
def test_a_dead_layer_is_one_point(n: int, d: int) -> None:
    found = principal_components(np.full((n, d), 3.0, np.float16), 0.9)
    np.testing.assert_array_equal(found.scores, np.zeros((n, 2)))
    np.testing.assert_array_equal(found.explained_variance_ratio, [0, 0])


@pytest.mark.parametrize(("n", "d"), [(20, 600), (100, 30)])
def test_what_differs_by_rounding_alone_is_one_point(n: int, d: int) -> None:
    rng = np.random.default_rng(5)
    row = rng.normal(size=d).astype(np.float32)
    features = np.where(rng.random((n, d)) < 0.3, np.nextafter(row, np.float32(9)), row)
    assert is_constant(features) and not is_constant(features + features_of(n, d) * 1e-4)
    assert not principal_components(features, 0.9).scores.any()
    features[-1, 0] += 1e-3  # one value of one sample
    found = principal_components(features, 0.9)
    assert np.abs(found.scores[:, 0]).argmax() == n - 1


@pytest.mark.parametrize(("n", "d"), [(40, 600), (300, 20)])
@pytest.mark.parametrize("scale", [1e-37, 1e-20, 1e-6, 1e6, 1e20, 1e36])
def test_scores_of_any_scale_differ_by_a_power_of_two(n: int, d: int, scale: float) -> None:
    features = features_of(n, d).astype(np.float32)
    unit = np.float32(2.0 ** np.rint(np.log2(scale)))
    found, expected = (principal_components(each, 0.9) for each in (features * unit, features))
    ratio = np.abs(found.scores).max() / np.abs(expected.scores).max()
    assert np.log2(ratio) == pytest.approx(np.rint(np.log2(ratio)), abs=1e-3)
    assert 2**-14 < np.abs(found.scores).max() < 2**20
    np.testing.assert_allclose(found.scores / ratio, expected.scores, atol=1e-3)
    np.testing.assert_allclose(
        found.explained_variance_ratio, expected.explained_variance_ratio, atol=1e-6
    )


@pytest.mark.parametrize(("n", "d"), [(40, 600), (300, 20)])
def test_a_small_spread_about_a_large_mean_is_found(n: int, d: int) -> None:
    # Steps that float32 holds exactly there, but whose mean it does not.
    steps = np.rint(features_of(n, d).astype(np.float64) * 8) / 1024
    found, expected = (
        principal_components(each.astype(np.float32), 0.9) for each in (8191 + steps, steps)
    )
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)


@pytest.mark.parametrize("d", [15, 600])
def test_equal_rows_get_equal_scores(d: int) -> None:
    features = np.repeat(features_of(20, d), 2, axis=0)
    found = principal_components(features, 0.9)
    np.testing.assert_allclose(found.scores[::2], found.scores[1::2], atol=1e-4)
    assert_same(found, features, 0.9)


def test_a_layer_of_one_unit_has_a_second_component_of_zeros() -> None:
    features = features_of(30, 1)
    found = principal_components(features, 0.9)
    assert found.scores.shape == (30, 2) and not found.scores[:, 1].any()
    np.testing.assert_allclose(
        np.abs(found.scores[:, 0]), np.abs(features - features.mean())[:, 0], rtol=1e-4
    )
    np.testing.assert_array_equal(found.explained_variance_ratio, [1, 0])
