"""Families and groups of ImageNet's classes: which to show, and in which colours."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import numpy as np

from layerscope.coarse import Coarse, list_groups
from ui.coarse import find_coarse
from ui.library import Contents
from ui.palette import mark_class, mark_coarse

LEAST = 7  # classes that every kind of map can carry


def list_coarse(contents: Contents) -> tuple[Coarse, ...]:
    """The coarse class of each output; empty where outputs are not ImageNet's."""
    found = find_coarse(contents)
    return found.of if found is not None and found.predicted else ()


def list_names(coarse: tuple[Coarse, ...]) -> tuple[str, ...]:
    """Families, each followed by those of its groups that have enough classes for a map."""
    families = Counter(each.family for each in coarse)
    groups = Counter(coarse)
    names = []
    for family, members in groupby(list_groups(), lambda each: each.family):
        if families[family] >= LEAST:
            names.append(family)
        names += [_name_group(each) for each in members if groups[each] >= LEAST]
    return tuple(names)


def _name_group(coarse: Coarse) -> str:
    return f"{coarse.family} / {coarse.group}"  # a group may have the name of its family


def find_members(coarse: tuple[Coarse, ...], name: str) -> np.ndarray:
    """Outputs of a family or of a group, rising."""
    return np.array(
        [i for i, each in enumerate(coarse) if name in {each.family, _name_group(each)}],
        dtype=np.int64,
    )


def mark_outputs(
    contents: Contents, coarse: tuple[Coarse, ...], color: str
) -> list[tuple[str, str]]:
    """Colour and shape of each output, by its group or as a class of its own.

    Outputs that stand for a class of the data set have the colour that this class has elsewhere.
    """
    if color == "family" and coarse:
        marks = _mark_groups()
        return [marks[each] for each in coarse]
    labels = {category.name: label for label, category in enumerate(contents.categories)}
    free = iter(range(len(labels), len(labels) + len(contents.outputs)))
    names = [output.name for output in contents.outputs]
    return [mark_class(labels[name] if name in labels else next(free)) for name in names]


def mark_families(coarse: tuple[Coarse, ...]) -> list[tuple[str, str, int]]:
    """Families with the colour of their first group and the number of their classes."""
    counts = Counter(each.family for each in coarse)
    marks = _mark_groups()
    return [
        (family, marks[next(members)][0], counts[family])
        for family, members in groupby(list_groups(), lambda each: each.family)
    ]


def _mark_groups() -> dict[Coarse, tuple[str, str]]:
    families = groupby(list_groups(), lambda each: each.family)
    return {
        each: mark_coarse(family, member)
        for family, (_, members) in enumerate(families)
        for member, each in enumerate(members)
    }
