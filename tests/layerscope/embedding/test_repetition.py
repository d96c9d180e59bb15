"""What two embeddings of the same layer have in common."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import procrustes

from layerscope.embedding.repetition import (
    Repetition,
    count_shared,
    expect_similarity,
    measure_movement,
    measure_repetition,
)

rng = np.random.default_rng(3)


def rotation(k: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(k, k)))[0]


def test_movement_of_a_hand_computed_example() -> None:
    # On a line, of spread sqrt(2/3): the second is the first turned round, with the middle off by a half.
    points = np.array([[-1.0], [0.0], [1.0]])
    others = (
        np.array([[1.5], [1.0], [-0.5]]) + 7
    )  # about its mean 5/6, -1/6 - ... in units of its own spread
    first = points[:, 0] / np.sqrt(2 / 3)
    centred = np.array([1.5, 1.0, -0.5]) - 2 / 3
    second = -centred / np.sqrt((centred**2).mean())
    assert measure_movement(points, others) == pytest.approx(np.abs(second - first), abs=1e-6)


def test_turning_moving_and_scaling_is_no_movement() -> None:
    points = rng.normal(size=(50, 4))
    assert measure_movement(points, 3 * points @ rotation(4) - 8) == pytest.approx(0, abs=1e-5)


def test_movement_is_what_procrustes_leaves_and_what_similarity_says() -> None:
    points = rng.normal(size=(80, 3))
    others = points + 0.4 * rng.normal(size=(80, 3))
    moved = measure_movement(points, others)
    found = measure_repetition(points, others, 10)
    assert (moved**2).mean() == pytest.approx(2 - 2 * found.similarity, abs=1e-5)
    _, _, disparity = procrustes(
        points, others
    )  # scales the second as well: 1 - similarity squared
    assert disparity == pytest.approx(1 - found.similarity**2, abs=1e-5)
    assert found.movement == pytest.approx(moved.mean())
    assert (moved > found.movement_high).sum() == 4  # of 80, as far as 5 % go


def test_shared_neighbours_of_a_hand_computed_example() -> None:
    first = np.array([[1, 2], [0, 2], [3, 1], [2, 0]])
    second = np.array([[2, 1], [3, 2], [0, 3], [1, 0]])
    assert count_shared(first, second) == 5 / 8  # 2, 1, 1 and 1 of two each


def test_an_embedding_repeats_itself_and_an_unrelated_one_by_chance_alone() -> None:
    points, others = rng.normal(size=(2, 300, 5))
    same = measure_repetition(points, points @ rotation(5), 10)
    assert same == pytest.approx(Repetition(1, 0, 0, 1), abs=1e-5)
    unrelated = measure_repetition(points, others, 10)
    assert unrelated.neighbors == pytest.approx(10 / 299, abs=0.015)
    assert unrelated.similarity < 0.3 and unrelated.movement > 1.1


@pytest.mark.parametrize("sides", [(0, 0), (0, 1), (1, 0)])
def test_samples_in_one_place_repeat_nothing(sides: tuple[int, int]) -> None:
    points = np.stack([np.zeros((20, 2)), rng.normal(size=(20, 2))])
    assert np.isnan(measure_repetition(*points[list(sides)], 5)).all()


def test_layers_that_are_the_same_are_no_more_alike_than_repetition_allows() -> None:
    # Two layers that say the same, each embedded twice with errors of its own.
    layer = rng.normal(size=(4000, 3))

    def embed(error: float) -> np.ndarray:
        return layer + error * rng.normal(size=layer.shape)

    own = [measure_repetition(embed(error), embed(error), 10).similarity for error in (0.3, 0.6)]
    across = measure_repetition(embed(0.3), embed(0.6), 10).similarity
    expected = expect_similarity(np.array(own[:1]), np.array(own[1:]))
    assert expected == pytest.approx(across, abs=0.01)
    assert expected == pytest.approx((own[0] * own[1]) ** 0.5)
