"""PCA beside t-SNE while it runs: a film that is played, scrubbed and hovered over in the browser.

Frames are sent once, as they are made, and drawn there: playing needs no rerun. Below the clouds lies the
divergence by iteration, which is the timeline as well, and below that what has been tried.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import streamlit as st

from ui.assets import read_asset
from ui.components.points import SCRIPT, STYLE
from ui.components.scatter import Entry
from ui.components.triggers import read_pin, read_switch

PANEL_SCRIPT = "\n".join((SCRIPT, read_asset(__file__, "cloud.js")))
PANEL_STYLE = "\n".join((STYLE, read_asset(__file__, "cloud.css")))
_render = st.components.v2.component(
    "layerscope.embedding_film",
    html=read_asset(__file__, "embedding_film.html"),
    css="\n".join((PANEL_STYLE, read_asset(__file__, "embedding_film.css"))),
    js="\n".join(
        (
            PANEL_SCRIPT,
            *(read_asset(__file__, name) for name in ("timeline.js", "tried.js", "film.js")),
        )
    ),
)
T = TypeVar("T")


@dataclass(frozen=True)
class Cast:
    """The samples, the same in all clouds.

    Attributes
    ----------
    labels : ndarray of int, (n,)
        Index into `entries`.
    entries : sequence of Entry
        The classes.
    predicted : ndarray of int, (n,)
        Index into `outputs`.
    outputs : sequence of str
        Names of all classes that were predicted.
    correct : ndarray of int, (n,)
        1 correct, 0 wrong, -1 where the model has no such class.
    confidence : ndarray of float32, (n,)
    near : ndarray of int, (n, k)
        Each sample's nearest among the features; lines go to them.
    family : str
        Of the pictures: see `ui.components.thumbnails`.
    """

    labels: np.ndarray
    entries: Sequence[Entry]
    predicted: np.ndarray
    outputs: Sequence[str]
    correct: np.ndarray
    confidence: np.ndarray
    near: np.ndarray
    family: str

    def pack(self) -> dict[str, Any]:
        """As the script of a cloud reads it."""
        columns = {
            "labels": (self.labels, "<i4"),
            "predicted": (self.predicted, "<i4"),
            "correct": (self.correct, "i1"),
            "confidence": (self.confidence, "<f4"),
            "near": (self.near, "<i2"),
        }
        return {
            "cast": pa.table({name: _binary(*each) for name, each in columns.items()}),
            "entries": [asdict(entry) for entry in self.entries],
            "outputs": list(self.outputs),
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
class Tried:
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
class Captions:
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
    cast: Cast,
    reel: Reel,
    tried: Sequence[Tried],
    captions: Captions,
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
    cast : Cast
    reel : Reel
    tried : sequence of Tried
    captions : Captions
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
    count = len(cast.labels)

    def receive(name: str, read: Callable[[object], T], tell: Callable[[T], None]) -> None:
        with suppress(ValueError):
            tell(read(st.session_state[key][name]))

    _render(
        key=key,
        data={
            **cast.pack(),
            "reel": _pack_reel(reel),
            "film": {
                "token": reel.token,
                "hasPlane": reel.plane is not None,
                "count": len(reel.frames),
                "complete": reel.complete,
                "early": reel.early,
                "last": reel.last,
                **{name: [float(v) for v in values] for name, values in reel.curves.items()},
            },
            "tried": _pack_tried(tried),
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
        on_pin_change=lambda: receive("pin", lambda sent: read_pin(sent, count), on_pin),
        on_choose_change=lambda: receive("choose", lambda sent: read_id(sent, tried), on_choose),
        on_run_change=lambda: receive("run", read_action, on_run),
        on_ladder_change=lambda: receive("ladder", read_switch, lambda _: on_ladder()),
        on_tick_change=lambda: None,
    )


def read_id(sent: object, tried: Sequence[Tried]) -> str:
    """The id of one of those that were tried. Raises ValueError for anything else."""
    for each in tried:
        if type(sent) is str and sent == each.id:
            return each.id
    raise ValueError("not one of those that were tried")


def read_action(sent: object) -> bool:
    """Whether ``run`` was sent rather than ``stop``. Raises ValueError for anything else."""
    if sent not in ("run", "stop"):
        raise ValueError("neither run nor stop")
    return sent == "run"


def pack_clouds(clouds: Sequence[np.ndarray]) -> pa.Array:
    """Clouds of int16 one after another, as one value of bytes."""
    return pa.array([b"".join(_bytes(each, "<i2") for each in clouds)], pa.binary())


def _pack_reel(reel: Reel) -> pa.Table:
    plane = () if reel.plane is None else (reel.plane,)
    return pa.table({"plane": pack_clouds(plane), "frames": pack_clouds(reel.frames)})


def _pack_tried(tried: Sequence[Tried]) -> pa.Table:
    return pa.table({"points": pack_clouds([each.points for each in tried])})


def _bytes(values: np.ndarray, kind: str) -> bytes:
    return np.ascontiguousarray(values, dtype=kind).tobytes()


def _binary(values: np.ndarray, kind: str) -> pa.Array:
    return pa.array([_bytes(values, kind)], pa.binary())
