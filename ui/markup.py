"""Pieces of HTML, and texts that are only text in other markups.

A text that comes from data (a class, a file, a key, a run) is escaped once, for where it is shown:
`html.escape` for HTML, `escape_markdown` for labels, buttons and toasts of Streamlit, `escape_plotly` for
charts. What Streamlit shows as it is needs none of them: entries of a selectbox, for example.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from html import escape
from typing import NamedTuple

import cv2
import numpy as np

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Where Streamlit replaces what is left as text: icons, emoji, addresses, arrows such as "->".
_REPLACED = re.compile(r"(?<=[:@])(?=\S)|(?<=[<>~-])(?=[>=-])|(?i:(?<=www)(?=\.))")
_JOINER = "\u2060"  # seen by nobody


def escape_markdown(text: str) -> str:
    """A text in which Streamlit finds no Markdown, no icon and no link; on one line."""
    return _PUNCTUATION.sub(r"\\\1", _REPLACED.sub(_JOINER, " ".join(text.split())))


def escape_plotly(text: str) -> str:
    """A text in which Plotly finds no markup; it does not know all that `html.escape` writes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def embed(content: bytes, kind: str) -> str:
    """A file as a data URL, for example of kind "image/webp"."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def embed_pixels(pixels: np.ndarray, side: int | None = None) -> str:
    """A picture (h, w, C) uint8, RGB or grey, as a data URL, shrunk so that `side` is its longer side."""
    if side is not None:
        pixels = shrink(pixels, side)
    _, encoded = cv2.imencode(".webp", pixels[:, :, ::-1], [cv2.IMWRITE_WEBP_QUALITY, 92])
    return embed(encoded.tobytes(), "image/webp")


def shrink(pixels: np.ndarray, side: int) -> np.ndarray:
    """A picture (h, w, C) uint8 whose longer side is `side`."""
    height, width = (
        max(1, round(side * each / max(pixels.shape[:2]))) for each in pixels.shape[:2]
    )
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return small.reshape(height, width, -1)  # OpenCV drops the axis of a single channel


def heading(text: str, figure: str = "") -> str:
    """The quiet title of a panel or of a part of it, with a figure at its right."""
    name = escape(text)
    return f'<h2 class="title"><b title="{name}">{name}</b><span>{escape(figure)}</span></h2>'


def plot_head(name: str, details: str, figures: Iterable[tuple[str, ...]]) -> str:
    """The line above a plot: what it is, and what was measured of it as (name, value), or with a title."""
    measured = "".join(
        f'<span title="{escape("".join(title))}">{escape(n)} <b>{escape(v)}</b></span>'
        for n, v, *title in figures
    )
    return (
        f'<div class="plot-head"><h1>{escape(name)}</h1><p>{escape(details)}</p>'
        f"<div>{measured}</div></div>"
    )


class Fact(NamedTuple):
    """A name with its value, a class for its looks, a title that says more, and what stands behind.

    Where room is short the value is cut off, never what stands behind it.
    """

    name: str
    value: str
    kind: str = ""
    title: str = ""
    behind: str = ""


def facts(rows: Iterable[Fact]) -> str:
    """Names with values."""
    return f'<dl class="facts">{"".join(map(_draw_fact, rows))}</dl>'


def _draw_fact(fact: Fact) -> str:
    value = escape(fact.value)
    if fact.behind:
        value = (
            '<span style="display:flex;gap:9px">'
            f'<span style="overflow:hidden;text-overflow:ellipsis">{value}</span>'
            f'<span style="flex:none;opacity:.78">{escape(fact.behind)}</span></span>'
        )
    return (
        f'<dt title="{escape(fact.name)}">{escape(fact.name)}</dt><dd class="{escape(fact.kind)}" '
        f'title="{escape(fact.title or fact.value)}">{value}</dd>'
    )


def counts(rows: Iterable[tuple[str, int, str]]) -> str:
    """A bar chart of counts, the largest full. Rows are (name, count, colour of ours)."""
    rows = list(rows)
    most = max((count for _, count, _ in rows), default=1)
    lines = "".join(
        f'<li><span title="{escape(name)}">{escape(name)}</span>'
        f'<div><i style="width:{100 * count / most:.1f}%;background:{color}"></i></div><b>{count}</b></li>'
        for name, count, color in rows
    )
    return f'<ol class="bars">{lines}</ol>'
