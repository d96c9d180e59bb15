"""The data sets there are. Adding one is one entry in `DATASETS`."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Protocol

from layerscope.datasets.archives import open_imagenette, open_imagewoof
from layerscope.datasets.dataset import Dataset
from layerscope.datasets.folder import open_imagefolder
from layerscope.datasets.ground_truth import open_rendered
from layerscope.datasets.torchvision_sets import open_cifar10, open_fashion_mnist
from layerscope.errors import InputError
from layerscope.storage.remote import is_url

ROOT_VARIABLE = "LAYERSCOPE_DATA"
DEFAULT_ROOT = "data/datasets"


class Opener(Protocol):
    """Opens one data set below a root, downloading it when that is needed and allowed."""

    def __call__(self, *, root: Path, random_state: int, download: bool) -> Dataset: ...


DATASETS: dict[str, Opener] = {
    "imagenette": open_imagenette,
    "imagewoof": open_imagewoof,
    "imagefolder": open_imagefolder,
    "cifar10": open_cifar10,
    "fashion_mnist": open_fashion_mnist,
    "objects": partial(open_rendered, "objects"),
    "birds": partial(open_rendered, "birds"),
}


def open_dataset(
    name: str,
    *,
    root: str | Path | None = None,
    random_state: int = 0,
    download: bool = True,
    labels: str | None = None,
) -> Dataset:
    """Open a data set by its name in `DATASETS`.

    Parameters
    ----------
    name : str
        A key of `DATASETS`.
    root : str or Path, optional
        Folder of data sets; for "imagefolder" the folder, archive or URL of the pictures. By default the
        environment variable LAYERSCOPE_DATA, else ``data/datasets``.
    random_state : int, default 0
        Seed of what is rendered, and of the split of an "imagefolder" that has none.
    download : bool, default True
        Whether a missing data set may be downloaded.
    labels : str, optional
        A table of the pictures of an "imagefolder".

    Returns
    -------
    Dataset

    Raises
    ------
    InputError
        When the name is unknown, the pictures are missing and cannot be downloaded, or the folder
        has not the expected layout.
    """
    if name not in DATASETS:
        raise InputError(f"{name}: unknown data set; known: {', '.join(DATASETS)}")
    if root is None and name == "imagefolder":
        raise InputError(
            "imagefolder: needs a folder, an archive or a URL of pictures; set `root` of the run in "
            "params.yaml"
        )
    if name == "imagefolder" and root is not None:
        given = root if is_url(root) else Path(root).expanduser()
        return open_imagefolder(
            root=given, random_state=random_state, download=download, labels=labels
        )
    if labels is not None or is_url(root or ""):
        raise InputError(f"{name}: a table, or a URL, is for pictures of your own: imagefolder")
    place = Path(root or os.environ.get(ROOT_VARIABLE) or DEFAULT_ROOT).expanduser()
    return DATASETS[name](root=place, random_state=random_state, download=download)
