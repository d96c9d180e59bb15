"""Pieces of HTML that describe a channel: its figures, a histogram, its mean by class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from layerscope.explanation.heatmap import colorize
from layerscope.features.patches import Box
from ui.markup import embed

_DIMMED = 200  # square per cents: a larger square sets itself off by what is dimmed around it


def write_number(value: float, digits: int = 4) -> str:
    """A value with so many significant figures, and a minus sign as long as a digit."""
    size = abs(value)
    if 10**digits <= size < 1e6:
        text = f"{value:.0f}"
    elif 1e-3 <= size < 1e6:
        text = f"{value:#.{digits}g}".rstrip(".")
    else:
        text = f"{value:.{digits - 1}e}"
    return text.replace("-", "−") if value else "0"


def figures(rows: Iterable[tuple[str, str, str]]) -> str:
    """Named figures in a grid, as (name, value, explanation)."""
    cells = "".join(
        f'<div title="{escape(hint)}"><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>'
        for name, value, hint in rows
    )
    return f'<dl class="channel-figures">{cells}</dl>'


def draw_histogram(counts: np.ndarray, edges: np.ndarray, marked: float | None = None) -> str:
    """Bars in the colours of the heatmap.

    Parameters
    ----------
    counts : ndarray of int, (n,)
    edges : ndarray of float, (n + 1,)
    marked : float, optional
        A value within the edges to mark with a line.
    """
    most, total = max(1, int(counts.max())), max(1, int(counts.sum()))
    colors = colorize(np.linspace(0.15, 1, len(counts))[None])[0]
    bars = ""
    for i, count in enumerate(counts):
        span = f"{write_number(edges[i])} to {write_number(edges[i + 1])}"
        height = max(100 * count / most, 1.5) if count else 0
        bars += (
            f'<li title="{span}: {count} of {total}, {count / total:.1%}"><i style="height:{height:.1f}%;'
            f'background:rgb({",".join(map(str, colors[i]))})"></i></li>'
        )
    line = ""
    if marked is not None and edges[-1] > edges[0]:
        at = 100 * (marked - edges[0]) / (edges[-1] - edges[0])
        line = f'<u style="left:{at:.2f}%"></u>'
    ends = f"<span>{write_number(edges[0])}</span><span>{write_number(edges[-1])}</span>"
    return (
        f'<div class="channel-histogram" role="img" aria-label="Histogram in {len(counts)} bins">'
        f"<ol>{bars}{line}</ol><p>{ends}</p></div>"
    )


def draw_class_means(rows: Sequence[tuple[str, float, str, bool]]) -> str:
    """Bars from zero, to the left where negative. Rows are (name, mean, colour of ours, marked)."""
    low = min(0.0, *(mean for _, mean, _, _ in rows))
    high = max(0.0, *(mean for _, mean, _, _ in rows))
    scale = 100 / ((high - low) or 1)
    zero = -low * scale
    lines = ""
    for name, mean, color, marked in rows:
        left, width = (zero, mean * scale) if mean >= 0 else (zero + mean * scale, -mean * scale)
        lines += (
            f'<li class="{"marked" if marked else ""}"><span title="{escape(name)}">{escape(name)}</span>'
            f'<div><u style="left:{zero:.2f}%"></u>'
            f'<i style="left:{left:.2f}%;width:{max(width, 0.6):.2f}%;background:{color}"></i></div>'
            f"<b>{write_number(mean, 3)}</b></li>"
        )
    return f'<ol class="channel-classes">{lines}</ol>'


def picture(encoded: bytes, caption: str, box: Box | None) -> str:
    """A picture (a WebP file) with the square that a unit sees."""
    square = note = ""
    if box is not None:
        left, top, width, height = (100 * share for share in box)
        kind = "" if width * height > _DIMMED else "small"
        square = (
            f'<i class="{kind}" style="left:{left + width / 2:.2f}%;top:{top + height / 2:.2f}%;'
            f'width:{width:.2f}%;height:{height:.2f}%"></i>'
        )
        note = "<span>□ what its peak sees</span>"
    return (
        f'<figure class="channel-picture"><div><img src="{embed(encoded, "image/webp")}" '
        f'alt="{escape(caption)}">{square}</div><figcaption>{escape(caption)}{note}</figcaption></figure>'
    )
