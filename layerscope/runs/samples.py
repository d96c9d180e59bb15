"""The pictures of a run, as the model gets them and as the app shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from layerscope.datasets.categories import Category
from layerscope.datasets.dataset import (
    Column,
    Dataset,
    PictureSource,
    Sample,
    list_columns,
    read_column,
)
from layerscope.datasets.picture import (
    decode_label_map,
    decode_stored,
    encode,
    encode_label_map,
)
from layerscope.storage.store import Store, library_versions, writing


class Samples:
    """Samples of a run, in their nested order: the first 100 are the set of 100, and so on.

    Attributes
    ----------
    labels : ndarray of int16, (n,)
        Index into `categories`; -1 of a data set without labels.
    """

    def __init__(self, path: Path | str) -> None:
        self._store = Store(path)
        self.labels = self._store.read("label")

    @property
    def location(self) -> str:
        """The store's address, for processes with another working folder."""
        return self._store.location

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def categories(self) -> tuple[Category, ...]:
        """The data set's classes; none of a data set without labels."""
        return tuple(Category(**each) for each in self._store.attributes["categories"])

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """What is known of each sample beside its label."""
        told = self._store.attributes.get("columns", [])
        return tuple(Column(each["name"], each["kind"], tuple(each["names"])) for each in told)

    def column(self, index: int) -> np.ndarray | list[str]:
        """The values of a column, one a sample, as `layerscope.datasets.dataset.read_column` gives them."""
        values = self._store.read(f"column_{index}")
        if self.columns[index].kind != "text":
            return values
        offsets = self._store.read(f"column_{index}_offsets")
        content = values.tobytes()
        return [content[a:b].decode() for a, b in pairwise(offsets)]

    @cached_property
    def part_names(self) -> tuple[str, ...]:
        """Names of the parts that label maps tell; empty without ground truth."""
        return tuple(self._store.attributes["part_names"])

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of samples that embeddings exist for."""
        return tuple(self._store.attributes["sizes"])

    @cached_property
    def paths(self) -> list[str]:
        """Where each sample came from, inside its data set."""
        return list(self._store.attributes["paths"])

    @cached_property
    def channels(self) -> int:
        """1 where the model takes grey pictures, else 3."""
        return int(self._store.attributes.get("channels", 3))

    def encoded(self, uid: int) -> bytes:
        """A picture as a WebP file."""
        return self._store.blob("picture", uid)

    def picture(self, uid: int) -> np.ndarray:
        """A picture, (H, W, C) uint8."""
        return decode_stored(self.encoded(uid))[..., : self.channels]

    def pictures(self, start: int, stop: int) -> np.ndarray:
        """A batch of pictures, (N, H, W, C) uint8."""
        return np.stack([self.picture(uid) for uid in range(start, min(stop, len(self)))])

    def part_map(self, uid: int) -> np.ndarray | None:
        """Ground truth, (H, W) uint8: 0 background, k for ``part_names[k - 1]``; None without."""
        if "part_map" not in self._store:
            return None
        return decode_label_map(self._store.blob("part_map", uid))


def write_samples(
    path: Path,
    dataset: Dataset,
    drawn: Iterable[tuple[PictureSource, Sample]],
    *,
    quality: int,
    at: str | None = None,
    **attributes: object,
) -> None:
    """Write the samples of a run.

    Parameters
    ----------
    path : Path
    dataset : Dataset
    drawn : iterable of (PictureSource, Sample)
        In their nested order. Pictures are encoded as they come, so that few are in memory.
    quality : int
        Of the WebP encoding, see `encode`.
    at : str, optional
        As of `layerscope.storage.store.writing`.
    **attributes
        JSON values to keep beside them. A list may still grow while samples are drawn.
    """
    sources: list[PictureSource] = []
    pictures: list[bytes] = []
    part_maps: list[bytes] = []
    for source, sample in drawn:
        sources.append(source)
        pictures.append(encode(sample.picture, quality))
        if sample.picture.shape[2] == 1:
            attributes["channels"] = 1
        if sample.part_map is not None:
            part_maps.append(encode_label_map(sample.part_map))
    columns = [
        read_column(name, facts) for name, facts in list_columns(sources, dataset.splits).items()
    ]
    if columns:
        attributes["columns"] = [asdict(column) for column, _ in columns]
    with writing(path, at, **attributes) as store:
        store.set(
            dataset=dataset.name,
            categories=[asdict(category) for category in dataset.categories],
            part_names=list(dataset.part_names),
            paths=[source.path for source in sources],
            splits=[source.split for source in sources],
            versions=library_versions("pillow", "opencv-python-headless", "numpy"),
        )
        store.add("label", np.array([s.label for s in sources], dtype=np.int16), ["sample"])
        for index, (_, values) in enumerate(columns):
            if isinstance(values, np.ndarray):
                store.add(f"column_{index}", values, ["sample"])
            else:
                store.add_blobs(f"column_{index}", [text.encode() for text in values])
        store.add_blobs("picture", pictures)
        if part_maps:
            store.add_blobs("part_map", part_maps)
