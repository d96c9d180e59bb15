"""Rendered data sets through the registry: pictures with part maps, made when they are read."""

from __future__ import annotations

import numpy as np
import pytest

from layerscope.datasets import Dataset, draw, open_dataset, rendered, select
from layerscope.datasets.ground_truth import draw_incomplete
from tests.shared.inputs import take


@pytest.fixture(params=["objects", "birds"])
def dataset(request: pytest.FixtureRequest) -> Dataset:
    return open_dataset(request.param)


def test_ten_classes_and_named_parts(dataset: Dataset) -> None:
    assert len(dataset.categories) == 10
    assert all((each.wnid, each.class_index) == (None, None) for each in dataset.categories)
    assert dataset.part_names
    assert len(dataset.sources("train")) == len(dataset.sources("val")) == 10_000


def test_sample_is_the_rendering_of_its_index(dataset: Dataset) -> None:
    source = dataset.sources("val")[123]
    assert (source.path, source.label) == ("val/000123", 3)
    expected = rendered.render(dataset.name, seed=0, split="val", index=123)
    sample = dataset.read(source, take(len(expected.picture)))
    assert expected.class_index == source.label
    assert np.array_equal(sample.picture, expected.picture)
    assert sample.part_map is not None
    assert np.array_equal(sample.part_map, expected.part_map)


def test_other_sizes_keep_the_labels(dataset: Dataset) -> None:
    source = dataset.sources("train")[7]
    full, small = dataset.read(source, take(224)), dataset.read(source, take(112))
    assert small.picture.shape == (112, 112, 3)
    assert full.part_map is not None
    assert small.part_map is not None
    assert small.part_map.shape == (112, 112)
    assert small.part_map.dtype == np.uint8
    assert set(np.unique(small.part_map)) <= set(np.unique(full.part_map))
    shares = [np.mean(each > 0) for each in (full.part_map, small.part_map)]
    assert abs(shares[0] - shares[1]) < 0.02


def test_label_maps_index_the_part_names(dataset: Dataset) -> None:
    pairs = draw(dataset, 10, split="val", random_state=0, inputs=take(224))
    largest = max(int(sample.part_map.max()) for _, sample in pairs if sample.part_map is not None)
    assert 0 < largest <= len(dataset.part_names)


def test_an_incomplete_picture_lacks_one_part_of_its_class_and_nothing_else(
    dataset: Dataset,
) -> None:
    source = dataset.sources("train")[7]
    entry = rendered.DATASETS[dataset.name]
    parts = list(entry.class_parts[entry.categories[source.label]])
    rng = np.random.default_rng(0)
    drawn = {draw_incomplete(dataset, source, take(224), rng).tobytes() for _ in range(60)}
    expected = [
        rendered.render(dataset.name, seed=0, split="train", index=7, without=frozenset({part}))
        for part in parts
    ]
    assert drawn == {each.picture.tobytes() for each in expected}  # each of them came up
    again = draw_incomplete(dataset, source, take(224), np.random.default_rng(0))
    assert again.tobytes() in drawn and again.shape == (224, 224, 3)


def test_seed_and_split_give_other_pictures(dataset: Dataset) -> None:
    again = open_dataset(dataset.name, random_state=1)
    validation, training = dataset.sources("val")[0], dataset.sources("train")[0]
    picture = dataset.read(validation, take(224)).picture
    assert not np.array_equal(picture, dataset.read(training, take(224)).picture)
    assert not np.array_equal(picture, again.read(validation, take(224)).picture)


def test_selection_is_balanced(dataset: Dataset) -> None:
    labels = [source.label for source in select(dataset, 100, split="val", random_state=0)]
    assert np.bincount(labels).tolist() == [10] * 10
