"""Folders as people have them through all stages and pages: each works, or is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared.folder_runs import NOT_YET, take_through
from tests.shared.hostile_folders import KINDS, read_rows, write_cell

BECAME = {kind: became for kind, _, became in read_rows()}
SOME = (
    "names in every script",
    "corrupt and empty files",
    "a table",
    "a tar.gz that is cut off",
)


def test_each_kind_works_or_is_refused_in_one_line() -> None:
    assert list(BECAME) == list(KINDS)
    for told in BECAME.values():
        if told != NOT_YET:
            assert told.startswith("error: ") != told.partition("<br>")[0].endswith("pages work")


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("kind", SOME)
def test_what_becomes_of_it_is_what_the_document_says(kind: str, tmp_path: Path) -> None:
    became, outcome = take_through(KINDS[kind], tmp_path)
    assert not outcome.failed, "\n".join(outcome.failed.values())
    assert BECAME[kind] == write_cell(became), "write it anew: python -m tests.shared.folder_runs"
