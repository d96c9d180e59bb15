"""The exact gradient of t-SNE: by its definition, by its derivative, and by openTSNE's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from openTSNE import TSNEEmbedding
from openTSNE.affinity import PerplexityBasedNN
from openTSNE.tsne import kl_divergence_bh
from scipy.sparse import csr_matrix, eye

from layerscope.embedding.tsne_gradient import DenseGradient, choose_gradient, find_gradient

KINDS = [lambda _: find_gradient, DenseGradient]
both = pytest.mark.parametrize("prepare", KINDS, ids=["sparse", "dense"])


def draw(n: int, scale: float = 1.0) -> tuple[np.ndarray, csr_matrix]:
    """A layout, and joint probabilities of other points."""
    rng = np.random.default_rng(3)
    joint = PerplexityBasedNN(rng.normal(size=(n, 5)), 8, method="exact", n_jobs=1).P
    return rng.normal(scale=scale, size=(n, 2)), joint


def define(points: np.ndarray, joint: csr_matrix) -> tuple[float, np.ndarray]:
    """Divergence, and a fourth of its gradient (van der Maaten and Hinton 2008, equation 5)."""
    difference = points[:, None] - points[None]  # (n, n, 2)
    q = 1 / (1 + (difference**2).sum(axis=2))
    np.fill_diagonal(q, 0)
    p = joint.toarray()
    force = (p - q / q.sum()) * q
    known = p > 0
    divergence = (p[known] * np.log(p[known] * q.sum() / q[known])).sum()
    return float(divergence), (force[:, :, None] * difference).sum(axis=1)


@pytest.mark.parametrize("n", [3 * 8 + 1, 64, 301])
@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1.0, 40.0])
@both
def test_divergence_and_gradient_are_those_of_the_definition(
    n: int, scale: float, prepare: Any
) -> None:
    points, joint = draw(n, scale)
    found, gradient = prepare(joint)(points, joint, should_eval_error=True)
    expected, slope = define(points, joint)
    assert found == pytest.approx(expected, rel=1e-5)
    # Far out, single precision rounds the places themselves; on some processors 3.8e-6 is left of that.
    bound = 6e-6 if scale > 1 else 3e-6
    np.testing.assert_allclose(gradient, slope, atol=bound * np.abs(slope).max())


def test_four_times_the_gradient_is_the_slope_of_the_divergence() -> None:
    points, joint = draw(40)
    _, gradient = find_gradient(points, joint)
    for i, axis in ((0, 0), (7, 1)):
        step = np.zeros_like(points)
        step[i, axis] = 1e-5
        up, down = (define(points + sign * step, joint)[0] for sign in (1, -1))
        assert 4 * gradient[i, axis] == pytest.approx((up - down) / 2e-5, rel=1e-4)


def test_it_is_openTSNEs_without_its_approximation() -> None:
    points, joint = draw(200)
    found, gradient = find_gradient(points, joint, should_eval_error=True)
    expected, slope = kl_divergence_bh(points, joint, 1, {"theta": 0.0}, should_eval_error=True)
    assert found == pytest.approx(expected, abs=1e-5)
    np.testing.assert_allclose(gradient, slope, atol=1e-6 * np.abs(slope).max())


@both
def test_exaggerated_probabilities_attract_as_much_more(prepare: Any) -> None:
    points, joint = draw(50)
    gradient_of = prepare(joint)
    _, usual = gradient_of(points, joint)
    _, more = gradient_of(points, joint * 12)
    p = joint.toarray()
    difference = points[:, None] - points[None]
    q = 1 / (1 + (difference**2).sum(axis=2))
    attraction = ((p * q)[:, :, None] * difference).sum(axis=1)
    np.testing.assert_allclose(more - usual, 11 * attraction, atol=1e-7)


def test_openTSNE_may_exaggerate_in_place_and_take_it_back() -> None:
    # It multiplies P itself for the first phase: what was made of P before must follow.
    points, joint = draw(60)

    class Affinities:
        P = joint

    def run(method: Any) -> TSNEEmbedding:
        embedding = TSNEEmbedding(
            points / 1e4, Affinities(), negative_gradient_method=method, learning_rate="auto"
        )
        embedding = embedding.optimize(30, exaggeration=12)
        return embedding.optimize(20)

    one, other = run(find_gradient), run(DenseGradient(joint))
    assert one.kl_divergence == pytest.approx(other.kl_divergence, rel=1e-3)
    np.testing.assert_allclose(one, other, atol=1e-2 * np.abs(one).max())


def test_a_dense_gradient_is_of_its_own_probabilities() -> None:
    points, joint = draw(40)
    gradient_of = DenseGradient(joint)
    changed = joint.copy()
    changed.data[0] *= 2
    for other in (changed, draw(41)[1]):
        with pytest.raises(ValueError, match="another P"):
            gradient_of(np.resize(points, (other.shape[0], 2)), other, should_eval_error=True)
    # Nor does it change with the matrix that it was made of.
    before = gradient_of(points, joint)[1]
    joint *= 3
    np.testing.assert_allclose(gradient_of(points, joint / 3)[1], before, rtol=1e-6)


def test_the_gradient_that_is_chosen() -> None:
    _, joint = draw(40)  # of which most pairs are neighbours
    assert isinstance(choose_gradient(joint), DenseGradient)
    assert choose_gradient(eye(1000, format="csr")) is find_gradient
    assert choose_gradient(eye(50_000, format="csr")) == "fft"


@both
def test_the_divergence_is_left_out_where_nobody_asks(prepare: Any) -> None:
    points, joint = draw(40)
    assert prepare(joint)(points, joint)[0] == 0.0


@both
def test_points_in_one_place_do_not_move(prepare: Any) -> None:
    _, joint = draw(40)
    found, gradient = prepare(joint)(np.zeros((40, 2)), joint, should_eval_error=True)
    assert np.isfinite(found) and not gradient.any()


@both
def test_what_it_is_not_made_for_is_refused(prepare: Any) -> None:
    points, joint = draw(40)
    gradient_of = prepare(joint)
    with pytest.raises(ValueError, match="one degree"):
        gradient_of(points, joint, 0.5)
    with pytest.raises(ValueError, match="all its points"):
        gradient_of(points, joint, reference_embedding=points)
