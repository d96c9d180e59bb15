"""Vectors of one's own that stand beside the layers of a model: read, checked, matched to the samples."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from layerscope.errors import InputError

FORMATS = (".npy", ".parquet", ".csv")
_PATHS = ("path", "file", "filename", "image")  # columns that name the picture
_MOST = 1 << 28  # numbers: a gigabyte


def digest_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits. Raises `InputError`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); name vectors that are there"
        ) from None


def read_given(path: Path, paths: Sequence[str]) -> np.ndarray:
    """Vectors of the samples of a run, (n, d) float32.

    Parameters
    ----------
    path : Path
        ``.npy``: exactly a row a sample, in the order of `paths`. ``.parquet`` or ``.csv``: a column
        ``path``, or ``file``, ``filename``, ``image``, and columns of numbers, or one of lists of numbers;
        rows in any order, those of other pictures are passed over.
    paths : sequence of str
        Of the samples, as `layerscope.runs.samples.Samples.paths`.

    Raises
    ------
    InputError
        Where it cannot be read, has no such form, lacks a sample, has one twice, or holds what is no finite
        number.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"{path}: vectors are read from {', '.join(FORMATS)}")
    try:
        found = _read_array(path) if path.suffix == ".npy" else _read_rows(path, paths)
    except (OSError, ValueError, MemoryError, EOFError) as error:
        if isinstance(error, InputError):
            raise
        told = " ".join(str(error).split())[:120]
        raise InputError(f"{path}: is no {path.suffix} file that can be read ({told})") from None
    if len(found) != len(paths):
        raise InputError(
            f"{path}: has {len(found)} rows, the run {len(paths)} samples; give a row a sample in their "
            "order, or a table with a column `path`"
        )
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found).all(axis=1))[0])
        raise InputError(f"{path}: the vector of {paths[row]!r} holds what is no finite number")
    return found


def _read_array(path: Path) -> np.ndarray:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind not in "fiu":
        raise InputError(f"{path}: must be an array of numbers, a row a sample")
    _check_size(path, array.shape[0], array.shape[1])
    return _to_float(array)


def _read_rows(path: Path, paths: Sequence[str]) -> np.ndarray:
    table = _read_table(path)
    named = [name for name in table.column_names if name.lower() in _PATHS]
    if len(named) != 1:
        raise InputError(f"{path}: needs one column of {', '.join(_PATHS)}; it has {len(named)}")
    given = [str(each) for each in table.column(named[0]).to_pylist()]
    row_of = {name: row for row, name in enumerate(given)}
    wanted = set(paths)
    if len(row_of) < len(given) and (double := _find_double(given, wanted)) is not None:
        raise InputError(f"{path}: {double!r} is in it twice")
    missing = [name for name in paths if name not in row_of]
    if missing:
        raise InputError(
            f"{path}: lacks {len(missing)} of the {len(paths)} samples, the first {missing[0]!r}; "
            "its paths must be those inside the data set"
        )
    columns = table.drop_columns(named).take([row_of[name] for name in paths])
    return _stack(path, columns)


def _find_double(given: Sequence[str], wanted: set[str]) -> str | None:
    seen: set[str] = set()
    for name in given:
        if name in seen and name in wanted:
            return name
        seen.add(name)
    return None


def _read_table(path: Path) -> Any:
    import pyarrow as pa
    from pyarrow import csv, parquet

    if path.suffix == ".csv":
        _check_size(path, 1, path.stat().st_size // 2)  # a digit and a comma a number
        return csv.read_csv(path)
    facts = parquet.read_metadata(path)
    _check_size(path, facts.num_rows, facts.num_columns)
    table = parquet.read_table(path)
    return table if isinstance(table, pa.Table) else None


def _stack(path: Path, columns: Any) -> np.ndarray:
    import pyarrow as pa

    types = columns.schema.types
    if len(types) == 1 and (pa.types.is_list(types[0]) or pa.types.is_fixed_size_list(types[0])):
        lists = columns.column(0).to_pylist()
        lengths = {-1 if each is None else len(each) for each in lists}
        if len(lengths) != 1 or -1 in lengths:
            raise InputError(f"{path}: vectors must all be of one length")
        _check_size(path, len(lists), lengths.pop())
        return _to_float(np.array(lists, dtype=np.float64))
    odd = [
        name
        for name, kind in zip(columns.column_names, types, strict=True)
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind))
    ]
    if odd or not types:
        said = f"column {odd[0]!r} holds no numbers" if odd else "has no columns of numbers"
        raise InputError(f"{path}: {said}; vectors are numbers alone, beside the path")
    _check_size(path, columns.num_rows, len(types))
    return _to_float(np.stack([each.to_numpy() for each in columns.columns], axis=1))


def _check_size(path: Path, n: int, d: int) -> None:
    if not d or n * d > _MOST:
        raise InputError(
            f"{path}: {n} vectors of {d} numbers; from 1 to {_MOST} numbers can be read"
        )


def _to_float(values: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # what single precision cannot hold is told as not finite
        return np.asarray(values, dtype=np.float32)
