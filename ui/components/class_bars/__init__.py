"""The most probable classes as bars. A click explains a class, a second button sets one against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ui.components.component import Component, hear_choice

_COMPONENT = Component(
    "class_bars", html='<ol class="bars" aria-label="Most probable classes"></ol>'
)


@dataclass(frozen=True)
class ClassBar:
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
    bars: Sequence[ClassBar],
    target: int,
    contrast: int | None,
    *,
    key: str,
    on_target: Callable[[int], None],
    on_contrast: Callable[[int], None],
) -> None:
    """Draw the rows.

    Parameters
    ----------
    bars : sequence of ClassBar
        From the most probable one.
    target : int
        The output that is explained.
    contrast : int or None
        The one beside it.
    key : str
    on_target, on_contrast : callable
        Called with the output of the row whose name, or whose "vs", was chosen; always one of `bars`.
    """
    outputs = [bar.output for bar in bars]
    _COMPONENT.draw(
        key=key,
        data={
            "rows": [asdict(bar) for bar in bars],
            "target": target,
            "contrast": -1 if contrast is None else contrast,
        },
        triggers={
            "target": hear_choice(outputs, on_target),
            "contrast": hear_choice(outputs, on_contrast),
        },
    )
