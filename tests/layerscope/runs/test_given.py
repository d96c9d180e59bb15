"""Vectors of one's own: matched to the samples, or refused in one line."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from layerscope.errors import InputError
from layerscope.runs import given
from layerscope.runs.given import digest_file, read_given

PATHS = ["val/b.png", "val/a.png", "val/ünïcödé 😀.png"]
VALUES = np.array([[1.5, -2], [0, 3], [7, 8]], dtype=np.float32)


def frame(**columns: Any) -> pd.DataFrame:
    """A table of the samples, in another order than theirs, with a picture more."""
    table = pd.DataFrame({"path": PATHS, "x": VALUES[:, 0], "y": VALUES[:, 1]} | columns)
    more = pd.DataFrame({"path": ["val/other.png"], "x": [9.0], "y": [9.0]})
    return pd.concat([more, table.iloc[::-1]])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f8", "int8", "uint16"])
def test_an_array_is_taken_row_by_row(tmp_path: Path, dtype: str) -> None:
    values = np.abs(VALUES.astype(dtype)) if dtype == "uint16" else VALUES.astype(dtype)
    np.save(tmp_path / "v.npy", values)
    found = read_given(tmp_path / "v.npy", PATHS)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values.astype(np.float32))


@pytest.mark.parametrize("column", ["path", "file", "Filename", "IMAGE"])
@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_rows_of_a_table_are_matched_by_their_path(
    tmp_path: Path, ending: str, column: str
) -> None:
    file, table = tmp_path / f"v{ending}", frame().rename(columns={"path": column})
    table.to_csv(file, index=False) if ending == ".csv" else table.to_parquet(file, index=False)
    np.testing.assert_array_equal(read_given(file, PATHS), VALUES)


@pytest.mark.parametrize("wide", [True, False])
def test_a_column_of_lists_is_read(tmp_path: Path, wide: bool) -> None:
    table = pd.DataFrame({"path": PATHS[::-1], "embedding": [list(row) for row in VALUES[::-1]]})
    table.to_parquet(tmp_path / "v.parquet", index=False)
    np.testing.assert_array_equal(read_given(tmp_path / "v.parquet", PATHS), VALUES)
    if wide:
        uneven = table.assign(embedding=[[1.0], [1.0, 2.0], [1.0]])
        uneven.to_parquet(tmp_path / "v.parquet", index=False)
        with pytest.raises(InputError, match="must all be of one length"):
            read_given(tmp_path / "v.parquet", PATHS)


ARRAYS: dict[str, tuple[Any, str]] = {
    "too few rows": (VALUES[:2], "has 2 rows, the run 3 samples"),
    "too many rows": (np.zeros((4, 2)), "has 4 rows, the run 3 samples"),
    "one axis": (np.zeros(3), "must be an array of numbers, a row a sample"),
    "no columns": (np.zeros((3, 0)), "3 vectors of 0 numbers"),
    "complex numbers": (VALUES * 1j, "must be an array of numbers"),
    "texts": (np.array([["a"], ["b"], ["c"]]), "must be an array of numbers"),
    "not a number": (np.array([[1, 2], [np.nan, 3], [4, 5]]), "vector of 'val/a.png' holds"),
    "beyond single precision": (np.array([[1e300], [0], [0]]), "vector of 'val/b.png' holds"),
    "objects": (np.array([[{}], [{}], [{}]], dtype=object), r"no .npy file that can be read"),
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_an_array_that_will_not_do_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    values, message = ARRAYS[kind]
    np.save(tmp_path / "v.npy", values, allow_pickle=True)
    check_refused(tmp_path / "v.npy", message)


TABLES: dict[str, tuple[pd.DataFrame, str]] = {
    "a sample missing": (frame().iloc[:-1], "lacks 1 of the 3 samples, the first 'val/b.png'"),
    "a sample twice": (pd.concat([frame(), frame().iloc[1:2]]), "is in it twice"),
    "no path": (frame().drop(columns="path"), "needs one column of path"),
    "two paths": (frame().assign(file="x"), "needs one column of path.*; it has 2"),
    "a column of texts": (frame().assign(label="cat"), "column 'label' holds no numbers"),
    "a path alone": (frame()[["path"]], "has no columns of numbers"),
    "an empty cell": (frame(x=[1.0, None, 2.0]), "vector of 'val/a.png' holds"),
}


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.parametrize("kind", TABLES)
def test_a_table_that_will_not_do_is_refused_in_one_line(
    tmp_path: Path, kind: str, ending: str
) -> None:
    table, message = TABLES[kind]
    file = tmp_path / f"v{ending}"
    table.to_csv(file, index=False) if ending == ".csv" else table.to_parquet(file, index=False)
    check_refused(file, message)


@pytest.mark.parametrize("ending", [".npy", ".csv", ".parquet"])
@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\x93NUMPY", b"\xff\xfe" * 50, b'"a'])
def test_what_is_no_such_file_is_refused_in_one_line(
    tmp_path: Path, ending: str, content: bytes
) -> None:
    (tmp_path / f"v{ending}").write_bytes(content)
    check_refused(tmp_path / f"v{ending}", "read|rows|needs|lacks")


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    (tmp_path / "v.npy").write_bytes(pickle.dumps(Trap()))
    check_refused(tmp_path / "v.npy", "no .npy file that can be read")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["v.pkl", "v.npz", "v"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    check_refused(tmp_path / name, "vectors are read from .npy, .parquet, .csv")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    check_refused(tmp_path / "v.npy", "No such file")
    with pytest.raises(InputError, match="No such file"):
        digest_file(tmp_path / "v.npy")


@pytest.mark.parametrize("ending", [".npy", ".csv", ".parquet"])
def test_what_is_too_large_is_refused_before_it_is_read(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(given, "_MOST", 5)
    np.save(tmp_path / "v.npy", VALUES)
    frame().to_csv(tmp_path / "v.csv", index=False)
    frame().to_parquet(tmp_path / "v.parquet", index=False)
    check_refused(tmp_path / f"v{ending}", "numbers can be read")


def test_the_digest_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"some bytes")
    assert digest_file(tmp_path / "v") == hashlib.sha256(b"some bytes").hexdigest()


def check_refused(file: Path, message: str) -> None:
    """In one line that begins with the file."""
    with pytest.raises(InputError, match=message) as error:
        read_given(file, PATHS)
    assert str(error.value).startswith(f"{file}: ") and "\n" not in str(error.value)
