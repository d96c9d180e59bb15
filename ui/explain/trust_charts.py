"""The faithfulness benchmark drawn: a measure as a plot, a group as a table, the cascade method by method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import isfinite

import numpy as np

from layerscope.explanation.methods import METHODS
from layerscope.faithfulness.baselines import BASELINES
from layerscope.faithfulness.measures import MEASURES, Measure
from ui.explain.benchmark import FaithfulnessFigure, Table, name_method
from ui.markup import embed

_BETTER = {1: " ↑", -1: " ↓", 0: ""}
_WIDTH, _HEIGHT = 100, 46  # of a curve, in units of its drawing
_COLORS = ("#ffb454", "#5fb3b3")  # rank correlation, structural similarity
_EVEN = 'vector-effect="non-scaling-stroke"'
Figures = Mapping[str, FaithfulnessFigure]
Spread = Mapping[str, Mapping[str, float]]  # method -> fill -> mean


def write_figure(value: float, digits: int = 2) -> str:
    """A number with its sign as typesetters write it; minus zero is zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def plot_measure(figures: Figures, measure: Measure, spread: Spread | None = None) -> str:
    """Methods by group, the best first: a dot at the mean, a line over its interval, ticks beside them."""
    spread = spread or {}
    ends = [0.0]
    for key, each in figures.items():
        found = (each.value, each.low, each.high, each.chance, *spread.get(key, {}).values())
        ends += [end for end in found if end is not None]
    low, high = min(ends), max(ends)
    scale = 100 / ((high - low) or 1.0)
    rows = ""
    for title, keys in group_methods(figures, measure):
        rows += f'<li class="group">{escape(title)}</li>' if title else ""
        rows += "".join(_row(key, figures[key], spread.get(key, {}), low, scale) for key in keys)
    head = '<li class="head"><span></span><div></div><b>mean</b><b>n</b></li>'
    return f'<ol class="trust">{head}{rows}</ol>'


def group_methods(figures: Figures, measure: Measure) -> list[tuple[str, list[str]]]:
    """Methods under a title each: those that cannot be told apart from the best, and the others.

    Without a ranking all are under none, in the order of the registry.
    """
    if not measure.better:
        return [("", [key for key in (*METHODS, *BASELINES) if key in figures])]
    ordered = sorted(figures, key=lambda key: measure.better * figures[key].value, reverse=True)
    leaders = [key for key in ordered if figures[key].leads]
    best = next((key for key in leaders if key not in BASELINES), None)
    rest = [key for key in ordered if key not in leaders]
    first = measure.better * figures[best].value if best else -np.inf
    above = [key for key in rest if measure.better * figures[key].value > first]
    below = [key for key in rest if key not in above]
    groups = [
        ("Better than all methods", above),
        ("Not told apart from the best", leaders),
        ("Behind the best", below),
    ]
    return [(title, keys) for title, keys in groups if keys]


def _row(
    key: str, figure: FaithfulnessFigure, fills: Mapping[str, float], low: float, scale: float
) -> str:
    def at(value: float) -> str:
        return f"left:{scale * (value - low):.2f}%"

    kind = "baseline" if key in BASELINES else "lead" if figure.leads else ""
    marks = "" if figure.chance is None else f'<u style="{at(figure.chance)}"></u>'
    if figure.low is not None and figure.high is not None:
        width = scale * (figure.high - figure.low)
        marks += f'<s style="{at(figure.low)};width:{width:.2f}%"></s>'
    marks += "".join(f'<em style="{at(value)}"></em>' for value in fills.values())
    said = [f"{name_method(key)}: {figure.value:.3f}", figure.tell_interval()]
    said += [f"{fill} {value:.3f}" for fill, value in fills.items()]
    if figure.p_value is not None:
        said.append(f"p = {figure.p_value:.2g} against the best (Holm)")
    return (
        f'<li class="{kind}" title="{escape("; ".join(said))}"><span>{escape(name_method(key))}</span>'
        f'<div>{marks}<i style="{at(figure.value)}"></i></div><b>{write_figure(figure.value, 3)}</b>'
        f"<b>{figure.n}</b></li>"
    )


def tabulate(table: Table, group: str) -> str:
    """Methods by the measures of a group; those that cannot be told apart from the best are set off."""
    known = [key for key in MEASURES if key in table and MEASURES[key].group == group]
    methods = [key for key in (*METHODS, *BASELINES) if any(key in table[name] for name in known)]
    cells = {(method, name): _cell(table[name].get(method)) for method in methods for name in known}
    return _tabulate(methods, known, cells)


def tabulate_sample(methods: Sequence[str], values: Mapping[str, np.ndarray]) -> str:
    """Methods by the measures of a group, of one sample; empty cells where there is no figure."""
    cells = {
        (method, name): f"<td>{write_figure(float(value), 3)}</td>"
        if isfinite(value)
        else "<td>–</td>"
        for name, row in values.items()
        for method, value in zip(methods, row, strict=True)
    }
    return _tabulate(methods, list(values), cells)


def _tabulate(
    methods: Sequence[str], measures: Sequence[str], cells: Mapping[tuple[str, str], str]
) -> str:
    head = "".join(
        f'<th title="{escape(MEASURES[key].meaning)}">{escape(MEASURES[key].name)}'
        f"{_BETTER[MEASURES[key].better]}</th>"
        for key in measures
    )
    body = ""
    for method in methods:
        kind = ' class="baseline"' if method in BASELINES else ""
        row = "".join(cells[method, name] for name in measures)
        body += f"<tr{kind}><th>{escape(name_method(method))}</th>{row}</tr>"
    return (
        '<div class="trust-scroll"><table class="trust-table"><thead><tr><th></th>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(figure: FaithfulnessFigure | None) -> str:
    if figure is None:
        return "<td>–</td>"
    interval = "no interval"
    if figure.low is not None and figure.high is not None:
        interval = f"{write_figure(figure.low)} to {write_figure(figure.high)}"
    return (
        f'<td title="{escape(figure.tell_interval())}"{" class=lead" if figure.leads else ""}>'
        f"{write_figure(figure.value)}<small>{interval}, n {figure.n}</small></td>"
    )


def plot_cascades(methods: Sequence[str], cascade: np.ndarray, layers: Sequence[int]) -> str:
    """Small curves, a method each: its maps' likeness to those of the trained network, by layers at random.

    Parameters
    ----------
    methods : sequence of str
    cascade : ndarray, (2, methods, n, points)
        Rank correlation and structural similarity.
    layers : sequence of int
        How many layers are random at each point; before the first, at none, both are 1.
    """
    drawn = ""
    for method, curves in zip(methods, cascade.transpose(1, 0, 2, 3), strict=True):
        ends = ", ".join(
            f"{name} {write_figure(float(np.nanmean(each[:, -1])))}"
            for name, each in zip(("rank", "SSIM"), curves, strict=True)
        )
        kind = ' class="baseline"' if method in BASELINES else ""
        source = embed(draw_curves(curves, layers).encode(), "image/svg+xml")
        drawn += (
            f"<figure{kind}><figcaption>{escape(name_method(method))}</figcaption>"
            f'<img src="{source}" alt="Likeness while layers become random; all random: {ends}">'
            f"<small>all random: {ends}</small></figure>"
        )
    return f'<div class="cascades">{drawn}</div>'


def draw_curves(curves: np.ndarray, layers: Sequence[int]) -> str:
    """Rank correlation and structural similarity (2, n, points) as an SVG: thin by sample, thick means."""
    places = [0, *layers]
    across = [_WIDTH * each / places[-1] for each in places]
    zero = f"{_height(0.0):.1f}"
    lines = f'<line x1="0" x2="{_WIDTH}" y1="{zero}" y2="{zero}" stroke="#272e37"/>'
    for color, samples in zip(_COLORS, curves, strict=True):
        whole = np.concatenate([np.ones((len(samples), 1)), samples], axis=1)
        mean = np.nanmean(whole, axis=0, keepdims=True)
        for rows, style in ((whole, 'opacity=".22"'), (mean, 'stroke-width="2"')):
            for row in rows:
                points = " ".join(
                    f"{x:.1f},{_height(y):.1f}" for x, y in zip(across, row, strict=True)
                )
                lines += (
                    f'<polyline points="{points}" fill="none" stroke="{color}" {style} {_EVEN}/>'
                )
    box = f"0 -2 {_WIDTH} {_HEIGHT + 4}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" preserveAspectRatio="none">{lines}</svg>'


def _height(value: float) -> float:
    """Where a likeness lies in a curve's drawing: 1 at its top, -0.4 at its bottom."""
    return _HEIGHT * (1 - max(value, -0.4)) / 1.4
