"""A picture that changes while a unit's value rises: watched while it changes, played afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from ui.components.component import Component, Trigger, hear_token

_COMPONENT = Component("maximization_player")


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
        What the model predicts for it, with probabilities.
    reference : float or None
        The best sample's value, to draw beside the curve.
    """

    title: str
    text: str
    rows: Sequence[tuple[str, str, str, str]] = ()
    classes: Sequence[tuple[str, float]] = ()
    reference: float | None = None


@dataclass(frozen=True)
class MaximizationPlayer:
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
        What the maximisation starts from, a data URL; empty for noise.
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


def draw_maximization_player(
    player: MaximizationPlayer,
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
    player : MaximizationPlayer
    token : str
        Changes with all that the result depends on.
    key : str
    on_start, on_stop, on_again : callable
        Called when the maximisation is asked for, called off, and wanted with another seed.
    on_tick : callable
        Called while it runs, with the number of frames that the browser has.
    """
    _COMPONENT.draw(
        key=key,
        data={**asdict(player), "token": token},
        triggers={
            "start": hear_token(token, on_start),
            "stop": hear_token(token, on_stop),
            "again": hear_token(token, on_again),
            "tick": Trigger(lambda sent: read_tick(sent, token), on_tick),
        },
    )


def read_tick(sent: object, token: str) -> int:
    """Number of frames that a browser says it has; ValueError where it sent anything else.

    Parameters
    ----------
    sent : object
    token : str
        Of what is on show.
    """
    if not isinstance(sent, dict) or sent.get("token") != token:
        raise ValueError("not about what is on show")
    have = sent.get("have")
    if type(have) is not int or have < 0:
        raise ValueError("not a number of frames")
    return have
