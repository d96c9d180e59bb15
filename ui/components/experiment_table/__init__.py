"""A table of experiments that is sorted, pointed at and picked from in the browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ui.components.component import Component, Trigger, hear_choice
from ui.components.parallel_coordinates import read_pick

_COMPONENT = Component(
    "experiment_table",
    html='<div class="box"><table><thead></thead><tbody></tbody></table></div>',
)


@dataclass(frozen=True)
class FigureColumn:
    """A column of figures.

    Attributes
    ----------
    key : str
    name : str
        Short.
    title : str
        What it is, in full sentences.
    noise : tuple of float or None
        The least and the greatest figure of experiments that differ in nothing but their seeds.
    n_repeated : int
        How many those are.
    """

    key: str
    name: str
    title: str
    noise: tuple[float, float] | None = None
    n_repeated: int = 0


@dataclass(frozen=True)
class ExperimentRow:
    """An experiment.

    Attributes
    ----------
    key : str
    name : str
    source : str
        Where it is from, in a word; empty where that goes without saying.
    changes : sequence of (str, str)
        Parameters that are not as usual, each with its value.
    created : str
        ISO 8601.
    figures : sequence of float or None
        One a column.
    """

    key: str
    name: str
    source: str
    changes: Sequence[tuple[str, str]]
    created: str
    figures: Sequence[float | None]


def list_orders(columns: Sequence[FigureColumn]) -> tuple[str, ...]:
    """What the table can be sorted by: keys, with a minus for the greatest first."""
    keys = ("name", "changes", "created", *(column.key for column in columns))
    return tuple(f"{sign}{key}" for key in keys for sign in ("", "-"))


def draw_experiment_table(
    columns: Sequence[FigureColumn],
    rows: Sequence[ExperimentRow],
    picked: tuple[str, str],
    order: str | None,
    *,
    key: str,
    on_pick: Callable[[int, str], None],
    on_order: Callable[[str], None],
) -> None:
    """Draw the table, as high as the style's `--table-height` (320 px without it).

    Parameters
    ----------
    columns : sequence of FigureColumn
    rows : sequence of ExperimentRow
        In the order in which they stand where `order` is None.
    picked : tuple of str
        Keys of the two experiments that are looked at.
    order : str or None
        One of `list_orders`.
    key : str
        Of the component.
    on_pick : callable
        Called with 0 or 1, for the first or the second of the two, and the key of a row.
    on_order : callable
        Called with one of `list_orders`.
    """
    keys, orders = [row.key for row in rows], list_orders(columns)
    _COMPONENT.draw(
        key=key,
        data={
            "columns": [asdict(column) for column in columns],
            "rows": [asdict(row) for row in rows],
            "picked": list(picked),
            "order": order or "",
        },
        triggers={
            "pick": Trigger(lambda sent: read_pick(sent, keys), lambda pick: on_pick(*pick)),
            "order": hear_choice(orders, on_order),
        },
    )
