"""Small files, written whole or not at all, in UTF-8 whatever the locale."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from layerscope.errors import naming

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")  # how a text begins that a spreadsheet takes for one


def write_text(path: Path, text: str) -> None:
    """Write beside the place and move there, so that a reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        with naming(path):
            partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """A CSV file with a header, a row a mapping; all have the keys of the first."""
    write_text(path, format_table(rows))


def format_table(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as CSV, those of `write_table`.

    Texts come from data: one that a spreadsheet would take for a formula (it begins with ``=``, ``+``,
    ``-``, ``@``, a tab or a line break) gets an apostrophe before it. Numbers stay numbers.
    """
    names = list(rows[0])
    return _format_row(names) + "".join(_format_row([row[name] for name in names]) for row in rows)


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, texts as they were given to `write_table`.

    A byte order mark, which spreadsheets write, is passed over. A cell that a row lacks is None.

    Raises
    ------
    OSError, UnicodeDecodeError, csv.Error
        Where it is missing, not UTF-8 or not CSV.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [
            {name: _restore(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
            for row in csv.DictReader(file)
        ]


def _format_row(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(
        map(_defuse, cells)
    )  # with its own "\r\n" it quotes a lone "\r" as well
    return line.getvalue().removesuffix("\r\n") + "\n"


def _defuse(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def _restore(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
