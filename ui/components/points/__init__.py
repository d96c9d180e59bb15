"""What plots of samples share: colours and what they mean; in the browser marks, legend, tooltip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class LegendEntry:
    """A colour that points have, and what it stands for.

    Attributes
    ----------
    name : str
    color : str
        As "#4ab8b5".
    shape : str
        One of `ui.palette.SHAPES`.
    """

    name: str
    color: str
    shape: str = "circle"


@dataclass(frozen=True)
class Coloring:
    """What points are coloured by.

    Attributes
    ----------
    title : str
        For example "True class".
    groups : ndarray of int, (n,)
        Index into `entries`.
    entries : sequence of Entry
    ends : tuple of str, or None
        Where the entries are steps of a continuous scale: what its low and its high end are called.
        The legend is then a colour bar and cannot be clicked.
    """

    title: str
    groups: np.ndarray
    entries: Sequence[LegendEntry]
    ends: tuple[str, str] | None

    def describe(self) -> dict[str, Any]:
        """As the legend in the browser reads it; the groups go with the other arrays."""
        entries = [asdict(entry) for entry in self.entries]
        return {"title": self.title, "entries": entries, "ends": self.ends and list(self.ends)}


@dataclass(frozen=True)
class Predictions:
    """What a network says of samples.

    Attributes
    ----------
    predicted : ndarray of int, (n,)
        Index into `outputs`.
    outputs : sequence of str
        Names of all classes that were predicted.
    correct : ndarray of int, (n,)
        1 correct, 0 wrong, -1 where the network has no such class.
    confidence : ndarray of float32, (n,)
        Probability of the predicted class.
    """

    predicted: np.ndarray
    outputs: Sequence[str]
    correct: np.ndarray
    confidence: np.ndarray
