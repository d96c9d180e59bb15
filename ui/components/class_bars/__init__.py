"""The most probable classes as bars. A click explains a class, a second button sets one against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from ui.assets import read_asset

_render = st.components.v2.component(
    "layerscope.class_bars",
    html='<ol class="bars" aria-label="Most probable classes"></ol>',
    css=read_asset(__file__, "class_bars.css"),
    js=read_asset(__file__, "class_bars.js"),
)


@dataclass(frozen=True)
class Bar:
    """A row.

    Attributes
    ----------
    output : int
        Index of the model's output.
    name : str
        Its class.
    probability : float
        In [0, 1].
    is_true : bool
        Whether it is the sample's true class.
    """

    output: int
    name: str
    probability: float
    is_true: bool


def draw_class_bars(
    bars: Sequence[Bar],
    why: int,
    against: int | None,
    *,
    key: str,
    on_why: Callable[[int], None],
    on_against: Callable[[int], None],
) -> None:
    """Draw the rows.

    Parameters
    ----------
    bars : sequence of Bar
        From the most probable one.
    why : int
        The output that is explained.
    against : int or None
        The one beside it.
    key : str
    on_why, on_against : callable
        Called with the output of the row whose name, or whose "vs", was chosen; always one of `bars`.
    """

    def hear(event: str, tell: Callable[[int], None]) -> Callable[[], None]:
        def receive() -> None:
            chosen = getattr(st.session_state[key], event)
            if accepts(chosen, bars):
                tell(chosen)

        return receive

    _render(
        key=key,
        data={
            "rows": [
                {
                    "output": bar.output,
                    "name": bar.name,
                    "probability": bar.probability,
                    "isTrue": bar.is_true,
                }
                for bar in bars
            ],
            "why": why,
            "against": -1 if against is None else against,
        },
        on_why_change=hear("why", on_why),
        on_against_change=hear("against", on_against),
    )


def accepts(sent: object, bars: Sequence[Bar]) -> bool:
    """Whether what a browser sent is an output that is shown; True is no 1."""
    return type(sent) is int and any(bar.output == sent for bar in bars)
