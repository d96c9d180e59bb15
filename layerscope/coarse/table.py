"""The table of coarse classes, `classes.csv`, and the order of its groups, that of `heads.csv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from layerscope.datasets.categories import Category
from layerscope.storage.files import read_table

FOLDER = Path(__file__).parent
HEADS = FOLDER / "heads.csv"
CLASSES = FOLDER / "classes.csv"


@dataclass(frozen=True)
class Coarse:
    """A coarse class.

    Attributes
    ----------
    group : str
        Its name, such as "sporting dog"; unique.
    family : str
        What it is one of, such as "dog".
    """

    group: str
    family: str


@cache
def list_groups() -> tuple[Coarse, ...]:
    """All coarse classes, those of a family one after the other."""
    return tuple(dict.fromkeys(_read_coarse(row) for row in read_table(HEADS)))


def coarse_of(category: Category) -> Coarse | None:
    """The coarse class of a class, by its wnid; None for what is not one of ImageNet's 1000."""
    return None if category.wnid is None else _map_wnids().get(category.wnid)


@cache
def _map_wnids() -> dict[str, Coarse]:
    return {row["wnid"]: _read_coarse(row) for row in read_table(CLASSES)}


def _read_coarse(row: dict[str, str]) -> Coarse:
    return Coarse(row["group"], row["family"])
