"""CIFAR-10 and Fashion-MNIST: small pictures in torchvision's own files."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from layerscope.datasets.categories import CIFAR10, FASHION_MNIST, Category
from layerscope.datasets.dataset import Dataset, PictureSource, Sample, splits_of
from layerscope.datasets.download import fetch
from layerscope.datasets.picture import stretch
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError


def open_cifar10(*, root: Path, random_state: int, download: bool) -> Dataset:
    """CIFAR-10: 32 x 32 colour pictures, 50,000 and 10,000."""
    return _open("cifar10", "CIFAR10", "cifar-10-batches-py", CIFAR10, root, download)


def open_fashion_mnist(*, root: Path, random_state: int, download: bool) -> Dataset:
    """Fashion-MNIST: 28 x 28 grey pictures of clothes, 60,000 and 10,000."""
    return _open("fashion_mnist", "FashionMNIST", "FashionMNIST", FASHION_MNIST, root, download)


def _open(
    name: str,
    class_name: str,
    folder: str,
    categories: tuple[Category, ...],
    root: Path,
    download: bool,
) -> Dataset:
    """A data set of torchvision with ``data`` and ``targets``; ``val`` is its test set."""
    from layerscope.vision import torchvision

    factory: Callable[..., Any] = getattr(torchvision.datasets, class_name)
    home = fetch(
        name,
        root,
        folder,
        (lambda partial: factory(partial, train=False, download=True)) if download else None,
    ).parent

    @cache
    def load(split: str) -> tuple[np.ndarray, np.ndarray]:
        return _load(factory, home / folder, split)

    @cache
    def sources(split: str) -> tuple[PictureSource, ...]:
        return tuple(
            PictureSource(part, f"{part}/{index:06d}", int(label))
            for part in splits_of(split)
            for index, label in enumerate(load(part)[1])
        )

    def read(source: PictureSource, inputs: Preprocessing) -> Sample:
        split, index = source.path.split("/")
        return Sample(stretch(load(split)[0][int(index)], inputs.shape), None)

    return Dataset(name, categories, (), sources, read)


def _load(factory: Callable[..., Any], folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (n, h, w, 3) or (n, h, w), uint8, and their labels (n,)."""
    try:
        loaded = factory(folder.parent, train=split == "train", download=False)
    except (RuntimeError, OSError, ValueError, AssertionError) as error:
        raise InputError(
            f"{folder}: incomplete or damaged ({error}); remove the folder and try again"
        ) from None
    return np.asarray(loaded.data), np.asarray(loaded.targets)
