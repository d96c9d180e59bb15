"""Classes with their scores as a table: each score a tick in its interval. Heads sort, rows are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from ui.assets import read_asset

_render = st.components.v2.component(
    "layerscope.class_table",
    html='<table><thead></thead><tbody></tbody></table><p class="hint" aria-live="polite"></p>',
    css=read_asset(__file__, "class_table.css"),
    js=read_asset(__file__, "class_table.js"),
)


@dataclass(frozen=True)
class Head:
    """A column that can be sorted by.

    Attributes
    ----------
    key : str
    name : str
    title : str
        What it means, in a sentence.
    start : float or None
        Where its axis begins, which ends at one; None for plain text.
    """

    key: str
    name: str
    title: str
    start: float | None = None


@dataclass(frozen=True)
class Cell:
    """A figure as text, its place and that of its interval in [0, 1]; None where there is none."""

    text: str
    title: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Row:
    """A class: its number, its name, its colour as CSS takes it, and a cell for each head but the first."""

    label: int
    name: str
    color: str
    cells: tuple[Cell, ...]


def draw_class_table(
    heads: Sequence[Head],
    rows: Sequence[Row],
    sorted_by: str,
    chosen: int | None,
    *,
    key: str,
    on_sort: Callable[[str], None],
    on_choose: Callable[[int], None],
) -> None:
    """Draw the table.

    Parameters
    ----------
    heads : sequence of Head
        The first one is of the names.
    rows : sequence of Row
        In the order in which they are shown.
    sorted_by : str
        Key of a head; with "-" before it, falling.
    chosen : int or None
        Label of the class that is marked.
    key : str
    on_sort : callable
        Called with the key of one of `heads`.
    on_choose : callable
        Called with the label of one of `rows`.
    """

    def sort() -> None:
        sent = st.session_state[key].sort
        if isinstance(sent, str) and any(head.key == sent for head in heads):
            on_sort(sent)

    def choose() -> None:
        sent = st.session_state[key].choose
        if accepts(sent, rows):
            on_choose(sent)

    _render(
        key=key,
        data={
            "heads": [asdict(head) for head in heads],
            "rows": [asdict(row) for row in rows],
            "sorted": sorted_by,
            "chosen": -1 if chosen is None else chosen,
        },
        on_sort_change=sort,
        on_choose_change=choose,
    )


def accepts(sent: object, rows: Sequence[Row]) -> bool:
    """Whether what a browser sent is the label of a class that is shown; True is no 1."""
    return type(sent) is int and any(row.label == sent for row in rows)
