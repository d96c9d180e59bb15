"""Small multiples of one t-SNE: several seeds in a row, of the features above, of noise below.

The same sample is marked in all of the upper row; a row of the lower one is no sample any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import streamlit as st

from ui.assets import read_asset
from ui.components.embedding_film import (
    PANEL_SCRIPT,
    PANEL_STYLE,
    Cast,
    pack_clouds,
    read_action,
)
from ui.components.triggers import read_pin

_render = st.components.v2.component(
    "layerscope.embedding_trials",
    html=read_asset(__file__, "embedding_trials.html"),
    css="\n".join((PANEL_STYLE, read_asset(__file__, "embedding_trials.css"))),
    js="\n".join((PANEL_SCRIPT, read_asset(__file__, "embedding_trials.js"))),
)
T = TypeVar("T")


@dataclass(frozen=True)
class Layout:
    """One of them.

    Attributes
    ----------
    title : str
    is_noise : bool
        Whether it belongs to the lower row.
    points : ndarray of int16, (n, 2), or None
        None where it is not there yet.
    figures : tuple of (str, str)
        Names with values.
    """

    title: str
    is_noise: bool
    points: np.ndarray | None
    figures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Progress:
    """How far they are.

    Attributes
    ----------
    note : str
        One line.
    share : float
        In [0, 1]; negative where there is nothing to show.
    action : str
        ``run``, ``stop``, or empty where there is nothing to do.
    rows : tuple of str
        What is said at the head of each row.
    """

    note: str
    share: float
    action: str
    rows: tuple[str, str]


def draw_embedding_trials(
    cast: Cast,
    layouts: Sequence[Layout],
    progress: Progress,
    *,
    pinned: int | None,
    only: frozenset[int],
    waits: bool,
    token: str,
    key: str,
    on_pin: Callable[[int | None], None],
    on_run: Callable[[bool], None],
) -> None:
    """Draw them, as high as the style's `--trials-height` (560 px without it).

    Parameters
    ----------
    cast : Cast
    layouts : sequence of Layout
        As many of the one kind as of the other.
    progress : Progress
    pinned : int or None
        The sample that is marked.
    only : frozenset of int
        Classes that stand out; empty for all.
    waits : bool
        Whether to ask again and again for what comes.
    token : str
        Changes with what is compared.
    key : str
    on_pin : callable
        Called with a uid when a sample is pinned, with None when it is released.
    on_run : callable
        Called with whether to begin, or to stop.
    """
    count = len(cast.labels)

    def receive(name: str, read: Callable[[object], T], tell: Callable[[T], None]) -> None:
        with suppress(ValueError):
            tell(read(st.session_state[key][name]))

    known = [each.points for each in layouts if each.points is not None]
    _render(
        key=key,
        data={
            **cast.pack(),
            "clouds": pa.table({"points": pack_clouds(known)}),
            "layouts": [
                {
                    "title": each.title,
                    "isNoise": each.is_noise,
                    "isThere": each.points is not None,
                    "figures": [list(pair) for pair in each.figures],
                }
                for each in layouts
            ],
            "progress": asdict(progress),
            "pinned": -1 if pinned is None else pinned,
            "only": sorted(only),
            "waits": waits,
            "token": token,
        },
        on_pin_change=lambda: receive("pin", lambda sent: read_pin(sent, count), on_pin),
        on_run_change=lambda: receive("run", read_action, on_run),
        on_tick_change=lambda: None,
    )
