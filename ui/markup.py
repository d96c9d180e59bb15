"""Pieces of HTML. Every text that comes from data is escaped here."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

import cv2
import numpy as np


def embed(content: bytes, kind: str) -> str:
    """A file as a data URL, for example of kind "image/webp"."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def embed_pixels(pixels: np.ndarray, side: int | None = None) -> str:
    """A picture (h, w, 3) uint8 RGB as a data URL, shrunk to `side` where that is given."""
    if side is not None:
        pixels = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".webp", pixels[:, :, ::-1], [cv2.IMWRITE_WEBP_QUALITY, 92])
    return embed(encoded.tobytes(), "image/webp")


def heading(text: str, figure: str = "") -> str:
    """The quiet title of a panel or of a part of it, with a figure at its right."""
    return f'<h2 class="title">{escape(text)}<span>{escape(figure)}</span></h2>'


def plot_head(name: str, details: str, figures: Iterable[tuple[str, str]]) -> str:
    """The line above a plot: what it is, and what was measured of it as (name, value)."""
    measured = "".join(f"<span>{escape(n)} <b>{escape(v)}</b></span>" for n, v in figures)
    return (
        f'<div class="plot-head"><h1>{escape(name)}</h1><p>{escape(details)}</p>'
        f"<div>{measured}</div></div>"
    )


def facts(rows: Iterable[tuple[str, str, str]]) -> str:
    """Names with values. Rows are (name, value, class of the value)."""
    cells = "".join(
        f'<dt>{escape(name)}</dt><dd class="{kind}" title="{escape(value)}">{escape(value)}</dd>'
        for name, value, kind in rows
    )
    return f'<dl class="facts">{cells}</dl>'


def tile(caption: str, *layers: str) -> str:
    """A picture with a caption; further layers lie on top of the first."""
    images = "".join(f'<img src="{escape(layer)}" alt="{escape(caption)}">' for layer in layers)
    return f"<figure><div>{images}</div><figcaption>{escape(caption)}</figcaption></figure>"


def blank_tile(caption: str, reason: str) -> str:
    """A tile without a picture."""
    return (
        f"<figure><div class='blank'>{escape(reason)}</div>"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def chips(entries: Iterable[tuple[str, str]]) -> str:
    """Names with their colours, as (name, colour of ours)."""
    each = "".join(
        f'<li><i style="background:{color}"></i>{escape(name)}</li>' for name, color in entries
    )
    return f'<ul class="chips">{each}</ul>'


def strip(pictures: Iterable[tuple[str, str, str]]) -> str:
    """Small pictures in a row, as (source, what it shows, colour of ours)."""
    each = "".join(
        f'<img src="{escape(source)}" alt="{escape(text)}" title="{escape(text)}" '
        f'style="border-color:{color}">'
        for source, text, color in pictures
    )
    return f'<div class="strip">{each}</div>'


def bars(rows: Iterable[tuple[str, float, str]]) -> str:
    """A bar chart of probabilities. Rows are (name, probability, class of the row)."""
    lines = "".join(
        f'<li class="{kind}"><span title="{escape(name)}">{escape(name)}</span>'
        f'<div><i style="width:{100 * value:.1f}%"></i></div><b>{value:.3f}</b></li>'
        for name, value, kind in rows
    )
    return f'<ol class="bars">{lines}</ol>'
