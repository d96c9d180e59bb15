"""Outlines: closed polygons in a unit frame, x to the right and y down, built from few numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.float64]
Point = tuple[float, float]


def trace_ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Outline:
    """Return an ellipse around (`x`, `y`), turned by `turn` degrees, as (40, 2) points."""
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    a = np.deg2rad(turn)
    u, v = rx * np.cos(t), ry * np.sin(t)
    return np.stack([x + u * np.cos(a) - v * np.sin(a), y + u * np.sin(a) + v * np.cos(a)], 1)


def trace_arc(x: float, y: float, rx: float, ry: float, start: float, stop: float) -> Outline:
    """Return points of an ellipse from angle `start` to `stop` (degrees, clockwise from right)."""
    t = np.deg2rad(np.linspace(start, stop, 24))
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], 1)


def trace_polygon(*points: Point, radius: float = 0.03) -> Outline:
    """Return a polygon whose corners are rounded by about `radius`."""
    corners = np.asarray(points, float)
    before, after = np.roll(corners, 1, 0), np.roll(corners, -1, 0)
    t = np.linspace(0, 1, 6)[None, :, None]

    def approach(other: Outline) -> Outline:
        gap = other - corners
        length = np.linalg.norm(gap, axis=1, keepdims=True)
        return np.asarray(corners + gap * np.minimum(radius / np.maximum(length, 1e-9), 0.5))

    start, stop = approach(before)[:, None], approach(after)[:, None]
    bends = (1 - t) ** 2 * start + 2 * t * (1 - t) * corners[:, None] + t**2 * stop
    return np.asarray(bends.reshape(-1, 2))


def trace_box(x0: float, y0: float, x1: float, y1: float, radius: float = 0.03) -> Outline:
    """Return an upright rectangle with rounded corners."""
    return trace_polygon((x0, y0), (x1, y0), (x1, y1), (x0, y1), radius=radius)


def trace_curve(points: Sequence[Point], *, closed: bool = False) -> Outline:
    """Return a smooth curve (Catmull-Rom) through `points`, eight steps to a section."""
    knots = np.asarray(points, float)
    if closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        ends = 2 * knots[:1] - knots[1:2], 2 * knots[-1:] - knots[-2:-1]
        padded = np.concatenate([ends[0], knots, ends[1]])
    t = np.linspace(0, 1, 8, endpoint=False)[None, :, None]
    p0, p1, p2, p3 = (padded[k : len(padded) - 3 + k, None] for k in range(4))
    sections = 0.5 * (
        2 * p1
        + (p2 - p0) * t
        + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
        + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    curve = sections.reshape(-1, 2)
    return curve if closed else np.concatenate([curve, knots[-1:]])


def trace_blob(*points: Point) -> Outline:
    """Return a smooth closed outline through `points`."""
    return trace_curve(points, closed=True)


def trace_tube(*points: Point, width: float, end: float | None = None) -> Outline:
    """Return a round-ended tube along a smooth curve, `width` wide at first and `end` at last."""
    spine = trace_curve(points)
    along = np.gradient(spine, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    aside = np.stack([-along[:, 1], along[:, 0]], 1)
    half = np.linspace(width, width if end is None else end, len(spine))[:, None] / 2
    turn = np.linspace(0, np.pi, 7)[1:-1, None]
    cap_end = spine[-1] + half[-1] * (aside[-1] * np.cos(turn) + along[-1] * np.sin(turn))
    cap_start = spine[0] - half[0] * (aside[0] * np.cos(turn) + along[0] * np.sin(turn))
    return np.concatenate([spine + aside * half, cap_end, (spine - aside * half)[::-1], cap_start])


def place_points(outline: Outline, x: float, y: float, turn: float, scale: float) -> Outline:
    """Return an outline scaled, turned by `turn` degrees and moved to (`x`, `y`)."""
    a = np.deg2rad(turn)
    matrix = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]]) * scale
    return np.asarray(outline @ matrix + (x, y))
