"""A sample's path through the layers, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from layerscope.embedding.label_path import LayerPath, find_first, follow

# Samples 0 to 3 are of class 0, 4 to 7 of class 1, 8 and 9 of class 2.
LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2], dtype=np.int16)


def path_of(*settings: str) -> LayerPath:
    """A path by whether neighbours agree, layer by layer: "-x-xx"."""
    agrees = np.array([[each == "x" for each in setting] for setting in settings])
    return LayerPath(np.zeros(agrees.shape[1], int), agrees, 3)


def test_counts_by_hand() -> None:
    neighbors = np.array([[4, 5, 8], [4, 1, 5], [4, 1, 2], [1, 2, 3]])
    path = follow(neighbors, LABELS, 0, np.array([[False, False, True, True]]))
    assert path.counts.tolist() == [0, 1, 2, 3]
    assert (path.agrees_from, path.k) == (2, 3)


@pytest.mark.parametrize(
    ("agrees", "expected"),
    [("-x-xx", 3), ("--x", 2), ("xx", 0), ("xx-", None), ("-", None), ("x", 0)],
)
def test_they_agree_from_where_they_never_part_again(agrees: str, expected: int | None) -> None:
    assert path_of(agrees).agrees_from == expected


def test_the_band_is_over_all_settings() -> None:
    path = path_of("--xxx", "-xxxx", "---xx")
    assert path.agrees_from == 2 and path.band == (1, 3)
    assert path.firsts.tolist() == [2, 1, 3]
    never = path_of("--xxx", "-xxx-")
    assert never.agrees_from == 2 and never.band == (2, None)
    assert path_of("-", "-").band == (None, None)


def test_a_layer_whose_samples_are_all_equal_has_no_neighbours_of_its_class() -> None:
    labels = np.zeros(10, np.int16)  # of which the last would be taken for a neighbour
    path = follow(np.array([[-1, -1, -1], [1, 2, 3]]), labels, 0, np.array([[False, True]]))
    assert path.counts.tolist() == [0, 3] and path.agrees_from == 1


def test_the_first_layer_of_many_is_found_as_by_a_loop() -> None:
    agrees = np.random.default_rng(0).random((7, 50, 6)) < 0.8
    found = find_first(agrees)
    for place in np.ndindex(7, 50):
        row = agrees[place]
        expected = next((k for k in range(7) if row[k:].all()), 6)
        assert found[place] == min(expected, 6)
