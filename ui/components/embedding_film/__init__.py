"""PCA beside t-SNE while it runs: a film that is played, scrubbed and hovered over in the browser.

Frames are sent once, as they are made, and drawn there: playing needs no rerun. Below the clouds lies the
divergence by iteration, which is the timeline as well, and below that what has been tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ui.components.component import RERUN, Component, Trigger, hear_choice, pack
from ui.components.points import LegendEntry, PlotPredictions
from ui.components.triggers import read_one_of, read_pin, read_switch

_COMPONENT = Component("embedding_film")


@dataclass(frozen=True)
class LinkedSamples:
    """The samples, the same in all layouts of a component: what is marked in one is marked in all.

    Attributes
    ----------
    labels : ndarray of int, (n,)
        Index into `entries`.
    entries : sequence of LegendEntry
        The classes.
    predictions : PlotPredictions
    neighbors : ndarray of int16, (n, k)
        Each sample's nearest among the features; lines go to them.
    family : str
        Of the pictures: see `ui.components.thumbnails`.
    """

    labels: np.ndarray
    entries: Sequence[LegendEntry]
    predictions: PlotPredictions
    neighbors: np.ndarray
    family: str

    def pack(self) -> dict[str, Any]:
        """As the script of a layout reads it."""
        said = self.predictions
        return {
            "samples": pack(
                labels=(self.labels, "<i4"),
                predicted=(said.predicted, "<i4"),
                correct=(said.correct, "i1"),
                confidence=(said.confidence, "<f4"),
                neighbors=(self.neighbors, "<i2"),
            ),
            "entries": [asdict(entry) for entry in self.entries],
            "outputs": list(said.outputs),
            "family": self.family,
        }


@dataclass(frozen=True)
class Reel:
    """What there is of the film.

    Attributes
    ----------
    token : str
        Another film has another.
    plane : ndarray of int16, (n, 2), or None
        The cloud at the left; None where it is not there yet.
    frames : sequence of ndarray of int16, (n, 2) each
    curves : mapping of str to sequence of float
        A value a frame: ``iteration``, ``kl``, ``accuracy``, ``trust`` and ``side``, of the box around it.
    complete : bool
    early, last : int
        Iterations at which early exaggeration ends, and the film.
    """

    token: str
    plane: np.ndarray | None
    frames: Sequence[np.ndarray]
    curves: Mapping[str, Sequence[float]]
    complete: bool
    early: int
    last: int


@dataclass(frozen=True)
class TriedLayout:
    """A layout that was tried.

    Attributes
    ----------
    id : str
    title, note : str
        Its perplexity, and what else it was made with.
    points : ndarray of int16, (n, 2)
    figures : tuple of (str, str)
        Names with values.
    is_shown : bool
        Whether it is the one on show.
    """

    id: str
    title: str
    note: str
    points: np.ndarray
    figures: tuple[tuple[str, str], ...]
    is_shown: bool


@dataclass(frozen=True)
class FilmCaptions:
    """Texts around the clouds.

    Attributes
    ----------
    plane, film : tuple of str
        Title and details of each.
    figures : tuple of (str, str)
        Of the plane.
    note : str
        One line over the film where there is no frame yet.
    share : float
        How far what the note speaks of has come, in [0, 1]; negative where that is not known.
    action : str
        ``stop`` or ``run``: what the button under the note does; empty for none.
    ladder : str
        What the button after the tried ones says; empty for none.
    """

    plane: tuple[str, str]
    film: tuple[str, str]
    figures: tuple[tuple[str, str], ...]
    note: str
    share: float
    action: str
    ladder: str


def draw_embedding_film(
    samples: LinkedSamples,
    reel: Reel,
    tried: Sequence[TriedLayout],
    captions: FilmCaptions,
    *,
    pinned: int | None,
    only: frozenset[int],
    waits: bool,
    key: str,
    on_pin: Callable[[int | None], None],
    on_choose: Callable[[str], None],
    on_run: Callable[[bool], None],
    on_ladder: Callable[[], None],
) -> None:
    """Draw it, as high as the style's `--film-height` (600 px without it).

    Parameters
    ----------
    samples : LinkedSamples
    reel : Reel
    tried : sequence of TriedLayout
    captions : FilmCaptions
    pinned : int or None
        The sample that is marked.
    only : frozenset of int
        Classes that stand out; empty for all.
    waits : bool
        Whether to ask again and again for what comes.
    key : str
    on_pin : callable
        Called with a uid when a sample is pinned, with None when it is released.
    on_choose : callable
        Called with the id of one of `tried`.
    on_run : callable
        Called with whether to go on.
    on_ladder : callable
    """
    ids = [each.id for each in tried]
    plane = () if reel.plane is None else (reel.plane,)
    _COMPONENT.draw(
        key=key,
        data={
            **samples.pack(),
            "reel": pack(plane=join_layouts(plane), frames=join_layouts(reel.frames)),
            "film": {
                "token": reel.token,
                "hasPlane": reel.plane is not None,
                "count": len(reel.frames),
                "complete": reel.complete,
                "early": reel.early,
                "last": reel.last,
                **{name: [float(v) for v in values] for name, values in reel.curves.items()},
            },
            "tried": pack(points=join_layouts([each.points for each in tried])),
            "tiles": [
                {
                    "id": each.id,
                    "title": each.title,
                    "note": each.note,
                    "figures": [list(pair) for pair in each.figures],
                    "isShown": each.is_shown,
                }
                for each in tried
            ],
            "captions": asdict(captions),
            "pinned": -1 if pinned is None else pinned,
            "only": sorted(only),
            "waits": waits,
        },
        triggers={
            "pin": Trigger(lambda sent: read_pin(sent, len(samples.labels)), on_pin),
            "choose": hear_choice(ids, on_choose),
            "run": Trigger(read_action, on_run),
            "ladder": Trigger(read_switch, lambda _: on_ladder()),
            "tick": RERUN,
        },
    )


def read_action(sent: object) -> bool:
    """Whether ``run`` was sent rather than ``stop``. Raises ValueError for anything else."""
    return read_one_of(sent, ("run", "stop")) == "run"


def join_layouts(layouts: Sequence[np.ndarray]) -> tuple[np.ndarray, str]:
    """Layouts of int16 one after another, as `pack` takes them."""
    return np.concatenate([np.zeros(0, np.int16), *(each.ravel() for each in layouts)]), "<i2"
