"""The classes with their marks, one below the other: pointing at one brings it out in all clouds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ui.components.component import Component, Trigger
from ui.components.points import Coloring, LegendEntry
from ui.components.triggers import read_only

_COMPONENT = Component("class_legend", html='<div class="legend" role="group"></div>')


def draw_class_legend(
    title: str,
    entries: Sequence[LegendEntry],
    labels: np.ndarray,
    only: frozenset[int],
    family: str,
    *,
    key: str,
    on_only: Callable[[frozenset[int]], None],
) -> None:
    """Draw it.

    Parameters
    ----------
    title : str
    entries : sequence of LegendEntry
    labels : ndarray of int, (n,)
        Of the samples: index into `entries`; -1 for none.
    only : frozenset of int
        Classes that are kept; empty for all.
    family : str
        Of the clouds that it speaks to.
    key : str
    on_only : callable
        Called with the classes that are kept now.
    """
    _COMPONENT.draw(
        key=key,
        data={
            "coloring": Coloring(title, labels, entries, None, plural="classes").describe(),
            "counts": np.bincount(labels[labels >= 0], minlength=len(entries)).tolist(),
            "only": sorted(only),
            "family": family,
        },
        triggers={"only": Trigger(lambda sent: read_only(sent, len(entries)), on_only)},
    )
