"""A table of experiments that is sorted, pointed at and picked from in the browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from ui.assets import read_asset
from ui.components.parallel_coordinates import accepts

_render = st.components.v2.component(
    "layerscope.experiment_table",
    html='<div class="box"><table><thead></thead><tbody></tbody></table></div>',
    css=read_asset(__file__, "experiment_table.css"),
    js=read_asset(__file__, "experiment_table.js"),
)


@dataclass(frozen=True)
class Column:
    """A column of figures.

    Attributes
    ----------
    key : str
    name : str
        Short.
    title : str
        What it is, in full.
    """

    key: str
    name: str
    title: str


@dataclass(frozen=True)
class Row:
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


def list_orders(columns: Sequence[Column]) -> tuple[str, ...]:
    """What the table can be sorted by: keys, with a minus for the greatest first."""
    keys = ("name", "changes", "created", *(column.key for column in columns))
    return tuple(f"{sign}{key}" for key in keys for sign in ("", "-"))


def draw_experiment_table(
    columns: Sequence[Column],
    rows: Sequence[Row],
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
    columns : sequence of Column
    rows : sequence of Row
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

    def receive_pick() -> None:
        sent = st.session_state[key]["pick"]
        if accepts(sent, [row.key for row in rows]):
            on_pick(sent["side"], sent["key"])

    def receive_order() -> None:
        sent = st.session_state[key]["order"]
        if isinstance(sent, str) and sent in list_orders(columns):
            on_order(sent)

    _render(
        key=key,
        data={
            "columns": [asdict(column) for column in columns],
            "rows": [asdict(row) for row in rows],
            "picked": list(picked),
            "order": order or "",
        },
        on_pick_change=receive_pick,
        on_order_change=receive_order,
    )
