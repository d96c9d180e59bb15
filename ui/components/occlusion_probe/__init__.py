"""A patch that a visitor drags over a picture, with the probability of a class while it lies there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from ui.assets import read_asset

MOST_PLACES = 4  # in one question
RASTER = 4  # pixels between places: an answer may serve again
_SCRIPTS = ("patch.js", "questions.js", "occlusion_probe.js")
_render = st.components.v2.component(
    "layerscope.occlusion_probe",
    html=read_asset(__file__, "occlusion_probe.html"),
    css=read_asset(__file__, "occlusion_probe.css"),
    js="\n".join(read_asset(__file__, name) for name in _SCRIPTS),
)
Place = tuple[int, int]  # left and top of the patch, in pixels of the picture


@dataclass(frozen=True)
class Probe:
    """What is drawn.

    Attributes
    ----------
    picture, filling : str
        The picture, and what stands in the place of what is covered; data URLs.
    side, patch, stride : int
        Of the picture, of the patch, and from one place of a sweep to the next, in pixels.
    baseline : float
        Probability of the class on the whole picture.
    answers : sequence of (int, int, float)
        Left, top and probability of the places that were asked for last.
    heat : str
        What a sweep has found by now, a data URL; empty without.
    running : bool
        Whether a sweep waits or runs.
    done, total : int
        Places of the sweep.
    problem : str
        One line where it failed.
    """

    picture: str
    filling: str
    side: int
    patch: int
    stride: int
    baseline: float
    answers: Sequence[tuple[int, int, float]] = ()
    heat: str = ""
    running: bool = False
    done: int = 0
    total: int = 0
    problem: str = ""


def draw_probe(
    probe: Probe,
    *,
    token: str,
    key: str,
    on_probe: Callable[[Sequence[Place]], None],
    on_sweep: Callable[[], None],
    on_cancel: Callable[[], None],
) -> None:
    """Draw the picture with the patch.

    Parameters
    ----------
    probe : Probe
    token : str
        Changes with all that answers depend on: a question with another one is out of date.
    key : str
    on_probe : callable
        Called with 1 to 4 places of the patch, all within the picture.
    on_sweep, on_cancel : callable
        Called when the sweep is asked for, and called off.
    """

    def receive() -> None:
        places = read_places(st.session_state[key].probe, token, probe.side - probe.patch)
        if places:
            on_probe(places)

    def hear(event: str, tell: Callable[[], None]) -> Callable[[], None]:
        return lambda: tell() if getattr(st.session_state[key], event) == token else None

    _render(
        key=key,
        data={
            "picture": probe.picture,
            "filling": probe.filling,
            "side": probe.side,
            "patch": probe.patch,
            "stride": probe.stride,
            "raster": RASTER,
            "baseline": probe.baseline,
            "answers": [list(answer) for answer in probe.answers],
            "heat": probe.heat,
            "running": probe.running,
            "done": probe.done,
            "total": probe.total,
            "problem": probe.problem,
            "token": token,
        },
        on_probe_change=receive,
        on_sweep_change=hear("sweep", on_sweep),
        on_cancel_change=hear("cancel", on_cancel),
        on_tick_change=lambda: None,
    )


def read_places(sent: object, token: str, last: int) -> list[Place]:
    """Places that a browser asks for, each coordinate from 0 to `last`; none where it sent anything else.

    Parameters
    ----------
    sent : object
    token : str
        Of what is on show.
    last : int
    """
    if not isinstance(sent, dict) or sent.get("token") != token:
        return []
    places = sent.get("places")
    if not isinstance(places, list) or not 1 <= len(places) <= MOST_PLACES:
        return []
    if not all(_is_place(place, last) for place in places):
        return []
    return [(place[0], place[1]) for place in places]


def _is_place(place: object, last: int) -> bool:
    # True and False are whole numbers to Python.
    return (
        isinstance(place, list)
        and len(place) == 2
        and all(type(each) is int and 0 <= each <= last for each in place)
    )
