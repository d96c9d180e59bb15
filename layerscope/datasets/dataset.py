"""What a data set is to the rest of the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from layerscope.datasets.categories import Category
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError

SPLITS = ("train", "val", "test")
Fact = str | float | None
MOST_CATEGORIES = 1000  # values of a column that can be told apart, and chosen from
_LARGEST = float(np.finfo(np.float32).max)
FEW_NUMBERS = 12  # as many different numbers are grades, or codes


@dataclass(frozen=True)
class PictureSource:
    """One picture that can be read.

    Attributes
    ----------
    split : str
        One of `SPLITS`.
    path : str
        Relative path inside the data set, as it is shown ("train/n03445777/x.JPEG"; for rendered
        pictures "val/000123").
    label : int
        Index into `Dataset.categories`; -1 in a data set without labels.
    facts : mapping of str to str, float or None
        What a table says of it, the same keys in the same order for every picture of a data set; None
        where the table says nothing.
    """

    split: str
    path: str
    label: int
    facts: Mapping[str, Fact] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Sample:
    """A picture that was read.

    Attributes
    ----------
    picture : ndarray of shape (H, W, C), uint8
        RGB, or grey.
    part_map : ndarray of shape (H, W), uint8, or None
        Ground truth where it exists: 0 for background, else 1 + the index into
        `Dataset.part_names`.
    """

    picture: np.ndarray
    part_map: np.ndarray | None


@dataclass(frozen=True)
class Dataset:
    """Pictures with labels, listed at once and read one by one.

    Attributes
    ----------
    name : str
        The key in the registry.
    categories : tuple of Category
        In the order of the labels; empty where there are no labels.
    part_names : tuple of str
        Parts that ground truth exists for; empty for most data sets.
    sources : callable
        Split ("train", "val", "test" or "all") to a sequence of `PictureSource`, in a fixed order.
    read : callable
        PictureSource and `Preprocessing` to `Sample`. Raises InputError when the picture is unreadable.
    is_rendered : bool
        Whether pictures are drawn as they are read, so that no file is there to be kept to.
    splits : tuple of str
        Those it comes with, of `SPLITS`. Where there are none, "train" and "val" are by chance.
    notes : tuple of str
        What of a folder was taken for what, a line each.
    left_out : mapping of str to sequence of str
        By reason what was left out: paths, or rows of a table.
    """

    name: str
    categories: tuple[Category, ...]
    part_names: tuple[str, ...]
    sources: Callable[[str], Sequence[PictureSource]]
    read: Callable[[PictureSource, Preprocessing], Sample]
    is_rendered: bool = False
    splits: tuple[str, ...] = ("train", "val")
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def settle_split(self, asked: str | None, default: str) -> str:
        """The split of a run: the one it asks for, else the default one where the data set comes with it."""
        return asked or (default if default in self.splits else "all")


def splits_of(split: str, there: tuple[str, ...] = ("train", "val")) -> tuple[str, ...]:
    """The splits that a word asks for, of those there are.

    Raises
    ------
    InputError
        For a word that is neither one of them nor "all".
    """
    if split == "all":
        return there
    if split not in there:
        raise InputError(f"split {split!r}: not there; use {', '.join(there)} or all")
    return (split,)


@dataclass(frozen=True)
class Column:
    """What is known of each picture beside its label.

    Attributes
    ----------
    name : str
    kind : str
        "category", "number" or "text".
    names : tuple of str
        Of a category the values, in their order; else empty.
    """

    name: str
    kind: Literal["category", "number", "text"]
    names: tuple[str, ...] = ()


def read_column(name: str, facts: Sequence[Fact]) -> tuple[Column, np.ndarray | list[str]]:
    """Find out what a column is.

    It is a number where all that is there are finite numbers, more than `FEW_NUMBERS` different ones; a
    category where at most `MOST_CATEGORIES` different values are there, one of them twice; else text.

    Parameters
    ----------
    name : str
    facts : sequence of str, float or None
        One a picture.

    Returns
    -------
    Column
    ndarray of shape (n,), or list of str
        Of a category int16, indices into its names, -1 for None; of a number float32, NaN for None; of
        text the texts, empty for None.
    """
    texts = [write_fact(fact) for fact in facts]
    there = [text for text in texts if text is not None]
    different = set(there)
    numbers = {text: number for text in different if (number := _read_number(text)) is not None}
    are_numbers = len(numbers) == len(different)
    if are_numbers and len(set(numbers.values())) > FEW_NUMBERS:
        values = [np.nan if text is None else numbers[text] for text in texts]
        return Column(name, "number"), np.array(values, dtype=np.float32)
    if len(different) <= MOST_CATEGORIES and len(different) < len(there):
        names = sorted(different, key=lambda text: (numbers[text] if are_numbers else 0.0, text))
        if name == "split":
            names.sort(key=lambda text: SPLITS.index(text) if text in SPLITS else len(SPLITS))
        codes = {text: code for code, text in enumerate(names)}
        values = [-1 if text is None else codes[text] for text in texts]
        return Column(name, "category", tuple(names)), np.array(values, dtype=np.int16)
    return Column(name, "text"), [text or "" for text in texts]


def list_columns(
    sources: Sequence[PictureSource], splits: tuple[str, ...]
) -> dict[str, list[Fact]]:
    """What is known of pictures beside their label, by name; what is known of none is left out.

    The split comes first, where they are of several of a data set's own `splits`.
    """
    told: dict[str, list[Fact]] = {}
    if len({source.split for source in sources} & set(splits)) > 1:
        told["split"] = [source.split for source in sources]
    for name in sources[0].facts if sources else ():
        told[name] = [source.facts[name] for source in sources]
    return {name: facts for name, facts in told.items() if any(map(write_fact, facts))}


def write_fact(fact: Fact) -> str | None:
    """A fact as text, whole numbers without a point; None where nothing is said."""
    if isinstance(fact, float):
        return None if np.isnan(fact) else str(int(fact)) if fact.is_integer() else repr(fact)
    return fact or None


def _read_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if "_" not in text and abs(number) <= _LARGEST else None  # NaN is neither


def printable(text: str) -> str:
    """A name from data as a terminal may show it: without what moves the cursor or turns text around."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:201])
    return shown if len(text) <= 200 else f"{shown[:200]}…"
