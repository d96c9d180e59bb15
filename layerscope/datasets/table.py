"""A table of pictures, as people write them: CSV, TSV or Parquet with a column of paths."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from layerscope.datasets.dataset import Fact, write_fact
from layerscope.errors import InputError

NAMES = ("labels.csv", "labels.tsv", "labels.parquet")
MOST_BYTES = 256 << 20  # of the file, and of a Parquet file's content
_EXACT = 2**53  # whole numbers that are floats, too
MOST_ROWS = 5_000_000
MOST_COLUMNS = 100
# What columns are called, the first first.
PATH = ("path", "file", "filename", "image", "file_name", "filepath", "file_path", "image_path")
LABEL = ("label", "class", "category")
SPLIT = ("split",)


@dataclass(frozen=True)
class Row:
    """What a table says of a picture.

    Attributes
    ----------
    number : int
        From 1, below the header.
    path : str
    label, split : str
        Empty where nothing is said.
    facts : dict of str to str, float or None
        All further columns.
    """

    number: int
    path: str
    label: str
    split: str
    facts: dict[str, Fact]


@dataclass(frozen=True)
class Table:
    """A table of pictures.

    Attributes
    ----------
    name : str
        Of the file.
    rows : list of Row
    path_column : str
    label_column, split_column : str or None
    """

    name: str
    rows: list[Row]
    path_column: str
    label_column: str | None
    split_column: str | None


def read_table(content: bytes, name: str) -> Table:
    """Read a table whose columns are told by their names, in any case.

    Parameters
    ----------
    content : bytes
    name : str
        Of the file; its ending says what it is.

    Raises
    ------
    InputError
        Where it cannot be read, is too large, or has no column of paths.
    """
    if len(content) > MOST_BYTES:
        raise InputError(f"{name}: larger than {MOST_BYTES >> 20} MB; leave out columns")
    kind = PurePosixPath(name).suffix.lower()
    try:
        if kind == ".parquet":
            header, records = _read_parquet(content, name)
        else:
            header, records = _read_text(content, "\t" if kind == ".tsv" else None, name)
        return _take(name, header, records)
    except InputError:
        raise
    except Exception as error:  # pyarrow raises anything of damaged files
        raise InputError(
            f"{name}: not a table that can be read ({str(error) or type(error).__name__}); "
            "write it as CSV in UTF-8, or as Parquet"
        ) from None


def _read_text(
    content: bytes, delimiter: str | None, name: str
) -> tuple[list[str], Iterable[list[Any]]]:
    text = content.decode("utf-8-sig")
    if "\0" in text:
        raise InputError(f"{name}: not text; write it as CSV in UTF-8")
    first = text.partition("\n")[0]
    if delimiter is None:  # where the decimal sign is a comma, spreadsheets separate by semicolons
        delimiter = max(",;\t", key=lambda sign: (_has_path(first.split(sign)), sign == ","))
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return next(records, []), (record for record in records if any(record))


def _has_path(header: list[str]) -> bool:
    return any(_fold(each.strip('"')) in PATH for each in header)


def _read_parquet(content: bytes, name: str) -> tuple[list[str], Iterable[list[Any]]]:
    from pyarrow import parquet

    file = parquet.ParquetFile(io.BytesIO(content))
    facts = file.metadata
    size = sum(facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))
    if size > MOST_BYTES or facts.num_rows > MOST_ROWS or facts.num_columns > 10 * MOST_COLUMNS:
        raise InputError(f"{name}: {facts.num_rows:,} rows of {size >> 20} MB are too many")
    table = file.read()
    columns = [column.to_pylist() for column in table.columns]
    return list(table.column_names), map(list, zip(*columns, strict=True))


def _take(name: str, header: list[str], records: Iterable[list[Any]]) -> Table:
    header = [each.strip() for each in header]
    folded = [_fold(each) for each in header]

    def find(names: tuple[str, ...]) -> int | None:
        return next((folded.index(each) for each in names if each in folded), None)

    path, label, split = find(PATH), find(LABEL), find(SPLIT)
    if path is None:
        raise InputError(
            f"{name}: no column of paths among {', '.join(header)!a:.200}; name it `path`, beside `label`, "
            "`split` and any others"
        )
    twice = next((each for each in folded if folded.count(each) > 1), None)
    if twice is not None:
        raise InputError(f"{name}: several columns are called {twice!r:.80}; rename all but one")
    further = [i for i in range(len(header)) if i not in (path, label, split)]
    if len(further) > MOST_COLUMNS:
        raise InputError(
            f"{name}: {len(header)} columns, at most {MOST_COLUMNS} are read; leave out some"
        )
    rows = []
    for number, record in enumerate(records, 1):
        if number > MOST_ROWS:
            raise InputError(f"{name}: more than {MOST_ROWS:,} rows; split it")
        if len(record) != len(header):
            raise InputError(
                f"{name}: row {number} has {len(record)} cells, the header {len(header)}; quote cells "
                "that hold the separator"
            )
        cells = [_tell(cell) for cell in record]
        texts = ["" if i is None else (write_fact(cells[i]) or "") for i in (path, label, split)]
        facts = {header[i] or f"column {i + 1}": cells[i] for i in further}
        rows.append(Row(number, texts[0], texts[1], texts[2], facts))
    return Table(
        name, rows, header[path], *(None if i is None else header[i] for i in (label, split))
    )


def _tell(cell: Any) -> Fact:
    """A cell as a fact: numbers are floats, everything else is text, what is empty is None."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str | None):
        return str(cell)
    if isinstance(cell, str):
        return cell.strip() or None
    if cell is None or cell != cell:  # NaN
        return None
    return float(cell) if abs(cell) <= _EXACT or isinstance(cell, float) else str(cell)


def _fold(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")
