"""A page of filters as pictures: one after the other, or input channels against filters.

Pointing and walking stay in the browser; Python hears of the filter that was picked and of the page
that is wanted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import streamlit as st

from ui.assets import read_asset
from ui.components import points

_SCRIPTS = ("numbers.js", "layout.js", "painter.js", "tooltip.js", "pager.js", "kernel_grid.js")
_SHARED = ("elements.js", "keys.js")
_render = st.components.v2.component(
    "layerscope.kernel_grid",
    html=read_asset(__file__, "kernel_grid.html"),
    css=read_asset(__file__, "kernel_grid.css"),
    js="\n".join(
        [read_asset(points.__file__, name) for name in _SHARED]
        + [read_asset(__file__, name) for name in _SCRIPTS]
    ),
)
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
    columns = {
        "tiles": np.ascontiguousarray(kernels.tiles, dtype=np.uint8).tobytes(),
        "weights": np.ascontiguousarray(kernels.weights, dtype="<f4").tobytes(),
        "norms": np.ascontiguousarray(kernels.norms, dtype="<f4").tobytes(),
        "row_norms": np.ascontiguousarray(kernels.row_norms, dtype="<f4").tobytes(),
        "inputs": np.ascontiguousarray(kernels.inputs, dtype="<i4").tobytes(),
        "filters": np.ascontiguousarray(kernels.filters, dtype="<i4").tobytes(),
    }
    facts = _describe(kernels)
    digest = hashlib.blake2b(repr(facts).encode(), digest_size=12)
    for content in columns.values():
        digest.update(content)

    def receive_pick() -> None:
        picked = st.session_state[key].pick
        if kernels.is_linked and accepts_filter(picked, kernels.filters):
            on_pick(picked)

    def receive_page() -> None:
        found = read_page(st.session_state[key].page, kernels.rows, kernels.columns)
        if found is not None:
            on_page(*found)

    _render(
        key=key,
        data={
            "arrays": pa.table({k: pa.array([v], pa.binary()) for k, v in columns.items()}),
            "facts": facts,
            "stamp": digest.hexdigest(),  # tells the browser whether anything is new
        },
        on_pick_change=receive_pick,
        on_page_change=receive_page,
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


def accepts_filter(sent: object, filters: Sequence[int] | np.ndarray) -> bool:
    """Whether what a browser sent is the number of a filter that is shown; True is no 1."""
    return type(sent) is int and sent in filters


def read_page(sent: object, rows: Pages, columns: Pages) -> tuple[str, int] | None:
    """The axis and the page that a browser asks for; None for anything that there is not."""
    if not isinstance(sent, dict) or set(sent) != {"axis", "page"} or sent["axis"] not in AXES:
        return None
    pages = rows if sent["axis"] == "rows" else columns
    page = sent["page"]
    if type(page) is not int or not 0 <= page < len(pages.names):
        return None
    return sent["axis"], page
