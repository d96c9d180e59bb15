"""A sample's path through the layers, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from layerscope.embedding.label_path import follow
from layerscope.embedding.neighbors import majority

# Samples 0 to 3 are of class 0, 4 to 7 of class 1, 8 and 9 of class 2.
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2], dtype=np.int16)
OWN, OTHER = [1, 2, 4], [4, 5, 1]  # neighbours of sample 0: two of three its class, one of three


def decided(*layers: list[int]) -> int | None:
    return follow(np.array(layers), LABELS, 0).agrees_from


def test_counts_and_majorities_by_hand() -> None:
    path = follow(np.array([[4, 5, 8], [4, 1, 5], [4, 1, 2], [1, 2, 3]]), LABELS, 0)
    assert path.counts.tolist() == [0, 1, 2, 3]
    assert path.agrees.tolist() == [False, False, True, True]
    assert (path.agrees_from, path.k) == (2, 3)


def test_the_class_is_decided_where_it_stays() -> None:
    assert decided(OTHER, OWN, OTHER, OWN, OWN) == 3  # the first agreement does not last
    assert decided(OTHER, OTHER, OWN) == 2
    assert decided(OWN, OWN) == 0


def test_without_agreement_at_the_end_it_is_never_decided() -> None:
    assert decided(OWN, OWN, OTHER) is None
    assert decided(OTHER) is None


def test_a_layer_whose_samples_are_all_equal_has_no_neighbours_and_no_agreement() -> None:
    labels = np.zeros(10, np.int16)  # of which the last would be taken for a neighbour
    path = follow(np.array([[-1, -1, -1], [1, 2, 3]]), labels, 0)
    assert path.counts.tolist() == [0, 3]
    assert path.agrees.tolist() == [False, True] and path.agrees_from == 1


def test_ties_go_to_the_nearer() -> None:
    assert decided([1, 4, 2, 5]) == 0  # two of each class, its own comes first
    assert decided([4, 1, 2, 5]) is None
    assert decided([1, 4, 8]) == 0  # one of each
    assert decided([4, 5, 1, 2, 8]) is None


def test_the_majority_need_not_be_more_than_half() -> None:
    assert decided([1, 4, 8, 2, 9, 3]) == 0  # three of its class, one and two of the others


@pytest.mark.parametrize("k", [1, 2, 5, 10])
def test_agreement_is_that_of_the_majority(k: int) -> None:
    rng = np.random.default_rng(k)
    labels = rng.integers(0, 4, 60).astype(np.int16)
    for uid in range(20):
        neighbors = rng.integers(0, 60, (38, k))
        path = follow(neighbors, labels, int(labels[uid]))
        expected = majority(neighbors, labels, k) == labels[uid]
        np.testing.assert_array_equal(path.agrees, expected)
        np.testing.assert_array_equal(path.counts, (labels[neighbors] == labels[uid]).sum(axis=1))
        if path.agrees_from is not None:
            assert expected[path.agrees_from :].all()
            assert path.agrees_from == 0 or not expected[path.agrees_from - 1]
        else:
            assert not expected[-1]
