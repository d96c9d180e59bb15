"""What a data set is to the rest of the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from layerscope.datasets.categories import Category
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError

SPLITS = ("train", "val")


@dataclass(frozen=True)
class PictureSource:
    """One picture that can be read.

    Attributes
    ----------
    split : str
        "train" or "val".
    path : str
        Relative path inside the data set, as it is shown ("train/n03445777/x.JPEG"; for rendered
        pictures "val/000123").
    label : int
        Index into `Dataset.categories`.
    """

    split: str
    path: str
    label: int


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
        In the order of the labels.
    part_names : tuple of str
        Parts that ground truth exists for; empty for most data sets.
    sources : callable
        Split ("train", "val" or "all") to a sequence of `PictureSource`, in a fixed order.
    read : callable
        PictureSource and `Preprocessing` to `Sample`. Raises InputError when the picture is unreadable.
    is_rendered : bool
        Whether pictures are drawn as they are read, so that no file is there to be kept to.
    """

    name: str
    categories: tuple[Category, ...]
    part_names: tuple[str, ...]
    sources: Callable[[str], Sequence[PictureSource]]
    read: Callable[[PictureSource, Preprocessing], Sample]
    is_rendered: bool = False


def splits_of(split: str) -> tuple[str, ...]:
    """The splits that "train", "val" or "all" asks for.

    Raises
    ------
    InputError
        For any other word.
    """
    if split == "all":
        return SPLITS
    if split not in SPLITS:
        raise InputError(f"split {split!r}: unknown; use train, val or all")
    return (split,)
