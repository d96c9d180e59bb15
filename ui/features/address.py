"""Which view of the page is open; each view keeps its own choices in the address."""

from __future__ import annotations

from collections.abc import Mapping

from ui.address import recall_part, write_part

VIEWS = {
    "units": "Units",
    "kernels": "Kernels",
    "classes": "Class weight vectors",
    "trial": "t-SNE playground",
}
KEYS = ("show",)
_START = "units"


def read_view(params: Mapping[str, str]) -> tuple[str, list[str]]:
    """The view that the address asks for, and what was refused."""
    text = params.get("show", _START)
    return (text, []) if text in VIEWS else (_START, ["view"])


def write_view(view: str) -> None:
    """Put the view in the address, and remember it for the next visit to the page."""
    write_part("features", KEYS, {} if view == _START else {"show": view})


def recall_view() -> None:
    """Where the page is opened without a view, go on with the one of this session."""
    recall_part("features", KEYS)
