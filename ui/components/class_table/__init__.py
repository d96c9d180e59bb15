"""Classes with their scores as a table: each score a tick in its interval. Heads sort, rows are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ui.components.component import Component, hear_choice

_COMPONENT = Component(
    "class_table",
    html='<table><thead></thead><tbody></tbody></table><p class="hint" aria-live="polite"></p>',
)


@dataclass(frozen=True)
class ScoreColumn:
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
class ScoreCell:
    """A figure as text, its place and that of its interval in [0, 1]; None where there is none."""

    text: str
    title: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ClassRow:
    """A class: its number, its name, its colour as CSS takes it, and a cell for each head but the first."""

    label: int
    name: str
    color: str
    cells: tuple[ScoreCell, ...]


def draw_class_table(
    heads: Sequence[ScoreColumn],
    rows: Sequence[ClassRow],
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
    heads : sequence of ScoreColumn
        The first one is of the names.
    rows : sequence of ClassRow
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
    names = [head.key for head in heads]
    labels = [row.label for row in rows]
    _COMPONENT.draw(
        key=key,
        data={
            "heads": [asdict(head) for head in heads],
            "rows": [asdict(row) for row in rows],
            "sorted": sorted_by,
            "chosen": -1 if chosen is None else chosen,
        },
        triggers={
            "sort": hear_choice(names, on_sort),
            "choose": hear_choice(labels, on_choose),
        },
    )
