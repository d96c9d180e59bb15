"""JavaScript of others, kept unchanged in this folder: `vendor.json` says what, `fetch.py` gets it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def read_vendored(package: str, name: str) -> str:
    """The text of a file of a package, read once."""
    return (FOLDER / package / name).read_text(encoding="utf-8")
