"""What a table says of the samples: as it stands in lists, in addresses, in an inspector and in a file."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

from layerscope.datasets.dataset import Column
from ui.arrays import load_column
from ui.markup import Fact, facts

NO_VALUE = "no value"
Keep = tuple[str, str | None]  # a column and one of its values, both shortened; None is no value
_COLOR = "column: "  # how the key of a colouring by a column begins
_LONGEST = 80  # characters of a name in an address and in a list


def shorten(text: str) -> str:
    """A text that is not too long for an address; a longer one ends in its check sum, to stay itself."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 10]}… {zlib.crc32(text.encode()):08x}"


def list_colorings(columns: Iterable[Column]) -> list[str]:
    """Keys of the colourings by columns; a text is shown, not coloured by."""
    return [_COLOR + shorten(each.name) for each in columns if each.kind != "text"]


def find_column(key: str, columns: Iterable[Column]) -> int | None:
    """The place of the column that one of `list_colorings` means; None where it is no column's."""
    keys = [_COLOR + shorten(each.name) for each in columns]
    return keys.index(key) if key in keys else None


def list_filters(columns: Iterable[Column]) -> list[Keep]:
    """What can be kept: each value of each column of categories, and what has none."""
    return [
        (shorten(column.name), value)
        for column in columns
        if column.kind == "category"
        for value in (*map(shorten, column.names), None)
    ]


def name_filter(keep: Keep) -> str:
    """One of `list_filters` as people read it."""
    column, value = keep
    return f"{column} has {NO_VALUE}" if value is None else f"{column}: {value}"


def write_filters(where: Iterable[Keep]) -> str:
    """Columns with values as they stand in an address."""
    return json.dumps(list(where), ensure_ascii=False, separators=(",", ":"))


def read_filters(text: str, columns: Iterable[Column]) -> tuple[tuple[Keep, ...], bool]:
    """Those filters of an address that a run has, and whether these are all that it asks for."""
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError):
        return (), False
    wanted = set(map(repr, asked)) if isinstance(asked, list) else {repr(asked)}
    found = tuple(each for each in list_filters(columns) if repr(list(each)) in wanted)
    return found, len(found) == len(wanted)


def keep_samples(
    run: str, size: int, columns: Sequence[Column], where: Sequence[Keep]
) -> np.ndarray:
    """Which of the first samples have, in each column with a filter, one of the values to keep, (n,) bool.

    Raises `Unavailable`, as all that reads values does.
    """
    kept = np.ones(size, bool)
    for index, column in enumerate(columns):
        wanted = [value for name, value in where if name == shorten(column.name)]
        if wanted:
            names = [*map(shorten, column.names), None]  # the last is of code -1
            codes = np.asarray(load_column(run, index)[:size])
            kept &= np.isin(codes % len(names), [names.index(value) for value in wanted])
    return kept


def name_number(value: np.floating) -> str:
    """A number as briefly as it can be read back; empty where there is none."""
    if np.isnan(value):
        return ""
    if value == 0 or 1e-5 <= abs(value) < 1e12:
        return np.format_float_positional(value, trim="-")
    return np.format_float_scientific(value, trim="-")


def read_values(run: str, columns: Sequence[Column], uid: int) -> dict[str, str]:
    """What each column says of a sample; empty where the table says nothing."""
    found = {}
    for index, column in enumerate(columns):
        value = load_column(run, index)[uid]
        if isinstance(value, str):
            found[column.name] = value
        elif column.kind == "number":
            found[column.name] = name_number(value)
        else:
            found[column.name] = column.names[value] if value >= 0 else ""
    return found


def tell_values(run: str, columns: Sequence[Column], uid: int) -> str:
    """What each column says of a sample, as HTML: a list of its own, which scrolls; empty without columns."""
    values = read_values(run, columns, uid)
    if not values:
        return ""
    rows = (
        Fact(name, value, "", value) if value else Fact(name, NO_VALUE, "none")
        for name, value in values.items()
    )
    return f'<div class="columns">{facts(rows)}</div>'
