"""Figures one below the other, each a dot on the line of its interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from layerscope.performance.intervals import Estimate
from ui.performance.scene import write_figure, write_interval


@dataclass(frozen=True)
class EstimateLine:
    """A named figure, what it means, and where its axis ends and starts."""

    name: str
    estimate: Estimate
    note: str
    top: float = 1.0
    start: float = 0.0


def draw_estimates(lines: Iterable[EstimateLine], *, with_intervals: bool = True) -> str:
    """A list with a tick at each value, a bar over its interval, and that in figures where wanted."""
    rows = ""
    for line in lines:
        value = line.estimate
        interval = write_interval(value)
        said = f"{line.note} {f'95 % interval {interval}.' if interval else ''}"
        dot = ""
        if value.is_defined:
            dot = f'<i style="left:{_at(value.value, line):.2f}%"></i>'
        if value.has_interval:
            low, high = _at(value.low, line), _at(value.high, line)
            dot = f'<s style="left:{low:.2f}%;width:{high - low:.2f}%"></s>{dot}'
        rows += (
            f'<li title="{escape(said)}"><span>{escape(line.name)}</span><div>{dot}</div>'
            f"<b>{write_figure(value.value)}</b>{f'<em>{interval}</em>' if with_intervals else ''}</li>"
        )
    return f'<ul class="estimates{"" if with_intervals else " short"}">{rows}</ul>'


def _at(value: float, line: EstimateLine) -> float:
    return 100 * min(max((value - line.start) / (line.top - line.start), 0.0), 1.0)
