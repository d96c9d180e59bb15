"""Rendered data sets: the same key gives the same picture, and the parts are where the map says."""

from itertools import combinations
from typing import Any

import cv2
import numpy as np
import pytest

from layerscope.datasets.rendered import DATASETS, Rendering, render

NAMES = tuple(DATASETS)


@pytest.fixture(scope="module", params=NAMES)
def hundred(request: pytest.FixtureRequest) -> tuple[str, list[Rendering]]:
    name = request.param
    return name, [render(name, seed=7, split="val", index=index) for index in range(100)]


def histogram(picture: np.ndarray) -> np.ndarray:
    return cv2.calcHist([picture], [0, 1, 2], None, [8, 8, 8], [0, 256] * 3).ravel() / picture.size


@pytest.mark.parametrize("name", NAMES)
def test_same_key_gives_same_picture(name: str) -> None:
    first, _, second = (render(name, seed=1, split="val", index=i) for i in (23, 4, 23))
    np.testing.assert_array_equal(first.picture, second.picture)
    np.testing.assert_array_equal(first.part_map, second.part_map)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("other", [{"seed": 2}, {"split": "train"}, {"index": 33}])
def test_other_key_gives_other_picture(name: str, other: dict[str, Any]) -> None:
    key: dict[str, Any] = {"seed": 1, "split": "val", "index": 23}
    first, second = render(name, **key), render(name, **{**key, **other})
    assert first.class_index == second.class_index == 3
    assert (first.picture != second.picture).mean() > 0.5


def test_shapes_and_types(hundred: tuple[str, list[Rendering]]) -> None:
    name, drawn = hundred
    for index, one in enumerate(drawn):
        assert one.class_index == index % 10
        assert one.picture.shape == (224, 224, 3)
        assert one.part_map.shape == (224, 224)
        assert one.picture.dtype == one.part_map.dtype == np.uint8
        assert one.part_map.max() <= len(DATASETS[name].part_names)


def test_pictures_are_neither_dark_nor_flat(hundred: tuple[str, list[Rendering]]) -> None:
    means = np.array([one.picture.mean() for one in hundred[1]])
    deviations = np.array([one.picture.std() for one in hundred[1]])
    assert 90 < means.mean() < 180
    assert means.std() > 20
    assert deviations.min() > 12


def test_parts_are_visible(hundred: tuple[str, list[Rendering]]) -> None:
    name, drawn = hundred
    described = DATASETS[name]
    seen = []
    for one in drawn:
        counts = np.bincount(one.part_map.ravel(), minlength=len(described.part_names) + 1)
        parts = described.class_parts[described.categories[one.class_index]]
        has = np.array([part in parts for part in described.part_names])
        assert not counts[1:][~has].any()
        seen.extend(counts[1:][has] >= 25)
    assert np.mean(seen) > 0.99


def test_object_has_a_sensible_size(hundred: tuple[str, list[Rendering]]) -> None:
    shares = np.array([(one.part_map > 0).mean() for one in hundred[1]])
    assert shares.min() > 0.05
    assert shares.max() < 0.6


@pytest.mark.parametrize("name", NAMES)
def test_object_stays_inside(name: str) -> None:
    for index in range(20):
        part_map = render(name, seed=3, split="train", index=index).part_map
        assert not part_map[0].any() and not part_map[-1].any()
        assert not part_map[:, 0].any() and not part_map[:, -1].any()


@pytest.mark.parametrize("name", NAMES)
def test_without_changes_only_the_part_and_its_surroundings(name: str) -> None:
    described = DATASETS[name]
    for index in range(10):
        whole = render(name, seed=4, split="val", index=index)
        for part in described.class_parts[described.categories[index]]:
            label = described.part_names.index(part) + 1
            less = render(name, seed=4, split="val", index=index, without=frozenset({part}))
            assert not (less.part_map == label).any()
            region = (whole.part_map == label).astype(np.uint8)
            near = cv2.dilate(region, np.ones((61, 61), np.uint8)) > 0
            changed = np.abs(whole.picture.astype(int) - less.picture).max(-1) > 2
            assert changed[region > 0].mean() > 0.6, (described.categories[index], part)
            assert not changed[~near].any()
            kept = (whole.part_map != less.part_map) & (region == 0)
            assert kept.sum() <= 0.02 * kept.size  # pixels on the seam change hands


def test_without_a_part_that_the_class_lacks_changes_nothing() -> None:
    whole = render("objects", seed=0, split="val", index=0)
    same = render("objects", seed=0, split="val", index=0, without=frozenset({"wheels"}))
    np.testing.assert_array_equal(whole.picture, same.picture)


def test_without_everything_leaves_the_background() -> None:
    parts = frozenset(DATASETS["birds"].part_names)
    assert not render("birds", seed=0, split="val", index=5, without=parts).part_map.any()


@pytest.mark.parametrize("name", NAMES)
def test_description(name: str) -> None:
    described = DATASETS[name]
    assert described.name == name
    assert len(set(described.categories)) == 10
    assert list(described.class_parts) == list(described.categories)
    for category in described.categories:
        parts = described.class_parts[category]
        assert 3 <= len(parts) <= 6
        assert set(parts) <= set(described.part_names)


def test_species_differ_in_two_parts() -> None:
    species = DATASETS["birds"].class_parts
    for one, other in combinations(species.values(), 2):
        assert sum(one[part] != other[part] for part in one) >= 2


def test_no_variant_tells_a_species() -> None:
    species = DATASETS["birds"].class_parts.values()
    for part in DATASETS["birds"].part_names:
        variants = [parts[part] for parts in species]
        assert all(variants.count(variant) >= 2 for variant in variants)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_colours_do_not_tell_the_class(name: str) -> None:
    ensemble = pytest.importorskip("sklearn.ensemble")
    linear_model = pytest.importorskip("sklearn.linear_model")
    train, val = (
        np.sqrt([histogram(render(name, seed=1, split=s, index=i).picture) for i in range(n)])
        for s, n in (("train", 400), ("val", 200))
    )
    labels, truth = np.arange(400) % 10, np.arange(200) % 10
    forest = ensemble.RandomForestClassifier(200, random_state=0).fit(train, labels)
    linear = linear_model.LogisticRegression(max_iter=300).fit(train, labels)
    assert forest.score(val, truth) < 0.4
    assert linear.score(val, truth) < 0.4


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"dataset": "fish"}, "no rendered data set 'fish'.*objects.*birds"),
        ({"split": "test"}, "no split 'test' of birds.*train.*val"),
        ({"index": -1}, "0 or more, not -1"),
        ({"seed": -2}, "0 or more.*-2"),
        ({"without": frozenset({"gills"})}, "birds have no part 'gills'.*beak"),
    ],
)
def test_wrong_requests(changed: dict[str, Any], message: str) -> None:
    request: dict[str, Any] = {"dataset": "birds", "seed": 0, "split": "val", "index": 0, **changed}
    with pytest.raises(ValueError, match=message) as caught:
        render(**request)
    assert "\n" not in str(caught.value)
