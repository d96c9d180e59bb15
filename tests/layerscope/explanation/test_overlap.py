"""The share of an explanation on the object, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from layerscope.explanation.object_share import share_covered, share_on_object

MASK = np.array([[True, False], [True, False]])


def test_a_map_by_hand() -> None:
    assert share_on_object(np.array([[3.0, 1.0], [0.0, 4.0]]), MASK) == pytest.approx(3 / 8)


def test_signs_do_not_cancel_and_channels_are_added() -> None:
    gradient = np.array([[[1, -1, 2], [0, 0, -3]], [[-2, 0, 0], [1, 0, 0]]], dtype=np.float32)
    assert share_on_object(gradient, MASK) == pytest.approx(6 / 10)


def test_an_even_explanation_has_the_share_that_the_object_covers() -> None:
    mask = np.random.default_rng(0).random((20, 20)) < 0.3
    assert share_on_object(np.full((20, 20), -7.0), mask) == pytest.approx(share_covered(mask))
    assert share_covered(MASK) == 0.5


def test_ends() -> None:
    inside = np.array([[1.0, 0.0], [0.0, 0.0]])
    assert share_on_object(inside, MASK) == 1
    assert share_on_object(inside, ~MASK) == 0
    assert share_on_object(inside, np.zeros((2, 2), bool)) == 0


def test_it_is_undefined_for_a_map_of_zeros() -> None:
    assert share_on_object(np.zeros((2, 2)), MASK) is None


def test_small_halves_do_not_overflow_or_vanish() -> None:
    large = np.full((200, 200), 60_000, dtype=np.float16)
    small = np.full((200, 200), 6e-8, dtype=np.float16)
    mask = np.zeros((200, 200), bool)
    mask[:50] = True
    assert share_on_object(large, mask) == pytest.approx(0.25)
    assert share_on_object(small, mask) == pytest.approx(0.25)


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="the mask"):
        share_on_object(np.ones((2, 3)), MASK)
