"""Texts that lie beside the modules that use them: style sheets, scripts, what a page says."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def read_asset(module_file: str, name: str) -> str:
    """The text of a file beside a module, read once."""
    return Path(module_file).with_name(name).read_text(encoding="utf-8")
