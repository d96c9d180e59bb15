"""Imagenette and Imagewoof: ten classes of ImageNet each, published by fast.ai."""

from __future__ import annotations

from pathlib import Path

from layerscope.datasets.categories import IMAGENETTE, IMAGEWOOF, Category
from layerscope.datasets.dataset import Dataset
from layerscope.datasets.download import fetch
from layerscope.datasets.folder import read_folder

# The archive was packed anew once, as Imagenette's was; this is the sum of the present one.
IMAGEWOOF_ARCHIVE = (
    "https://s3.amazonaws.com/fast-ai-imageclas/imagewoof2.tgz",
    "9aafe18bcdb1632c4249a76c458465ba",
)


def open_imagenette(*, root: Path, random_state: int, download: bool) -> Dataset:
    """Imagenette 2: ten classes that are easy to tell apart, 9,469 and 3,925 pictures."""
    folder = fetch("imagenette", root, "imagenette2", _imagenette_into if download else None)
    return _read("imagenette", folder, IMAGENETTE)


def open_imagewoof(*, root: Path, random_state: int, download: bool) -> Dataset:
    """Imagewoof 2: ten breeds of dogs, 9,025 and 3,929 pictures."""
    folder = fetch("imagewoof", root, "imagewoof2", _imagewoof_into if download else None)
    return _read("imagewoof", folder, IMAGEWOOF)


def _read(name: str, folder: Path, categories: tuple[Category, ...]) -> Dataset:
    return read_folder(name, folder, categories, [str(each.wnid) for each in categories])


def _imagenette_into(partial: Path) -> None:
    from layerscope.vision import torchvision

    torchvision.datasets.Imagenette(partial, split="val", size="full", download=True)


def _imagewoof_into(partial: Path) -> None:
    from layerscope.vision import torchvision

    url, md5 = IMAGEWOOF_ARCHIVE
    torchvision.datasets.utils.download_and_extract_archive(url, partial, md5=md5)
