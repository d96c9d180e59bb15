"""Parallel coordinates: an axis a parameter and a figure, a line an experiment.

Lines are brushed on an axis, pointed at and picked in the browser. What is pointed at, and what a brush
keeps, it shares with the table of experiments on the same page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ui.components.component import Component, Trigger
from ui.components.triggers import read_one_of

_COMPONENT = Component("parallel_coordinates")


@dataclass(frozen=True)
class Axis:
    """One dimension.

    Attributes
    ----------
    name : str
        With dots: what stands before the last one is drawn smaller.
    measured : bool
        Whether it is a figure, not a parameter.
    ticks : sequence of (float, str)
        Places from 0, at the bottom, to 1, with their labels.
    """

    name: str
    measured: bool
    ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class ExperimentLine:
    """One experiment.

    Attributes
    ----------
    key : str
        Unlike those of all others.
    name : str
    about : str
        What is said of it under the pointer.
    places : sequence of float or None
        On each axis, from 0 to 1; None where it has no value.
    color : str
        As "#4ab8b5".
    """

    key: str
    name: str
    about: str
    places: Sequence[float | None]
    color: str


def place_values(texts: Sequence[str | None]) -> tuple[list[float | None], list[tuple[float, str]]]:
    """Places of values that are told apart, not measured: evenly spaced, numbers in their order.

    Returns
    -------
    places : list of float or None
    ticks : list of (float, str)
    """
    known = sorted({text for text in texts if text is not None}, key=_order)
    at = {text: i / (len(known) - 1) if len(known) > 1 else 0.5 for i, text in enumerate(known)}
    return [None if text is None else at[text] for text in texts], [(at[t], t) for t in known]


def _order(text: str) -> tuple[int, tuple[float, ...], str]:
    try:
        return 0, tuple(float(part) for part in text.split(", ")), text
    except ValueError:
        return 1, (), text


def place_figures(
    values: Sequence[float | None], digits: int = 3
) -> tuple[list[float | None], list[tuple[float, str]]]:
    """Places of figures from the least to the greatest, with these two as ticks."""
    known = [value for value in values if value is not None]
    if not known:
        return [None for _ in values], []
    low, high = min(known), max(known)
    if high == low:
        return [None if v is None else 0.5 for v in values], [(0.5, f"{low:.{digits}f}")]
    places = [None if v is None else (v - low) / (high - low) for v in values]
    return places, [(0.0, f"{low:.{digits}f}"), (1.0, f"{high:.{digits}f}")]


def draw_parallel_coordinates(
    axes: Sequence[Axis],
    lines: Sequence[ExperimentLine],
    picked: tuple[str, str],
    *,
    key: str,
    on_pick: Callable[[int, str], None],
) -> None:
    """Draw the axes, as high as the style's `--lines-height` (200 px without it).

    Parameters
    ----------
    axes : sequence of Axis
    lines : sequence of ExperimentLine
    picked : tuple of str
        Keys of the two experiments that are looked at.
    key : str
        Of the component.
    on_pick : callable
        Called with 0 or 1, for the first or the second of the two, and the key of a line.
    """
    keys = [line.key for line in lines]
    _COMPONENT.draw(
        key=key,
        data={
            "axes": [asdict(axis) for axis in axes],
            "lines": [asdict(line) for line in lines],
            "picked": list(picked),
        },
        triggers={"pick": Trigger(lambda sent: read_pick(sent, keys), lambda pick: on_pick(*pick))},
    )


def read_pick(sent: object, keys: Sequence[str]) -> tuple[int, str]:
    """A side, 0 or 1, and an experiment that is shown. Raises ValueError for anything else."""
    if not isinstance(sent, dict) or set(sent) != {"side", "key"}:
        raise ValueError("not a side and an experiment")
    return read_one_of(sent["side"], (0, 1)), read_one_of(sent["key"], keys)
