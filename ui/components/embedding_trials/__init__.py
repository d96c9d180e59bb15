"""Small multiples of one t-SNE: several seeds in a row, of the features above, of noise below.

The same sample is marked in all of the upper row; a row of the lower one is no sample any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ui.components.component import RERUN, Component, Trigger, pack
from ui.components.embedding_film import LinkedSamples, join_layouts, read_action
from ui.components.triggers import read_pin

_COMPONENT = Component("embedding_trials")


@dataclass(frozen=True)
class TrialLayout:
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
class TrialsProgress:
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
    samples: LinkedSamples,
    layouts: Sequence[TrialLayout],
    progress: TrialsProgress,
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
    samples : LinkedSamples
    layouts : sequence of TrialLayout
        As many of the one kind as of the other.
    progress : TrialsProgress
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
    known = [each.points for each in layouts if each.points is not None]
    _COMPONENT.draw(
        key=key,
        data={
            **samples.pack(),
            "clouds": pack(points=join_layouts(known)),
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
        triggers={
            "pin": Trigger(lambda sent: read_pin(sent, len(samples.labels)), on_pin),
            "run": Trigger(read_action, on_run),
            "tick": RERUN,
        },
    )
