"""Rendered data sets, whose parts are known to the pixel, as data sets like any other."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from layerscope.datasets.categories import Category
from layerscope.datasets.dataset import Dataset, PictureSource, Sample, splits_of
from layerscope.datasets.picture import stretch, stretch_labels
from layerscope.datasets.preprocessing import Preprocessing

N_A_SPLIT = 10_000
"""Pictures that a split offers. Each is rendered when it is read; none is stored."""


def open_rendered(name: str, *, root: Path, random_state: int, download: bool) -> Dataset:
    """A rendered data set; `random_state` seeds every picture of it."""
    from layerscope.datasets import rendered

    entry = rendered.DATASETS[name]
    categories = tuple(Category(None, None, category) for category in entry.categories)

    @cache
    def sources(split: str) -> tuple[PictureSource, ...]:
        return tuple(
            PictureSource(part, f"{part}/{index:06d}", index % len(categories))
            for part in splits_of(split)
            for index in range(N_A_SPLIT)
        )

    def read(source: PictureSource, inputs: Preprocessing) -> Sample:
        split, index = source.path.split("/")
        drawn = rendered.render(name, seed=random_state, split=split, index=int(index))
        picture: np.ndarray = drawn.picture
        part_map: np.ndarray = drawn.part_map
        if picture.shape != inputs.shape:
            picture = stretch(picture, inputs.shape)
            part_map = stretch_labels(part_map, inputs.size)
        return Sample(picture, part_map)

    return Dataset(name, categories, entry.part_names, sources, read, is_rendered=True)


def draw_incomplete(
    dataset: Dataset, source: PictureSource, inputs: Preprocessing, rng: np.random.Generator
) -> np.ndarray:
    """A picture of a rendered data set of `random_state` 0 without one of the parts of its class.

    Parameters
    ----------
    dataset : Dataset
    source : PictureSource
    inputs : Preprocessing
    rng : numpy.random.Generator
        Chooses the part, each with equal probability.

    Returns
    -------
    ndarray of uint8, (H, W, 3)
    """
    from layerscope.datasets import rendered

    entry = rendered.DATASETS[dataset.name]
    parts = sorted(entry.class_parts[entry.categories[source.label]])
    split, index = source.path.split("/")
    without = frozenset({parts[rng.integers(len(parts))]})
    drawn = rendered.render(dataset.name, seed=0, split=split, index=int(index), without=without)
    return stretch(drawn.picture, inputs.shape)
