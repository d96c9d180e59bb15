"""A scatter plot that is zoomed, panned, hovered, filtered and walked through in the browser.

Python hears only of what is chosen: hovering shows the classes and the picture without a rerun, the
picture from the sheet that `ui.components.thumbnails` has put on the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ui.components.component import Component, pack
from ui.components.points import PlotChoices, PlotPredictions, PlotSamples

_COMPONENT = Component("scatter")


@dataclass(frozen=True)
class Points:
    """What is drawn.

    Attributes
    ----------
    positions : ndarray of float32, (n, 2)
    samples : PlotSamples
    predictions : PlotPredictions
    neighbors : sequence of int
        Samples that the pinned one is joined to by a line.
    """

    positions: np.ndarray
    samples: PlotSamples
    predictions: PlotPredictions
    neighbors: Sequence[int] = field(default=())


def draw_scatter(points: Points, choices: PlotChoices, *, key: str) -> None:
    """Draw the plot, as high as the style's `--scatter-height` (520 px without it)."""
    samples, predictions = points.samples, points.predictions
    positions = (points.positions, "<f4")
    _COMPONENT.draw(
        key=key,
        data={
            **samples.describe(),
            **choices.describe(),
            "arrays": pack(positions=positions, **samples.columns(), **predictions.columns()),
            "outputs": list(predictions.outputs),
            "neighbors": [int(uid) for uid in points.neighbors],
        },
        triggers=choices.triggers(len(samples), len(samples.coloring.entries)),
    )
