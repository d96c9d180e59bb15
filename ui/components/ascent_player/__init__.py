"""A picture that changes while a unit's value rises: watched while it is sought, played afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from ui.assets import read_asset
from ui.components import points

_SCRIPTS = ("curve.js", "film.js", "ascent_player.js")
_render = st.components.v2.component(
    "layerscope.ascent_player",
    html=read_asset(__file__, "ascent_player.html"),
    css=read_asset(__file__, "ascent_player.css"),
    js="\n".join(
        [
            read_asset(points.__file__, "elements.js"),
            *(read_asset(__file__, name) for name in _SCRIPTS),
        ]
    ),
)


@dataclass(frozen=True)
class Judgement:
    """What is told of the picture that was found.

    Attributes
    ----------
    title, text : str
        In a word, and in a few more.
    rows : sequence of (str, str, str, str)
        What is compared, of the picture, of the best sample, and how many times more.
    classes : sequence of (str, float)
        What the model takes it for, with probabilities.
    reference : float or None
        The best sample's value, to draw beside the curve.
    """

    title: str
    text: str
    rows: Sequence[tuple[str, str, str, str]] = ()
    classes: Sequence[tuple[str, float]] = ()
    reference: float | None = None


@dataclass(frozen=True)
class Player:
    """What is shown.

    Attributes
    ----------
    state : str
        ``idle``, ``waiting``, ``running``, ``done`` or ``failed``.
    unit, value : str
        Names of the unit and of what is maximised.
    hint : str
        Said over the picture where there is none yet.
    start : str
        What the ascent starts from, a data URL; empty for noise.
    total : int
        Steps.
    first : int
        Number of frames that the browser has already.
    frames : sequence of (int, str)
        The others: steps with data URLs.
    objective, variation : sequence of float
        One of each step.
    states : str
        A letter of each step: a(ctive), s(ilent) or d(ead).
    seconds : float
        A step takes.
    box : tuple of float, or None
        What a neuron sees: left, top, width and height in shares of the picture.
    notes : sequence of str
        What is to be known of silent steps, or of a dead unit.
    problem : str
        One line where it failed.
    judgement : Judgement or None
        Once it is done.
    """

    state: str
    unit: str
    value: str
    hint: str
    start: str
    total: int
    first: int = 0
    frames: Sequence[tuple[int, str]] = ()
    objective: Sequence[float] = ()
    variation: Sequence[float] = ()
    states: str = ""
    seconds: float = 0.0
    box: tuple[float, float, float, float] | None = None
    notes: Sequence[str] = field(default_factory=tuple)
    problem: str = ""
    judgement: Judgement | None = None


def draw_ascent_player(
    player: Player,
    *,
    token: str,
    key: str,
    on_start: Callable[[], None],
    on_stop: Callable[[], None],
    on_again: Callable[[], None],
    on_tick: Callable[[int], None],
) -> None:
    """Draw the player.

    Parameters
    ----------
    player : Player
    token : str
        Changes with all that the result depends on.
    key : str
    on_start, on_stop, on_again : callable
        Called when the ascent is asked for, called off, and wanted with another seed.
    on_tick : callable
        Called while it runs, with the number of frames that the browser has.
    """

    def hear(event: str, tell: Callable[[], None]) -> Callable[[], None]:
        return lambda: tell() if getattr(st.session_state[key], event) == token else None

    def tick() -> None:
        have = read_tick(st.session_state[key].tick, token)
        if have is not None:
            on_tick(have)

    judged = player.judgement
    _render(
        key=key,
        data={
            "token": token,
            "state": player.state,
            "unit": player.unit,
            "value": player.value,
            "hint": player.hint,
            "start": player.start,
            "total": player.total,
            "first": player.first,
            "frames": [list(frame) for frame in player.frames],
            "objective": list(player.objective),
            "variation": list(player.variation),
            "states": player.states,
            "seconds": player.seconds,
            "box": None if player.box is None else list(player.box),
            "notes": list(player.notes),
            "problem": player.problem,
            "judgement": judged
            and {
                "title": judged.title,
                "text": judged.text,
                "rows": [list(row) for row in judged.rows],
                "classes": [list(row) for row in judged.classes],
                "reference": judged.reference,
            },
        },
        on_start_change=hear("start", on_start),
        on_stop_change=hear("stop", on_stop),
        on_again_change=hear("again", on_again),
        on_tick_change=tick,
    )


def read_tick(sent: object, token: str) -> int | None:
    """Number of frames that a browser says it has; None where it sent anything else.

    Parameters
    ----------
    sent : object
    token : str
        Of what is on show.
    """
    if not isinstance(sent, dict) or sent.get("token") != token:
        return None
    have = sent.get("have")
    return have if type(have) is int and have >= 0 else None
