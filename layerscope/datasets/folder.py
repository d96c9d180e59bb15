"""Data sets on disk with one sub-folder a class."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from layerscope.datasets.categories import Category, name_categories
from layerscope.datasets.dataset import Dataset, PictureSource, Sample, splits_of
from layerscope.datasets.picture import decode
from layerscope.datasets.picture_file import suffixes
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.errors import InputError

VALIDATION_SHARE = 0.2
SPLITS = ("train", "val")


def read_folder(
    name: str, root: Path, categories: tuple[Category, ...], folders: Sequence[str]
) -> Dataset:
    """A data set in ``root/{train,val}/<class folder>/``.

    Parameters
    ----------
    name : str
        The data set's name.
    root : Path
        The folder that holds ``train`` and ``val``.
    categories : tuple of Category
        In the order of the labels.
    folders : sequence of str
        The class folders' names, in the same order.

    Returns
    -------
    Dataset
        Its ``sources`` raise InputError when a class folder is missing or empty.
    """

    @cache
    def sources(split: str) -> tuple[PictureSource, ...]:
        return tuple(
            PictureSource(part, f"{part}/{folder}/{file}", label)
            for part in splits_of(split)
            for label, folder in enumerate(folders)
            for file in _pictures(root / part / folder)
        )

    return Dataset(name, categories, (), sources, _reader(root))


def open_imagefolder(*, root: Path, random_state: int, download: bool) -> Dataset:
    """Any folder with one sub-folder a class, optionally below ``train/`` and ``val/``.

    Without split folders, a fifth of each class is set aside for validation, by `random_state`.
    Folders named by WordNet ids are mapped to ImageNet's classes.

    Raises
    ------
    InputError
        When there is no such folder, no class folder in it, no picture in one of those, or a name is
        not UTF-8.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; set `root` of the run in params.yaml")
    split_folders = [root / part for part in SPLITS if _folders(root / part)]
    if not split_folders:
        folders = _class_folders(root, [root])
        return _split_by_chance(root, folders, random_state)
    if len(split_folders) < len(SPLITS):
        raise InputError(
            f"{root}: class folders in {split_folders[0].name}/ only; add the other of train/ and "
            "val/, or put the class folders directly below the root"
        )
    folders = _class_folders(root, split_folders)
    return read_folder("imagefolder", root, name_categories(folders), folders)


def _split_by_chance(root: Path, folders: tuple[str, ...], random_state: int) -> Dataset:
    """Class folders without split folders: 80 to 20 in each class."""

    @cache
    def members(label: int) -> dict[str, list[str]]:
        files = _pictures(root / folders[label])
        # A class's split depends on its own name and files only: adding a class moves nothing.
        rng = np.random.default_rng([random_state, zlib.crc32(folders[label].encode())])
        n_validation = max(1, round(VALIDATION_SHARE * len(files))) if len(files) > 1 else 0
        chosen = set(rng.permutation(len(files))[:n_validation].tolist())
        return {
            "train": [file for i, file in enumerate(files) if i not in chosen],
            "val": [file for i, file in enumerate(files) if i in chosen],
        }

    @cache
    def sources(split: str) -> tuple[PictureSource, ...]:
        found = []
        for part in splits_of(split):
            for label, folder in enumerate(folders):
                files = members(label)[part]
                if not files and split != "all":
                    raise InputError(
                        f"{root / folder}: one picture cannot be split in train and val; add more, "
                        "or set `split: all`"
                    )
                found += [PictureSource(part, f"{folder}/{file}", label) for file in files]
        return tuple(found)

    return Dataset("imagefolder", name_categories(folders), (), sources, _reader(root))


def _reader(root: Path) -> Callable[[PictureSource, Preprocessing], Sample]:
    def read(source: PictureSource, inputs: Preprocessing) -> Sample:
        return Sample(decode(root / source.path, inputs=inputs, source=source.path), None)

    return read


def _folders(folder: Path) -> list[str]:
    """Names of the folders in a folder, hidden ones left out, sorted."""
    if not folder.is_dir():
        return []
    return _sort_names(
        folder,
        (each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")),
    )


def _sort_names(folder: Path, names: Iterable[str]) -> list[str]:
    """Names of what is in a folder; refused where one is no text that can be written down."""
    found = sorted(names)
    for name in found:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise InputError(f"{folder}: the name {name!a} is not UTF-8; rename it") from None
    return found


def _class_folders(root: Path, parents: list[Path]) -> tuple[str, ...]:
    names = tuple(sorted({name for parent in parents for name in _folders(parent)}))
    if not names:
        raise InputError(
            f"{root}: no class folders; it needs one sub-folder a class with pictures in it"
        )
    for parent in parents:
        for name in names:
            _pictures(parent / name)  # a missing or empty class is said now, not in mid-run
    return names


def _pictures(folder: Path) -> list[str]:
    """Relative paths of the pictures below a class folder, hidden ones left out, sorted.

    Raises
    ------
    InputError
        When there are none, or the name of one is not UTF-8.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such class folder; add it with its pictures")
    found = (path.relative_to(folder) for path in folder.rglob("*"))
    names = _sort_names(
        folder,
        (
            path.as_posix()
            for path in found
            if path.suffix.lower() in suffixes()
            and not any(part.startswith(".") for part in path.parts)
        ),
    )
    if not names:
        raise InputError(f"{folder}: no pictures in this class folder; add some or remove it")
    return names
