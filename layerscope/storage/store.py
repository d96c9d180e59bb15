"""The one module that opens Zarr: what a store is called, what it holds, how it is written.

A store is a Zarr v3 group of sharded arrays. It is written beside its place and moved there when it
is complete, so a store that exists is whole. Every array has ``dimension_names`` and, where it has
one, a ``unit``; the group's attributes hold the parameters and the versions that made it.

What changes later is noticed when it is read: every chunk ends in its checksum, and the group's attributes
hold those of the metadata of all arrays, and of themselves. So a reader knows which files have to be there.

Several processes, on one machine or many, may write one store: one opens it (`writing`) and reserves
arrays, the others open it by its address (`Writer.open`) and fill shards of them.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from numcodecs import BitRound
from zarr.abc.store import ByteRequest, RangeByteRequest
from zarr.abc.store import Store as ZarrStore
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.buffer import Buffer, BufferPrototype
from zarr.errors import ContainsArrayError, GroupNotFoundError
from zarr.storage import FsspecStore, LocalStore, WrapperStore

from layerscope.errors import InputError
from layerscope.storage.remote import is_url, locate, new_version, options_of, reaching, replacing

DATA = Path("data")
FORMAT = 2
_UNCHECKED = 1  # the format before: without checksums, and read as it is
_CHECKSUMS = "layerscope_checksums"  # the attribute
_ARRAY_FILE = re.compile(r"(.+)/(?:zarr\.json|c(?:/\d+)*)")  # of which array a file is a part
_DAMAGE = (  # what zarr raises of damaged files
    *(ArithmeticError, AttributeError, KeyError, MemoryError, OSError, RuntimeError, TypeError),
    ValueError,
)
_CHUNK_BYTES = 1 << 20
_SHARD_BYTES = 1 << 29  # arrays that are written whole: mostly one file
# Level 1 is for arrays that are filled by many: twice as fast as Zarr's own level, and hardly larger.
_COMPRESSED, _QUICK = ([ZstdCodec(level=level), Crc32cCodec()] for level in (0, 1))
_PLAIN = [Crc32cCodec()]
# A chunk of nothing but zeros is written too: what is not there was never written.
_CONFIG: Any = {"write_empty_chunks": True}


def store_path(run: str, name: str) -> Path:
    """Where a run keeps a store, for example ``data/objects-vgg16_slim/umap.zarr``."""
    return DATA / run / f"{name}.zarr"


def library_versions(*packages: str) -> dict[str, str]:
    """Versions to keep beside what these packages computed."""
    return {package: version(package) for package in packages}


def _versions(path: Path, at: str) -> str:
    """Where object storage keeps a store's versions: ``<at>/<run>/<name>.zarr``."""
    path, data = path.absolute(), DATA.absolute()
    below = path.relative_to(data) if path.is_relative_to(data) else Path(*path.parts[-2:])
    return f"{at.rstrip('/')}/{below.as_posix()}"


class _Files(WrapperStore[ZarrStore]):
    """Files of a store, looked at as they are read.

    Zarr takes a file that is missing, or ends too early, for zeros. Here it is an error.

    Attributes
    ----------
    found : dict
        Checksums of the metadata that was read, by the name of the array.
    expected : dict
        What they have to be, of all arrays there are; empty before it is known.
    """

    def __init__(self, store: ZarrStore) -> None:
        super().__init__(store)
        self.found: dict[str, int] = {}
        self.expected: Mapping[str, int] = {}

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        content = await super().get(key, prototype, byte_range)
        part = _ARRAY_FILE.fullmatch(key)
        if part is None:
            return content
        name, is_metadata = part[1], key.endswith("zarr.json")
        if is_metadata and content is not None:
            self.found[name] = zlib.crc32(content.to_bytes())
        if name not in self.expected:
            return content
        if not content:  # of no bytes, too
            raise ValueError(f"{key} is missing or empty")
        if is_metadata and self.found[name] != self.expected[name]:
            raise ValueError(f"{key} is not what was written")
        wanted = (
            byte_range.end - byte_range.start if isinstance(byte_range, RangeByteRequest) else 0
        )
        if len(content) < wanted:
            raise ValueError(f"{key} ends too early")
        return content


def _plain(group: zarr.Group) -> dict[str, Any]:
    """A group's attributes without the checksums."""
    return {name: value for name, value in group.attrs.asdict().items() if name != _CHECKSUMS}


def _checksum(attributes: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(attributes, sort_keys=True).encode())


def _open(
    location: str, mode: Literal["r", "r+", "w"], attributes: dict[str, Any] | None = None
) -> zarr.Group:
    """A group at an address. Filesystems are opened anew in each process that asks."""
    read_only = mode == "r"
    place: ZarrStore = LocalStore(location, read_only=read_only)
    if is_url(location):
        options = options_of(location)
        place = FsspecStore.from_url(location, storage_options=options, read_only=read_only)
    return zarr.open_group(_Files(place), mode=mode, zarr_format=3, attributes=attributes)


def _chunk_rows(shard_rows: int, row_bytes: int) -> int:
    """Rows of a chunk: of the divisors of a shard's rows, the one that comes closest to 1 MiB."""
    divisors = [n for n in range(1, shard_rows + 1) if shard_rows % n == 0]
    return min(divisors, key=lambda n: abs(math.log(n * row_bytes / _CHUNK_BYTES)))


class Writer:
    """A store that is being written.

    Attributes
    ----------
    location : str
        Its address: an absolute path, or a URL. Any process can open it with `Writer.open`.
    """

    def __init__(self, group: zarr.Group, location: str) -> None:
        self._group, self.location = group, location
        self._arrays: dict[str, zarr.Array] = {}

    @classmethod
    def open(cls, location: str) -> Writer:
        """A store that another process is writing, by its `location`.

        Arrays can be filled and added from here; attributes are set where the store was opened.

        Raises
        ------
        InputError
            Where the address leads to no store, as seen from this machine.
        """
        # Asked before it is opened, because Zarr would make the folder.
        if not is_url(location) and not Path(location, "zarr.json").exists():
            raise InputError(
                f"{location}: not there, on this machine; machines that write one store share a disk, "
                "or use object storage"
            )
        with reaching(location):
            return cls(_open(location, "r+"), location)

    def _create(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: Any,
        dims: Sequence[str],
        *,
        rows: int | None = None,
        unit: str | None = None,
        compress: bool = True,
        replace: bool = False,
    ) -> zarr.Array:
        """An array cut along its first axis into chunks of about 1 MiB, gathered in shards.

        A task may run twice: an array that is there already, and has the same form, is taken.
        """
        row = max(1, math.prod(shape[1:]) * np.dtype(dtype).itemsize)
        compressors: Any = _COMPRESSED if compress else _PLAIN
        if rows is None:
            chunk = max(1, min(shape[0], _CHUNK_BYTES // row))
            per_shard = _SHARD_BYTES // (chunk * row)
            shard = chunk * max(1, min(math.ceil(shape[0] / chunk), per_shard))
        else:
            shard = max(1, min(rows, shape[0]))
            chunk = _chunk_rows(shard, row)
            compressors = _QUICK
        tail = tuple(max(1, n) for n in shape[1:])
        try:
            with reaching(self.location):
                return self._group.create_array(
                    name,
                    shape=shape,
                    dtype=dtype,
                    chunks=(chunk, *tail),
                    shards=(shard, *tail),
                    dimension_names=list(dims),
                    attributes={"unit": unit} if unit else {},
                    compressors=compressors,
                    config=_CONFIG,
                    overwrite=replace,
                )
        except ContainsArrayError:
            found = self._array(name)
            if (found.shape, found.dtype, found.shards) != (shape, dtype, (shard, *tail)):
                raise ValueError(f"{name}: there already, and in another form") from None
            return found

    def _array(self, name: str) -> zarr.Array:
        if name not in self._arrays:
            with reaching(self.location):
                found = self._group[name]
            if not isinstance(found, zarr.Array):
                raise ValueError(f"{name}: a group of arrays, not one array")
            self._arrays[name] = found.with_config(_CONFIG)
        return self._arrays[name]

    def add(
        self, name: str, values: np.ndarray, dims: Sequence[str], *, unit: str | None = None
    ) -> None:
        """An array written at once. Any process may add arrays of its own."""
        self._write(self._create(name, values.shape, values.dtype, dims, unit=unit), values)

    def _write(self, array: zarr.Array, values: np.ndarray, start: int = 0) -> None:
        with reaching(self.location):
            array[start : start + len(values)] = values

    def reserve(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: Any,
        dims: Sequence[str],
        *,
        rows: int,
        unit: str | None = None,
        replace: bool = False,
    ) -> None:
        """An array that is filled later, by this process or others.

        Parameters
        ----------
        name : str
        shape : tuple of int
        dtype : dtype
        dims : sequence of str
            A name for each axis.
        rows : int
            Of a shard: what `fill` is given at once, or a part of it.
        unit : str, optional
        replace : bool
            Whether an array of this name is thrown away first; nobody may fill it any more.
        """
        if rows < 1:
            raise ValueError(f"{name}: a shard has at least one row, not {rows}")
        self._create(name, shape, dtype, dims, rows=rows, unit=unit, replace=replace)

    def fill(self, name: str, start: int, values: np.ndarray) -> None:
        """Write whole shards of a reserved array.

        Different shards are different files, so processes need not wait for each other; to write
        one twice leaves the same bytes.

        Parameters
        ----------
        name : str
        start : int
            The first row, where a shard begins.
        values : ndarray
            Rows up to where a shard, or the array, ends.

        Raises
        ------
        ValueError
            Where the rows are not whole shards, or of another shape than the array's.
        """
        array, end = self._array(name), start + len(values)
        assert array.shards is not None  # every array here has shards
        rows, length = array.shards[0], array.shape[0]
        if values.shape[1:] != array.shape[1:]:
            raise ValueError(f"{name}: rows of {values.shape[1:]}, not {array.shape[1:]}")
        if start % rows or not 0 <= start <= end <= length or (end % rows and end != length):
            raise ValueError(
                f"{name}: rows {start} to {end} of {length} are not whole shards of {rows}"
            )
        if len(values):
            self._write(array, values, start)

    def seal(self) -> None:
        """Note the checksums of all there is, by the process that opened the store, as the last thing.

        Raises
        ------
        ValueError
            Where a shard of any array was never written: it would read as zeros.
        """
        group = _open(self.location, "r")  # anew, with what other processes added
        assert isinstance(group.store, _Files)
        arrays: dict[str, int] = {}
        for name, array in group.members(max_depth=None):
            if not isinstance(array, zarr.Array):
                continue
            shards = array.shards or array.chunks
            per_shard = math.prod(a // b for a, b in zip(shards, array.chunks, strict=True))
            wanted = math.prod(-(-n // m) for n, m in zip(array.shape, shards, strict=True))
            written = array.nchunks_initialized // per_shard
            if written != wanted:
                raise ValueError(f"{name}: {written} shards were written of {wanted}")
            arrays[name] = group.store.found[name]
        found = {"attributes": _checksum(_plain(group)), "arrays": dict(sorted(arrays.items()))}
        self.set(**{_CHECKSUMS: found})

    def add_blobs(self, name: str, blobs: Sequence[bytes]) -> None:
        """Byte strings of any length: ``<name>`` end to end, ``<name>_offsets`` where each starts."""
        offsets = np.concatenate([[0], np.cumsum([len(blob) for blob in blobs])]).astype(np.int64)
        joined = np.frombuffer(b"".join(blobs), dtype=np.uint8)
        self._write(
            self._create(name, joined.shape, joined.dtype, ["byte"], compress=False), joined
        )
        self.add(f"{name}_offsets", offsets, ["boundary"], unit="byte")

    def set(self, **attributes: Any) -> None:
        """Further attributes of the group, by the process that opened the store."""
        with reaching(self.location):
            self._group.attrs.update(attributes)


@contextmanager
def _folder(path: Path) -> Iterator[str]:
    """A folder beside `path`, which moves there when the block ends well."""
    with replacing(path) as partial:
        yield str(partial.absolute())
        for torn in partial.rglob("*.partial"):  # by a process that was killed while it wrote
            if torn.is_file():
                torn.unlink()


@contextmanager
def writing(path: Path, at: str | None = None, /, **attributes: Any) -> Iterator[Writer]:
    """Write a store; it appears at `path` only when the block ends without an exception.

    Parameters
    ----------
    path : Path
    at : str, optional
        A URL, for example ``s3://bucket/prefix``: the arrays go to object storage, and a pointer to
        them appears at `path`. `Store` follows it. Without, the arrays are at `path`.
    **attributes
        JSON values: parameters, versions, names.

    Raises
    ------
    ValueError
        Where a reserved array was not filled.
    InputError
        Where object storage cannot be used.
    """
    with new_version(path, _versions(path, at)) if at else _folder(path) as location:
        with reaching(location):
            group = _open(location, "w", {"layerscope_format": FORMAT, **attributes})
        writer = Writer(group, location)
        yield writer
        with reaching(location):
            writer.seal()


class Store:
    """A store opened for reading.

    Parameters
    ----------
    path : Path or str
        Of a store, or of a pointer to one on object storage; or a URL.

    Attributes
    ----------
    location : str
        Where the arrays are: an absolute path or a URL, which any process can open.

    Raises
    ------
    InputError
        Where there is no store, or one that another version of the format wrote.
    """

    def __init__(self, path: Path | str) -> None:
        self.path, self.location = path, locate(path)
        pointed = is_url(self.location) and not is_url(path)
        self._name = f"{path}, which points to {self.location}" if pointed else str(path)
        self._advice = "delete it and run `dvc repro`"
        if is_url(self.location):  # DVC would bring back a pointer that was deleted
            self._advice = "run its stage anew with `dvc repro --force`"
        # Read once: each would be a request, where the store is on object storage.
        self._arrays: dict[str, zarr.Array] = {}
        self._offsets: dict[str, np.ndarray] = {}
        with self._reading():
            try:
                self._group = _open(self.location, "r")
            except (FileNotFoundError, GroupNotFoundError):
                advice = self._advice if is_url(self.location) else "build it with `dvc repro`"
                raise InputError(f"{self._name}: not there; {advice}") from None
        found = self.attributes.get("layerscope_format")
        if found not in (FORMAT, _UNCHECKED):
            raise InputError(
                f"{self._name}: written in format {found}, this version reads {FORMAT}; {self._advice}"
            )
        if found != _UNCHECKED:
            with self._reading():
                self._expect(self._group.attrs[_CHECKSUMS])

    def _expect(self, checksums: Any) -> None:
        """Have all that is read from now on compared with what was written."""
        assert isinstance(self._group.store, _Files)
        if checksums["attributes"] != _checksum(self.attributes):
            raise ValueError("zarr.json is not what was written")
        self._group.store.expected = checksums["arrays"]

    @contextmanager
    def _reading(self, array: str | None = None) -> Iterator[None]:
        """Turn what damaged files raise, and object storage, into one line."""
        try:
            with reaching(self.location, self._name):
                yield
        except InputError:
            raise
        except _DAMAGE as error:
            what = "" if array is None else f"{array!r} is "
            raise InputError(f"{self._name}: {what}broken ({error}); {self._advice}") from None

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Parameters, versions and names."""
        return _plain(self._group)

    def __contains__(self, name: str) -> bool:
        with self._reading(name):
            return name in self._group

    def array(self, name: str) -> zarr.Array:
        """What is known of an array: its shape, dtype, chunks and attributes. `read` gives its values."""
        if name not in self._arrays:
            if name not in self:
                raise InputError(f"{self._name}: has no {name!r}; {self._advice}")
            with self._reading(name):
                found = self._group[name]
            if not isinstance(found, zarr.Array):
                raise InputError(f"{self._name}: {name!r} is a group of arrays, not one array")
            self._arrays[name] = found
        return self._arrays[name]

    def read(self, name: str, rows: int | slice = slice(None)) -> np.ndarray:
        """An array in memory, or rows of it.

        Raises
        ------
        InputError
            Where there is none of this name, or what is read of it is not what was written.
        """
        array = self.array(name)
        with self._reading(name):
            return np.asarray(array[rows])

    def _boundaries(self, name: str) -> np.ndarray:
        if name not in self._offsets:
            self._offsets[name] = self.read(f"{name}_offsets")
        return self._offsets[name]

    def blob(self, name: str, index: int) -> bytes:
        """One of the byte strings written by `Writer.add_blobs`."""
        start, end = self._boundaries(name)[index : index + 2]
        return self.read(name, slice(int(start), int(end))).tobytes()

    def blobs(self, name: str, count: int | None = None) -> list[bytes]:
        """The first `count` byte strings, or all."""
        offsets = self._boundaries(name)[: None if count is None else count + 1]
        joined = self.read(name, slice(int(offsets[-1])))
        pairs = itertools.pairwise(offsets)
        return [joined[start:end].tobytes() for start, end in pairs]


def round_digits(values: np.ndarray, keepbits: int) -> np.ndarray:
    """Keep some binary digits behind the leading one, and round away the rest.

    At 14 the error is at most a 32,768th of each value, and coordinates of embeddings compress to three
    quarters of what they take in full (Zender 2016, "Bit Grooming"; Kloewer et al. 2021).

    Parameters
    ----------
    values : ndarray of floats
    keepbits : int
        Of the significand: at most 23 of float32.

    Returns
    -------
    ndarray
        Of the same shape and dtype.
    """
    return BitRound(keepbits).encode(values).view(values.dtype).reshape(values.shape)
