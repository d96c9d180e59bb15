"""Two layouts of the same samples side by side: what is pointed at in one is marked in the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ui.components.component import Component, Trigger, pack
from ui.components.points import PlotPredictions, PlotSamples
from ui.components.triggers import read_pin

_COMPONENT = Component("embedding_pair")


@dataclass(frozen=True)
class PairLayout:
    """One of the two.

    Attributes
    ----------
    name : str
        What it is, for who cannot see it.
    positions : ndarray of float32, (n, 2)
    nearest : ndarray of int32, (n, k)
        The nearest others of each sample in it.
    """

    name: str
    positions: np.ndarray
    nearest: np.ndarray


def draw_embedding_pair(
    layouts: tuple[PairLayout, PairLayout],
    samples: PlotSamples,
    predictions: PlotPredictions | None,
    shared: np.ndarray,
    *,
    pinned: int | None,
    key: str,
    on_pin: Callable[[int | None], None],
) -> None:
    """Draw the two, as high as the style's `--pair-height` (440 px without it).

    Parameters
    ----------
    layouts : tuple of PairLayout
        Of the same samples in the same order.
    samples : PlotSamples
    predictions : PlotPredictions or None
        None where predictions of these samples are not at hand.
    shared : ndarray of float, (n,)
        How much of a sample's neighbourhoods the two have in common, in [0, 1].
    pinned : int or None
        The sample that is marked in both while none is pointed at.
    key : str
    on_pin : callable
        Called with a uid when a sample is pinned, with None when it is unpinned.
    """
    count = len(samples)
    nothing = np.zeros(count, np.int32)
    said = predictions or PlotPredictions(nothing, (), nothing, nothing)
    columns = samples.columns() | said.columns() | {"shared": (shared, "<f4")}
    for i, layout in enumerate(layouts):
        columns |= {f"positions{i}": (layout.positions, "<f4")}
        columns |= {f"nearest{i}": (layout.nearest, "<i4")}
    _COMPONENT.draw(
        key=key,
        data={
            **samples.describe(),
            "arrays": pack(**columns),
            "names": [layout.name for layout in layouts],
            "outputs": None if predictions is None else list(predictions.outputs),
            "neighbors": layouts[0].nearest.shape[1],
            "pinned": -1 if pinned is None else pinned,
        },
        triggers={"pinned": Trigger(lambda sent: read_pin(sent, count), on_pin)},
    )
