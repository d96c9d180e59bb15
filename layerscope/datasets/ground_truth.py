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
