"""A page of filters as pictures: one after the other, or input channels against filters.

Pointing and walking stay in the browser; Python hears of the filter that was picked and of the page
that is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ui.components.component import Component, Trigger, fingerprint, hear_choice, pack
from ui.components.triggers import read_one_of

_COMPONENT = Component("kernel_grid")
AXES = ("rows", "columns")


@dataclass(frozen=True)
class Pages:
    """How an axis is cut into pages.

    Attributes
    ----------
    names : sequence of str
        Of each page, such as "0 to 23" or "1st to 24th".
    chosen : int
        The page that is shown.
    """

    names: Sequence[str]
    chosen: int


@dataclass(frozen=True)
class Kernels:
    """What is drawn.

    Attributes
    ----------
    tiles : ndarray of uint8, (R, F, h, w) or (R, F, h, w, 3)
        Grey levels or colours. With one row the tiles are laid out one after the other.
    weights : ndarray of float32, (R, F, n)
        What each tile shows: n is h x w, or three times that.
    filters : ndarray of int, (F,)
        Number of each column's filter.
    inputs : ndarray of int, (R, F)
        Input channel that each tile reads; -1 where it reads all.
    norms, row_norms : ndarray of float32, (F,) and (R,)
        Of filters and of rows.
    largest, largest_row : float
        The largest norms in the layer, which have the longest bars.
    limit : float
        The weight that is white.
    is_cut : bool
        Whether there are weights beyond it.
    rows, columns : Pages
    title : str
        The layer's key.
    summary : str
        How many filters of which size there are.
    names : tuple of str
        What a column and what a row is called: ("filter", "input channel").
    link : str
        What a click on a filter does, or why it does nothing.
    is_linked : bool
        Whether filters can be clicked.
    """

    tiles: np.ndarray
    weights: np.ndarray
    filters: np.ndarray
    inputs: np.ndarray
    norms: np.ndarray
    row_norms: np.ndarray
    largest: float
    largest_row: float
    limit: float
    is_cut: bool
    rows: Pages
    columns: Pages
    title: str
    summary: str
    names: tuple[str, str]
    link: str
    is_linked: bool


def draw_kernel_grid(
    kernels: Kernels,
    *,
    key: str,
    on_pick: Callable[[int], None],
    on_page: Callable[[str, int], None],
) -> None:
    """Draw a page as high as the CSS variable ``--kernel-height``, tiles as large as fits.

    Parameters
    ----------
    kernels : Kernels
    key : str
        Of the component.
    on_pick : callable
        Called with the number of a filter on the page; never where `is_linked` is false.
    on_page : callable
        Called with "rows" or "columns" and the number of a page.
    """
    arrays = pack(
        tiles=(kernels.tiles, "u1"),
        weights=(kernels.weights, "<f4"),
        norms=(kernels.norms, "<f4"),
        row_norms=(kernels.row_norms, "<f4"),
        inputs=(kernels.inputs, "<i4"),
        filters=(kernels.filters, "<i4"),
    )
    facts = _describe(kernels)
    linked = kernels.filters.tolist() if kernels.is_linked else []
    _COMPONENT.draw(
        key=key,
        data={"arrays": arrays, "facts": facts, "stamp": fingerprint(facts, arrays)},
        triggers={
            "pick": hear_choice(linked, on_pick),
            "page": Trigger(
                lambda sent: read_page(sent, kernels.rows, kernels.columns),
                lambda page: on_page(*page),
            ),
        },
    )


def _describe(kernels: Kernels) -> dict[str, object]:
    rows, count, height, width = kernels.tiles.shape[:4]
    return {
        "rows": rows,
        "columns": count,
        "height": height,
        "width": width,
        "isColored": kernels.tiles.ndim == 5,
        "largest": kernels.largest,
        "largestRow": kernels.largest_row,
        "limit": kernels.limit,
        "isCut": kernels.is_cut,
        "pages": {
            axis: {"names": list(pages.names), "chosen": pages.chosen}
            for axis, pages in zip(AXES, (kernels.rows, kernels.columns), strict=True)
        },
        "title": kernels.title,
        "summary": kernels.summary,
        "names": list(kernels.names),
        "link": kernels.link,
        "isLinked": kernels.is_linked,
    }


def read_page(sent: object, rows: Pages, columns: Pages) -> tuple[str, int]:
    """The axis and the page that a browser asks for; ValueError for anything that there is not."""
    if not isinstance(sent, dict) or set(sent) != {"axis", "page"}:
        raise ValueError("not a page of an axis")
    axis = read_one_of(sent["axis"], AXES)
    pages = rows if axis == "rows" else columns
    return axis, read_one_of(sent["page"], range(len(pages.names)))
