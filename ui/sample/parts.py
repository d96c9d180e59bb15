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
    """Outline each part in its colour, with nothing inside the lines: what they lie on stays readable.

    Parameters
    ----------
    part_map : ndarray of uint8, (H, W)
        0 background, k for ``names[k - 1]``.
    names : sequence of str

    Returns
    -------
    bytes
        An SVG file of the size of the map.
    """
    height, width = part_map.shape
    shapes = []
    for value, _, color in list_parts(part_map, names):
        mask = (part_map == value).astype(np.uint8)
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_TC89_L1)
        shapes += [_trace(contour, color) for contour in contours if len(contour) > 2]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'stroke-linejoin="round">{"".join(shapes)}</svg>'
    ).encode()


def dim_outside(part_map: np.ndarray) -> bytes:
    """Darkness over all that is no part, as an SVG file of the size of the map, (H, W) uint8."""
    height, width = part_map.shape
    mask = (part_map > 0).astype(np.uint8)
    # With holes, which the even-odd rule leaves dark.
    contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1)
    rings = "".join(f"M{_join(contour)}Z" for contour in contours if len(contour) > 2)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<path fill="#0e1114" fill-opacity=".82" fill-rule="evenodd" '
        f'd="M0 0H{width}V{height}H0Z{rings}"/></svg>'
    ).encode()


def _join(contour: np.ndarray) -> str:
    """Corners as they stand in an SVG path: a pixel's middle lies half a pixel from its corner."""
    return " ".join(f"{x + 0.5:g},{y + 0.5:g}" for x, y in contour[:, 0])


def _trace(contour: np.ndarray, color: str) -> str:
    """A line in a colour, on a dark one that sets it off from any picture."""
    points = _join(contour)
    thin = 'fill="none" vector-effect="non-scaling-stroke"'  # as thin where it is shown enlarged
    return (
        f'<polygon points="{points}" {thin} stroke="#0e1114" stroke-opacity=".8" stroke-width="3"/>'
        f'<polygon points="{points}" {thin} stroke="{color}" stroke-width="1.5"/>'
    )
