"""What plots of samples share: colours and what they mean, predictions, what visitors choose on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ui.components.component import Trigger
from ui.components.triggers import read_lasso, read_only, read_pin, read_switch

Columns = dict[str, tuple[np.ndarray, str]]  # as `ui.components.component.pack` takes them


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
    entries : sequence of LegendEntry
    ends : tuple of str, or None
        Where the entries are steps of a continuous scale: what its low and its high end are called.
        The legend is then a colour bar and cannot be clicked.
    unknown : bool
        Whether the last entry is of samples that have no value.
    plural : str
        What entries are, "classes" for example, where it matters that some have no sample, or no mark of
        their own; else empty.
    """

    title: str
    groups: np.ndarray
    entries: Sequence[LegendEntry]
    ends: tuple[str, str] | None
    unknown: bool = False
    plural: str = ""

    @property
    def note(self) -> str:
        """Which entries are not there, and how many marks stand for those that are; else empty."""
        if not self.plural:
            return ""
        entries = self.entries[:-1] if self.unknown else self.entries
        there = [entries[group] for group in np.unique(self.groups) if 0 <= group < len(entries)]
        marks = len({(entry.color, entry.shape) for entry in there})
        told = []
        if len(there) < len(entries):
            told.append(f"{len(there)} of {len(entries)} {self.plural}")
        if marks < len(there):
            told.append(f"{marks} marks for {len(there)} {self.plural}; hover tells")
        return ", ".join(told)

    def describe(self) -> dict[str, Any]:
        """As the legend in the browser reads it; the groups go with the other arrays."""
        return {
            "title": self.title,
            "entries": [asdict(entry) for entry in self.entries],
            "ends": self.ends and list(self.ends),
            "unknown": self.unknown,
            "note": self.note,
        }


@dataclass(frozen=True)
class PlotPredictions:
    """What a network says of samples.

    Attributes
    ----------
    predicted : ndarray of int, (n,)
        Index into `outputs`.
    outputs : sequence of str
        Names of all classes that were predicted; empty where nothing was.
    correct : ndarray of int, (n,)
        1 correct, 0 wrong, -1 where the network has no such class.
    confidence : ndarray of float32, (n,)
        Probability of the predicted class.
    """

    predicted: np.ndarray
    outputs: Sequence[str]
    correct: np.ndarray
    confidence: np.ndarray

    @classmethod
    def of(
        cls,
        predicted: np.ndarray,
        names: Sequence[str],
        correct: np.ndarray,
        confidence: np.ndarray,
    ) -> PlotPredictions:
        """Keep only names that occur: `predicted` (n,) are indices into `names`, of all outputs, or -1."""
        known, places = np.unique(predicted, return_inverse=True)
        return cls(places, [names[index] for index in known if index >= 0], correct, confidence)

    def columns(self, suffix: str = "") -> Columns:
        """For `pack`; with a suffix where there are several networks."""
        return {
            f"predicted{suffix}": (self.predicted, "<i4"),
            f"correct{suffix}": (self.correct, "i1"),
            f"confidence{suffix}": (self.confidence, "<f4"),
        }


@dataclass(frozen=True)
class PlotSamples:
    """Samples as all plots show them.

    Attributes
    ----------
    labels : ndarray of int, (n,)
        Index into `classes`; -1 for none.
    classes : sequence of str
    coloring : Coloring
    family : str
        Of their pictures: see `ui.components.thumbnails`. Samples of one family move to their new places,
        another family replaces them.
    faded : ndarray of bool, (n,), or None
        What filters leave out: grey, and out of the pointer's reach. None leaves out nothing.
    """

    labels: np.ndarray
    classes: Sequence[str]
    coloring: Coloring
    family: str
    faded: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def columns(self) -> Columns:
        """For `pack`."""
        return {
            "labels": (self.labels, "<i4"),
            "groups": (self.coloring.groups, "<i4"),
            "faded": (np.zeros(len(self), bool) if self.faded is None else self.faded, "u1"),
        }

    def describe(self) -> dict[str, Any]:
        """What goes to the browser beside the columns."""
        coloring = self.coloring.describe()
        return {"classes": list(self.classes), "coloring": coloring, "family": self.family}


@dataclass(frozen=True)
class PlotChoices:
    """What visitors choose on a plot, and who is told.

    Attributes
    ----------
    pinned : int or None
        The sample that is marked.
    only : frozenset of int
        Entries of the legend that are kept; empty for all.
    lassoed : sequence of int
        Samples that stand out, rising; empty for none.
    pictures : bool
        Whether samples are pictures rather than points.
    on_pin : callable
        Called with a uid when a sample is pinned, with None when it is released.
    on_only, on_lasso, on_pictures : callable
        Called with the new value of what is named like them.
    """

    pinned: int | None
    only: frozenset[int]
    lassoed: Sequence[int]
    pictures: bool
    on_pin: Callable[[int | None], None]
    on_only: Callable[[frozenset[int]], None]
    on_lasso: Callable[[tuple[int, ...]], None]
    on_pictures: Callable[[bool], None]

    def describe(self) -> dict[str, Any]:
        """The values as the browser reads them."""
        return {
            "pinned": -1 if self.pinned is None else self.pinned,
            "only": sorted(self.only),
            "lassoed": [int(uid) for uid in self.lassoed],
            "pictures": self.pictures,
        }

    def triggers(self, n_samples: int, n_entries: int) -> dict[str, Trigger[Any]]:
        """By the names of the values, under which the browser sends new ones."""
        return {
            "pinned": Trigger(lambda sent: read_pin(sent, n_samples), self.on_pin),
            "only": Trigger(lambda sent: read_only(sent, n_entries), self.on_only),
            "lassoed": Trigger(lambda sent: read_lasso(sent, n_samples), self.on_lasso),
            "pictures": Trigger(read_switch, self.on_pictures),
        }
