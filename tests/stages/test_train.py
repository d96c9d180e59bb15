"""What a training reads: pictures with parts missing, and whole ones that are held out."""

from __future__ import annotations

import numpy as np

from layerscope.datasets import draw, open_dataset
from layerscope.models.registry import SLIM_INPUTS
from stages.train import read_split


def test_only_training_pictures_lack_parts_and_classes_are_counted_on() -> None:
    datasets = [open_dataset("objects"), open_dataset("birds")]
    learning, held_out = read_split(datasets, "train", 6, n_held_out=4, missing_parts=1)
    again, _ = read_split(datasets, "train", 6, n_held_out=4, missing_parts=1)
    whole = np.concatenate(
        [
            [
                each.picture
                for _, each in draw(dataset, 5, split="train", random_state=0, inputs=SLIM_INPUTS)
            ]
            for dataset in datasets
        ]
    )
    assert learning.labels.tolist() == [0, 1, 2, 10, 11, 12]
    assert held_out.labels.tolist() == [3, 4, 13, 14]
    np.testing.assert_array_equal(held_out.pictures, whole[[3, 4, 8, 9]])
    np.testing.assert_array_equal(learning.pictures, again.pictures)
    differing = (learning.pictures != whole[[0, 1, 2, 5, 6, 7]]).any(axis=(1, 2, 3))
    assert differing.sum() >= 5  # a part may be hidden by another


def test_without_missing_parts_pictures_are_those_of_the_data_set() -> None:
    dataset = open_dataset("birds")
    validation, none = read_split([dataset], "val", 3)
    drawn = draw(dataset, 3, split="val", random_state=0, inputs=SLIM_INPUTS)
    np.testing.assert_array_equal(validation.pictures, [each.picture for _, each in drawn])
    assert len(none.labels) == 0
