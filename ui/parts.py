"""The parts that a rendered picture is made of, as outlines to lay over it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ui.palette import CLASS_COLORS


def list_parts(part_map: np.ndarray, names: Sequence[str]) -> list[tuple[int, str, str]]:
    """The parts that a map shows, as (value in the map, name, colour)."""
    values = [int(value) for value in np.unique(part_map) if 0 < value <= len(names)]
    return [
        (value, names[value - 1], CLASS_COLORS[order % len(CLASS_COLORS)])
        for order, value in enumerate(values)
    ]


def outline_parts(part_map: np.ndarray, names: Sequence[str]) -> bytes:
    """Outline each part in its colour.

    Parameters
    ----------
    part_map : ndarray of uint8, (S, S)
        0 background, k for ``names[k - 1]``.
    names : sequence of str

    Returns
    -------
    bytes
        An SVG file of the size of the map.
    """
    side = part_map.shape[0]
    shapes = []
    for value, _, color in list_parts(part_map, names):
        mask = (part_map == value).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1)
        shapes += [_trace(contour, color) for contour in contours if len(contour) > 2]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'stroke-linejoin="round">{"".join(shapes)}</svg>'
    ).encode()


def _trace(contour: np.ndarray, color: str) -> str:
    """A line in a colour, on a dark one that sets it off from any picture."""
    points = " ".join(f"{x},{y}" for x, y in contour[:, 0])
    return (
        f'<polygon points="{points}" fill="{color}" fill-opacity=".2" stroke="#0e1114" '
        f'stroke-width="3.6"/><polygon points="{points}" fill="none" stroke="{color}" '
        f'stroke-width="2"/>'
    )
