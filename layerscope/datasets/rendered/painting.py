"""Painting: one piece of a drawing at a time, shaded as if it were softly inflated.

Everything is painted at twice the size of the picture and averaged down at the end.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from layerscope.datasets.rendered.palette import Colour
from layerscope.datasets.rendered.shapes import Outline
from layerscope.datasets.rendered.texture import Field

SIZE = 224
FINE = 2 * SIZE  # the side of a canvas

_SHIFT = 4  # cv2 takes coordinates in sixteenths of a pixel
_LINE = 3  # width of an outline on the canvas
_MARGIN = 13  # how far the shadow of a piece reaches


@dataclass(frozen=True)
class Piece:
    """A single shape of a drawing, in the unit frame.

    Attributes
    ----------
    part
        Name of the part that it belongs to.
    outlines
        Its contours, each (n, 2); a contour inside another is a hole.
    paint
        Slot of the palette: `MAIN`, `SECOND`, `ACCENT`, `DARK` or `LIGHT`.
    relief
        How far its edges round off, as a share of its thickness; 0 is flat.
    tone
        Factor on its brightness, for sides that face away.
    """

    part: str
    outlines: tuple[Outline, ...]
    paint: int
    relief: float = 1.0
    tone: float = 1.0


Figure = tuple[Piece, ...]  # from back to front

MAIN, SECOND, ACCENT, DARK, LIGHT = range(5)


def sketch(
    part: str, paint: int, *outlines: Outline, relief: float = 1.0, tone: float = 1.0
) -> Piece:
    """Return a piece of a part from its contours: the short way to write a figure down."""
    return Piece(part, outlines, paint, relief, tone)


@dataclass(frozen=True)
class Surface:
    """What a piece is painted with: a colour, a second one, and where the second one shows."""

    base: Colour
    mark: Colour
    pattern: Field | None = None  # (448, 448) float32 in 0..1


@dataclass(frozen=True)
class Light:
    """How things are lit and drawn.

    Attributes
    ----------
    x, y
        Unit vector towards a distant lamp.
    depth, gloss
        Strength of shades and of highlights.
    ink
        How much an outline darkens its own fill.
    """

    x: float
    y: float
    depth: float
    gloss: float
    ink: float


@dataclass
class Canvas:
    """A picture in the making.

    Attributes
    ----------
    colours
        (3, 448, 448) float32 sRGB in 0..1: a plane per channel, which numpy handles faster.
    labels
        (448, 448) uint8, the part that is visible at each pixel, 0 for none.
    """

    colours: NDArray[np.float32]
    labels: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((FINE, FINE), np.uint8))

    def finish(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Average down to the picture (224, 224, 3) uint8 and the part map (224, 224) uint8."""
        picture = np.empty((SIZE, SIZE, 3), np.uint8)
        for channel, plane in enumerate(self.colours):
            small = cv2.resize(plane, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
            picture[..., channel] = np.clip(small * 255 + 0.5, 0, 255)
        return picture, np.ascontiguousarray(self.labels[::2, ::2])


def paint_piece(
    canvas: Canvas,
    outlines: list[Outline],
    surface: Surface,
    light: Light,
    *,
    relief: float = 1.0,
    tone: float = 1.0,
    label: int = 0,
) -> None:
    """Paint one piece: its shadow on what lies below, its shaded and patterned fill, its outline.

    Parameters
    ----------
    canvas
        Painted on in place.
    outlines
        Contours in pixels of the canvas, each (n, 2).
    surface, light
        Colours and pattern; where the light comes from.
    relief, tone
        As in `Piece`.
    label
        What to write into the labels.
    """
    window = _find_window(outlines)
    if window is None:
        return
    solid, line = _draw_masks(outlines, window)
    cover = np.maximum(solid, line)
    shade, shine = _shade_relief(solid, relief * _measure_thickness(outlines), light)
    alpha = cover.astype(np.float32) * np.float32(1 / 255)
    # The outline is a darker turn of the fill, which is gentler than black.
    shade *= np.float32(tone) - line.astype(np.float32) * np.float32(tone * light.ink / 255)
    shade *= alpha
    shine *= alpha
    remains = _cast_shadow(cover, light) * (1 - alpha)
    for plane, base, mark in zip(canvas.colours, surface.base, surface.mark, strict=True):
        below = plane[window]
        below *= remains
        below += shine
        if surface.pattern is None:
            below += base * shade
        else:
            below += (base + (mark - base) * surface.pattern[window]) * shade
    canvas.labels[window][cover > 127] = label


def _find_window(outlines: list[Outline]) -> tuple[slice, slice] | None:
    """Return the rows and columns of the canvas that a piece can touch, or None."""
    points = outlines[0] if len(outlines) == 1 else np.concatenate(outlines)
    (left, top), (right, bottom) = points.min(0), points.max(0)
    x = slice(max(int(left) - _MARGIN, 0), min(int(right) + _MARGIN, FINE))
    y = slice(max(int(top) - _MARGIN, 0), min(int(bottom) + _MARGIN, FINE))
    return (y, x) if y.stop - y.start > 1 and x.stop - x.start > 1 else None


def _draw_masks(
    outlines: list[Outline], window: tuple[slice, slice]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the inside of a piece and the line around it, both (h, w) uint8 in 0..255."""
    y, x = window
    contours = [
        np.asarray(np.round((outline - (x.start, y.start)) * 2**_SHIFT), np.int32)
        for outline in outlines
    ]
    solid, line = np.zeros((2, y.stop - y.start, x.stop - x.start), np.uint8)
    cv2.fillPoly(solid, contours, 255, cv2.LINE_AA, _SHIFT)
    cv2.polylines(line, contours, True, 255, _LINE, cv2.LINE_AA, _SHIFT)
    return solid, line


def _measure_thickness(outlines: list[Outline]) -> float:
    """Return about how thick a piece is, in pixels: twice its area over its perimeter."""
    contours = [outline.astype(np.float32) for outline in outlines]
    areas = [abs(cv2.contourArea(contour)) for contour in contours]
    area = 2 * max(areas) - sum(areas)  # the inner contours are holes
    return 2 * area / max(sum(cv2.arcLength(contour, True) for contour in contours), 1e-6)


def _cast_shadow(cover: NDArray[np.uint8], light: Light) -> NDArray[np.float32]:
    """Return the factor by which a piece darkens what lies just below it, (h, w)."""
    move = np.array([[1, 0, -4 * light.x], [0, 1, 3 - 4 * light.y]], np.float32)
    moved = cv2.warpAffine(cover, move, cover.shape[::-1], flags=cv2.INTER_NEAREST)
    soft = cv2.blur(cv2.blur(moved, (7, 7)), (9, 9))
    return 1 - soft.astype(np.float32) * np.float32(0.3 / 255)


def _shade_relief(
    solid: NDArray[np.uint8], thickness: float, light: Light
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return a factor for light and shade and a highlight to add, both (h, w) float32.

    The blurred mask is a height: its slope, scaled to about one at the edge, tilts the surface.
    """
    if thickness <= 0:
        return np.ones(solid.shape, np.float32), np.zeros(solid.shape, np.float32)
    side = 2 * min(max(round(0.42 * thickness), 1), 48) + 1
    height = cv2.blur(cv2.blur(solid.astype(np.float32), (side, side)), (side, side))
    scale = side / 255 / 8 * 1.25
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=scale)
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=scale)
    facing = slope_x * -light.x - slope_y * light.y
    across = slope_x * light.y - slope_y * light.x
    shade = 1 + light.depth * facing
    # The mirror point of the lamp: where the surface tilts towards it by about half.
    facing -= 0.55
    shine = np.maximum(1 - 9 * (facing * facing + across * across), 0)
    shine *= shine * light.gloss
    return np.asarray(shade, np.float32), np.asarray(shine, np.float32)
