"""Small files: read back as they were given, whatever is in them, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.storage.files import format_table, read_table, write_table, write_text

FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0", '=A1,"b"')
PLAIN = ("", "plain", "'quoted'", "a=b", "1-2", "猫", " =1")
TEXT = st.text(st.characters(codec="utf-8"))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_a_spreadsheet_would_compute_is_written_as_one(text: str) -> None:
    _, row = csv.reader(StringIO(format_table([{"name": text, "value": -0.5}]), newline=""))
    assert row == [f"'{text}", "-0.5"]  # a number stays a number


@pytest.mark.parametrize("text", PLAIN)
def test_any_other_text_is_written_as_it_is(text: str) -> None:
    _, row = csv.reader(StringIO(format_table([{"name": text, "value": 1}]), newline=""))
    assert row == [text, "1"]


@settings(deadline=None)
@given(st.lists(st.tuples(TEXT | st.sampled_from(FORMULAS), TEXT), min_size=1))
def test_a_table_is_read_back_as_it_was_given(tmp_path_factory, cells) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path_factory.getbasetemp() / "table.csv"
    rows = [{"one": one, "two": two} for one, two in cells]
    write_table(path, rows)
    assert read_table(path) == rows
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # as a spreadsheet keeps it
    assert read_table(path) == rows


@settings(deadline=None)
@given(TEXT, st.integers(0, 3))
def test_no_cell_begins_as_a_formula(text: str, n_quotes: int) -> None:
    for sign in "=+-@\t\r":
        cell = sign + text
        _, row = csv.reader(StringIO(format_table([{"a": cell, "b": 1}]), newline=""))
        assert row[0] == f"'{cell}"
        quoted = "'" * n_quotes + cell  # one apostrophe more, so that none is lost in reading
        _, row = csv.reader(StringIO(format_table([{"a": quoted, "b": 1}]), newline=""))
        assert row[0] == f"'{quoted}"


def test_a_text_is_written_whole_in_utf8(tmp_path: Path) -> None:
    write_text(tmp_path / "deep/name.txt", "日本語 ≥ 1\n")
    assert (tmp_path / "deep/name.txt").read_bytes() == "日本語 ≥ 1\n".encode()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["name.txt"]
