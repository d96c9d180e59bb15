"""Data sets of pictures that are rendered on demand, each with a map of the parts in it.

The idea follows CLEVR-XAI (Arras et al., 2022) and FunnyBirds (Hesse et al., ICCV 2023): when the
parts of a picture are known, and can be left out one at a time, an explanation can be checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from layerscope.datasets.rendered.birds import BIRD_PARTS, SPECIES, compose_bird
from layerscope.datasets.rendered.objects import OBJECTS
from layerscope.datasets.rendered.painting import Figure
from layerscope.datasets.rendered.palette import draw_palette
from layerscope.datasets.rendered.scene import (
    draw_light,
    draw_pose,
    draw_surfaces,
    paint_background,
    paint_distractors,
    paint_figure,
    paint_fragments,
)
from layerscope.errors import InputError

SPLITS = ("train", "val")


@dataclass(frozen=True)
class Rendering:
    """A rendered picture and what is where in it.

    Attributes
    ----------
    picture
        (224, 224, 3) uint8, RGB.
    part_map
        (224, 224) uint8, what is visible at each pixel: 0 is the background, k is
        `part_names[k - 1]` of the data set. The mask of the object is `part_map > 0`.
    class_index
        Index into the categories of the data set, 0..9.
    """

    picture: NDArray[np.uint8]
    part_map: NDArray[np.uint8]
    class_index: int


@dataclass(frozen=True)
class RenderedSet:
    """A data set that is rendered.

    Attributes
    ----------
    name
        What `render` calls it.
    categories
        Names of the ten classes, by class index.
    part_names
        Names of the parts of all classes; part k of a part map is `part_names[k - 1]`.
    class_parts
        Per category, the parts it has, each with the name of its variant. Birds of two species
        share a part if its variant is the same; the parts of an object are its own.
    figures
        Per category, what is drawn, from back to front.
    scale
        Smallest and largest longer side of a figure, as a share of the picture.
    """

    name: str
    categories: tuple[str, ...]
    part_names: tuple[str, ...]
    class_parts: Mapping[str, Mapping[str, str]]
    figures: tuple[Figure, ...]
    scale: tuple[float, float]


def _describe_objects() -> RenderedSet:
    parts = {
        name: MappingProxyType({piece.part: name for piece in figure})
        for name, figure in OBJECTS.items()
    }
    return RenderedSet(
        name="objects",
        categories=tuple(OBJECTS),
        part_names=tuple(dict.fromkeys(part for named in parts.values() for part in named)),
        class_parts=MappingProxyType(parts),
        figures=tuple(OBJECTS.values()),
        scale=(0.54, 0.86),
    )


def _describe_birds() -> RenderedSet:
    return RenderedSet(
        name="birds",
        categories=tuple(SPECIES),
        part_names=BIRD_PARTS,
        class_parts=MappingProxyType({k: MappingProxyType(v) for k, v in SPECIES.items()}),
        figures=tuple(compose_bird(parts) for parts in SPECIES.values()),
        scale=(0.54, 0.86),
    )


DATASETS: dict[str, RenderedSet] = {
    described.name: described for described in (_describe_objects(), _describe_birds())
}


def render(
    dataset: str, *, seed: int, split: str, index: int, without: frozenset[str] = frozenset()
) -> Rendering:
    """Render one picture of a data set.

    The same arguments give the same picture; there are as many pictures as one asks for.

    Parameters
    ----------
    dataset
        A key of `DATASETS`: "objects" or "birds".
    seed
        Chooses a whole data set; 0 or more.
    split
        "train" or "val"; they never share a picture.
    index
        Number of the picture in the split, 0 or more. Its class is `index % 10`.
    without
        Names of parts to leave out. All else in the picture stays, but for the shadow of the part
        and what had been hidden by it. Parts that the class does not have are ignored.

    Returns
    -------
    Rendering
        The picture, its part map and its class.

    Raises
    ------
    InputError
        For an unknown data set, split or part, or a negative index or seed.
    """
    described = _check_request(dataset, seed, split, index, without)
    class_index = index % len(described.categories)
    figure = described.figures[class_index]
    rng = np.random.default_rng([seed, crc32(dataset.encode()), crc32(split.encode()), index])
    palette, light = draw_palette(rng), draw_light(rng)
    pose = draw_pose(rng, figure, described.scale)
    surfaces = draw_surfaces(rng, palette)
    canvas = paint_background(rng, palette, light)
    paint_distractors(rng, canvas, surfaces, light)
    # Nothing random depends on what is left out, so all else stays as it is.
    kept = tuple(piece for piece in figure if piece.part not in without)
    paint_figure(canvas, kept, pose, surfaces, light, described.part_names)
    paint_fragments(rng, canvas, surfaces, light, pose)
    picture, part_map = canvas.finish()
    return Rendering(picture, part_map, class_index)


def _check_request(
    dataset: str, seed: int, split: str, index: int, without: frozenset[str]
) -> RenderedSet:
    """Return the data set that is asked for, or say in one line what is wrong."""
    if dataset not in DATASETS:
        raise InputError(
            f"There is no rendered data set {dataset!r}; choose from {list(DATASETS)}."
        )
    if split not in SPLITS:
        raise InputError(f"There is no split {split!r} of {dataset}; choose from {list(SPLITS)}.")
    if index < 0 or seed < 0:
        raise InputError(f"index and seed must be 0 or more, not {index} and {seed}.")
    described = DATASETS[dataset]
    unknown = sorted(set(without) - set(described.part_names))
    if unknown:
        raise InputError(
            f"{dataset} have no part {unknown[0]!r}; choose from {list(described.part_names)}."
        )
    return described
