"""A patch that a visitor drags over a picture, with the probability of a class while it lies there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ui.components.component import RERUN, Component, Trigger, hear_token
from ui.components.triggers import read_one_of

MOST_PLACES = 4  # in one question
RASTER = 4  # pixels between places: an answer may serve again
_COMPONENT = Component("occlusion_probe")
PatchPlace = tuple[int, int]  # left and top of the patch, in pixels of the picture


@dataclass(frozen=True)
class OcclusionProbe:
    """What is drawn.

    Attributes
    ----------
    picture, filling : str
        The picture, and what stands in the place of what is covered; data URLs.
    height, width, patch, stride : int
        Of the picture, sides of the patch, and from one place of a sweep to the next, in pixels.
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
    height: int
    width: int
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
    probe: OcclusionProbe,
    *,
    token: str,
    key: str,
    on_probe: Callable[[Sequence[PatchPlace]], None],
    on_sweep: Callable[[], None],
    on_cancel: Callable[[], None],
) -> None:
    """Draw the picture with the patch.

    Parameters
    ----------
    probe : OcclusionProbe
    token : str
        Changes with all that answers depend on: a question with another one is out of date.
    key : str
    on_probe : callable
        Called with 1 to 4 places of the patch, all within the picture.
    on_sweep, on_cancel : callable
        Called when the sweep is asked for, and called off.
    """
    last = probe.width - probe.patch, probe.height - probe.patch
    _COMPONENT.draw(
        key=key,
        data={**asdict(probe), "raster": RASTER, "token": token},
        triggers={
            "probe": Trigger(lambda sent: read_places(sent, token, last), on_probe),
            "sweep": hear_token(token, on_sweep),
            "cancel": hear_token(token, on_cancel),
            "tick": RERUN,
        },
    )


def read_places(sent: object, token: str, last: tuple[int, int]) -> list[PatchPlace]:
    """Places that a browser asks for, left and top from 0 to `last`; ValueError for anything else.

    Parameters
    ----------
    sent : object
    token : str
        Of what is on show.
    last : tuple of int
    """
    if not isinstance(sent, dict) or sent.get("token") != token:
        raise ValueError("no question about what is on show")
    places = sent.get("places")
    if not isinstance(places, list) or not 1 <= len(places) <= MOST_PLACES:
        raise ValueError(f"not 1 to {MOST_PLACES} places")
    return [_read_place(place, last) for place in places]


def _read_place(sent: object, last: tuple[int, int]) -> PatchPlace:
    if not isinstance(sent, list) or len(sent) != 2:
        raise ValueError("not a place")
    left, top = (read_one_of(at, range(most + 1)) for at, most in zip(sent, last, strict=True))
    return left, top
