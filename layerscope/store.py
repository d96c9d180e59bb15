"""The one module that opens Zarr: what a store is called, what it holds, how it is written.

A store is a Zarr v3 group of sharded arrays. It is written beside its place and moved there when it
is complete, so a store that exists is whole. Every array has ``dimension_names`` and, where it has
one, a ``unit``; the group's attributes hold the parameters and the versions that made it.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.errors import GroupNotFoundError

from layerscope.errors import InputError

DATA = Path("data")
FORMAT = 1
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, RuntimeError)  # zarr, of damaged files
_CHUNK_BYTES = 1 << 20
_SHARD_BYTES = 1 << 29  # arrays that are written whole: mostly one file
_STREAM_BYTES = 1 << 25  # arrays that are written bit by bit: this much of each is kept in memory


def store_path(run: str, name: str) -> Path:
    """Where a run keeps a store, for example ``data/objects-vgg16_slim/umap.zarr``."""
    return DATA / run / f"{name}.zarr"


def library_versions(*packages: str) -> dict[str, str]:
    """Versions to keep beside what these packages computed."""
    return {package: version(package) for package in packages}


class Writer:
    """A store that is being written."""

    def __init__(self, group: zarr.Group) -> None:
        self._group = group

    def _create(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: Any,
        dims: Sequence[str],
        *,
        unit: str | None = None,
        compress: bool = True,
        shard_bytes: int = _SHARD_BYTES,
    ) -> zarr.Array:
        """An array cut along its first axis into chunks of 1 MiB, gathered in shards."""
        row = max(1, int(np.prod(shape[1:], dtype=np.int64)) * np.dtype(dtype).itemsize)
        rows = max(1, min(shape[0], _CHUNK_BYTES // row))
        per_shard = max(1, min(ceil(shape[0] / rows), shard_bytes // (rows * row)))
        tail = tuple(max(1, n) for n in shape[1:])
        return self._group.create_array(
            name,
            shape=shape,
            dtype=dtype,
            chunks=(rows, *tail),
            shards=(rows * per_shard, *tail),
            dimension_names=list(dims),
            attributes={"unit": unit} if unit else {},
            compressors="auto" if compress else None,
        )

    def add(
        self, name: str, values: np.ndarray, dims: Sequence[str], *, unit: str | None = None
    ) -> None:
        """An array written at once."""
        self._create(name, values.shape, values.dtype, dims, unit=unit)[...] = values

    @contextmanager
    def streaming(
        self, name: str, shape: tuple[int, ...], dtype: Any, dims: Sequence[str]
    ) -> Iterator[Callable[[np.ndarray], None]]:
        """An array that grows along its first axis: the context is a function that appends rows.

        Rows are gathered until a shard is full, because a shard is written as a whole.
        """
        array = self._create(name, shape, dtype, dims, shard_bytes=_STREAM_BYTES)
        assert array.shards is not None  # every array here has shards
        full = array.shards[0]
        buffer = np.empty((full, *shape[1:]), dtype)
        filled = written = 0

        def flush() -> None:
            nonlocal filled, written
            array[written : written + filled] = buffer[:filled]
            written, filled = written + filled, 0

        def append(rows: np.ndarray) -> None:
            nonlocal filled
            while len(rows):
                taken = rows[: full - filled]
                buffer[filled : filled + len(taken)] = taken
                filled, rows = filled + len(taken), rows[len(taken) :]
                if filled == full:
                    flush()

        yield append
        flush()
        if written != shape[0]:  # what was never written would read as zeros
            raise ValueError(f"{name}: {written} rows were written of {shape[0]}")

    def add_blobs(self, name: str, blobs: Sequence[bytes]) -> None:
        """Byte strings of any length: ``<name>`` end to end, ``<name>_offsets`` where each starts."""
        offsets = np.concatenate([[0], np.cumsum([len(blob) for blob in blobs])]).astype(np.int64)
        joined = np.frombuffer(b"".join(blobs), dtype=np.uint8)
        self._create(name, joined.shape, joined.dtype, ["byte"], compress=False)[...] = joined
        self.add(f"{name}_offsets", offsets, ["boundary"], unit="byte")

    def set(self, **attributes: Any) -> None:
        """Further attributes of the group."""
        self._group.attrs.update(attributes)


@contextmanager
def writing(path: Path, **attributes: Any) -> Iterator[Writer]:
    """Write a store; it appears at `path` only when the block ends without an exception.

    Parameters
    ----------
    path : Path
    **attributes
        JSON values: parameters, versions, names.
    """
    partial = path.with_name(path.name + ".partial")
    earlier = path.with_name(path.name + ".earlier.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(earlier, ignore_errors=True)
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        group = zarr.open_group(partial, mode="w", zarr_format=3)
        group.attrs.update({"layerscope_format": FORMAT, **attributes})
        yield Writer(group)
        if path.exists():  # moved away in one step: half a deleted store would still open
            path.rename(earlier)
        partial.rename(path)
        shutil.rmtree(earlier, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class Store:
    """A store opened for reading.

    Raises
    ------
    InputError
        Where there is no store, or one that another version of the format wrote.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._group = zarr.open_group(path, mode="r", zarr_format=3)
        except (FileNotFoundError, GroupNotFoundError):
            raise InputError(f"{path}: not there; build it with `dvc repro`") from None
        except _DAMAGE as error:
            raise self._broken(error) from None
        found = self.attributes.get("layerscope_format")
        if found != FORMAT:
            raise InputError(
                f"{path}: written in format {found}, this version reads {FORMAT}; "
                "delete it and run `dvc repro`"
            )

    def _broken(self, error: Exception) -> InputError:
        return InputError(f"{self.path}: broken ({error}); delete it and run `dvc repro`")

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Parameters, versions and names."""
        return self._group.attrs.asdict()

    def __contains__(self, name: str) -> bool:
        try:
            return name in self._group
        except _DAMAGE as error:
            raise self._broken(error) from None

    def array(self, name: str) -> zarr.Array:
        """An array on disk, to be sliced."""
        if name not in self:
            raise InputError(f"{self.path}: has no {name!r}; delete it and run `dvc repro`")
        found = self._group[name]
        if not isinstance(found, zarr.Array):
            raise InputError(f"{self.path}: {name!r} is a group of arrays, not one array")
        return found

    def read(self, name: str) -> np.ndarray:
        """A whole array in memory."""
        return self._slice(name, slice(None))

    def _slice(self, name: str, rows: slice) -> np.ndarray:
        array = self.array(name)
        try:
            return np.asarray(array[rows])
        except _DAMAGE as error:
            raise self._broken(error) from None

    def blob(self, name: str, index: int) -> bytes:
        """One of the byte strings written by `Writer.add_blobs`."""
        start, end = self._slice(f"{name}_offsets", slice(index, index + 2))
        return self._slice(name, slice(int(start), int(end))).tobytes()

    def blobs(self, name: str, count: int | None = None) -> list[bytes]:
        """The first `count` byte strings, or all."""
        offsets = self.read(f"{name}_offsets")[: None if count is None else count + 1]
        joined = self._slice(name, slice(int(offsets[-1])))
        pairs = itertools.pairwise(offsets)
        return [joined[start:end].tobytes() for start, end in pairs]
