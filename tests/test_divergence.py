"""The exact gradient of t-SNE: by its definition, by its derivative, and by openTSNE's own."""

from __future__ import annotations

import numpy as np
import pytest
from openTSNE.affinity import PerplexityBasedNN
from openTSNE.tsne import kl_divergence_bh
from scipy.sparse import csr_matrix

from layerscope.divergence import find_gradient


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
def test_divergence_and_gradient_are_those_of_the_definition(n: int, scale: float) -> None:
    points, joint = draw(n, scale)
    found, gradient = find_gradient(points, joint, should_eval_error=True)
    expected, slope = define(points, joint)
    assert found == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(gradient, slope, atol=3e-6 * np.abs(slope).max())


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


def test_exaggerated_probabilities_attract_as_much_more() -> None:
    points, joint = draw(50)
    _, usual = find_gradient(points, joint)
    _, more = find_gradient(points, joint * 12)
    p = joint.toarray()
    difference = points[:, None] - points[None]
    q = 1 / (1 + (difference**2).sum(axis=2))
    attraction = ((p * q)[:, :, None] * difference).sum(axis=1)
    np.testing.assert_allclose(more - usual, 11 * attraction, atol=1e-7)


def test_the_divergence_is_left_out_where_nobody_asks() -> None:
    points, joint = draw(40)
    assert find_gradient(points, joint)[0] == 0.0


def test_points_in_one_place_do_not_move() -> None:
    _, joint = draw(40)
    found, gradient = find_gradient(np.zeros((40, 2)), joint, should_eval_error=True)
    assert np.isfinite(found) and not gradient.any()


def test_what_it_is_not_made_for_is_refused() -> None:
    points, joint = draw(40)
    with pytest.raises(ValueError, match="one degree"):
        find_gradient(points, joint, 0.5)
    with pytest.raises(ValueError, match="all its points"):
        find_gradient(points, joint, reference_embedding=points)
