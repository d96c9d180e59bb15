"""Everything around the thing itself: pose, background, distractors, light and shadow."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from layerscope.datasets.rendered.painting import (
    ACCENT,
    DARK,
    FINE,
    LIGHT,
    MAIN,
    SECOND,
    SIZE,
    Canvas,
    Figure,
    Light,
    Surface,
    paint_piece,
)
from layerscope.datasets.rendered.palette import Palette
from layerscope.datasets.rendered.shapes import (
    Outline,
    place_points,
    trace_arc,
    trace_blob,
    trace_box,
    trace_ellipse,
    trace_polygon,
    trace_tube,
)
from layerscope.datasets.rendered.texture import draw_field

_EDGE = 8.0  # pixels of the canvas that stay free around a figure


@dataclass(frozen=True)
class Pose:
    """How a figure of the unit frame lies on the canvas.

    Attributes
    ----------
    bend
        Two small factors: how much the width grows downwards, and the height to the right.
    matrix
        (2, 3) from the bent unit frame to pixels of the canvas.
    """

    bend: tuple[float, float]
    matrix: NDArray[np.float64]

    def place(self, outline: Outline) -> Outline:
        """Return an outline of the unit frame, (n, 2), in pixels of the canvas."""
        return bend_points(outline, self.bend) @ self.matrix[:, :2].T + self.matrix[:, 2]


def bend_points(outline: Outline, bend: tuple[float, float]) -> Outline:
    """Widen towards the bottom and stretch towards the right, both by small factors."""
    x, y = outline[:, 0], outline[:, 1]
    return np.stack([x * (1 + bend[0] * y), y * (1 + bend[1] * x)], 1)


def draw_pose(rng: np.random.Generator, figure: Figure, scale: tuple[float, float]) -> Pose:
    """Draw a pose: flip, rotation within 20 degrees, proportions, size and place.

    `scale` bounds the longer side of the figure as a share of the picture.
    """
    bend = (rng.uniform(-0.09, 0.09), rng.uniform(-0.09, 0.09))
    angle = np.deg2rad(rng.uniform(-20, 20))
    flip = rng.choice([-1.0, 1.0])
    aspect = np.exp(rng.uniform(-0.09, 0.09))
    share, jitter = rng.uniform(*scale), rng.uniform(-0.9, 0.9, 2)
    points = np.concatenate([outline for piece in figure for outline in piece.outlines])
    points = bend_points(points, bend)
    extent = np.ptp(points, axis=0) * (aspect, 1 / aspect)
    zoom = share * FINE / extent.max()
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([flip * aspect * zoom, zoom / aspect])
    placed = points @ matrix.T
    low, high = placed.min(0), placed.max(0)
    shrink = min(1.0, (FINE - 2 * _EDGE) / (high - low).max())
    slack = FINE / 2 - _EDGE - shrink * (high - low) / 2
    move = FINE / 2 + jitter * slack - shrink * (low + high) / 2
    return Pose(bend, np.column_stack([matrix * shrink, move]))


def draw_light(rng: np.random.Generator) -> Light:
    """Draw a lamp somewhere above."""
    angle = np.deg2rad(rng.uniform(-155, -25))
    depth, gloss = rng.uniform(0.26, 0.42), rng.uniform(0.06, 0.42)
    return Light(float(np.cos(angle)), float(np.sin(angle)), depth, gloss, rng.uniform(0.45, 0.75))


def draw_surfaces(rng: np.random.Generator, palette: Palette) -> tuple[Surface, ...]:
    """Draw one surface per slot of the palette; the main and the second one carry a pattern."""
    fields = [draw_field(rng, FINE, (0.8, 1.9)) * np.float32(rng.uniform(0.45, 0.95)) for _ in "12"]
    patterns = (fields[0], fields[1], None, None, None)
    return tuple(map(Surface, palette.paints, palette.marks, patterns))


def paint_background(rng: np.random.Generator, palette: Palette, light: Light) -> Canvas:
    """Paint a wall and a floor with faint patterns, lit from one side and darker at the rim."""
    across = np.linspace(-1, 1, SIZE, dtype=np.float32)
    x, y = across[None, :], across[:, None]
    wall_field, floor_field = (draw_field(rng, SIZE, (0.4, 1.3)) - 0.5 for _ in range(2))
    faint = rng.uniform(0.02, 0.1, 2).astype(np.float32)
    level, tilt = rng.uniform(0.15, 0.8), rng.uniform(-0.12, 0.12)
    soft = float(rng.choice([0.012, 0.012, 0.25]))
    depth = y - level - tilt * x
    floor = np.clip(depth / soft + 0.5, 0, 1)
    lit = 1.03 + 0.12 * (x * light.x + y * light.y) - 0.06 * (x**2 + y**2)
    lit += 2 * (faint[0] * wall_field * (1 - floor) + faint[1] * floor_field * floor)
    lit -= 0.1 * floor * np.exp(-5 * np.maximum(depth, 0))
    canvas = Canvas(np.empty((3, FINE, FINE), np.float32))
    for plane, one, other in zip(canvas.colours, palette.wall, palette.floor, strict=True):
        cv2.resize((one + floor * (other - one)) * lit, (FINE, FINE), dst=plane)
    return canvas


def _draw_outlines(rng: np.random.Generator) -> list[Outline]:
    """Draw an abstract shape of about unit radius: blob, polygon, ring, bar, arc, star or chips."""
    kind = rng.choice([0, 0, 1, 1, 2, 3, 3, 4, 5, 6])
    numbers = rng.uniform(0.65, 1.1, 7)
    turns = np.linspace(0, 2 * np.pi, 8)[:7]
    rim = [
        (float(r * np.cos(t)), float(r * np.sin(t))) for r, t in zip(numbers, turns, strict=True)
    ]
    if kind == 0:
        return [trace_blob(*rim)]
    if kind == 1:
        return [trace_polygon(*rim[:: int(rng.integers(1, 3))], radius=0.12)]
    if kind == 2:
        hole = 0.45 * numbers[0]
        return [trace_ellipse(0, 0, 1, numbers[1]), trace_ellipse(0, 0, hole, hole * numbers[1])]
    if kind == 3:
        return [trace_box(-1.3, -0.3 * numbers[0], 1.3, 0.3 * numbers[0], 0.15)]
    if kind == 4:
        outer, inner = trace_arc(0, 0, 1, 1, 0, 180), trace_arc(0, 0, 0.5, 0.5, 180, 0)
        return [np.concatenate([outer, inner])]
    if kind == 5:
        return [trace_tube((-1.1, 0), (-0.4, -0.5), (0.4, 0.5), (1.1, 0), width=0.4)]
    return [place_points(trace_polygon(*rim[::2]), x, y, 80 * x, 0.55) for x, y in rim[:6:2]]


def paint_distractors(
    rng: np.random.Generator, canvas: Canvas, surfaces: tuple[Surface, ...], light: Light
) -> None:
    """Paint 6 to 11 abstract shapes in the colours and patterns of the thing in front."""
    slots = (MAIN, MAIN, SECOND, SECOND, ACCENT, ACCENT, DARK, DARK, LIGHT, LIGHT)
    backdrop = canvas.colours.copy()
    for _ in range(rng.integers(6, 12)):
        size = np.exp(rng.uniform(np.log(22), np.log(100)))
        x, y = rng.uniform(-20, FINE + 20, 2)
        turn, slot = rng.uniform(0, 360), slots[rng.integers(len(slots))]
        outlines = [place_points(outline, x, y, turn, size) for outline in _draw_outlines(rng)]
        paint_piece(canvas, outlines, surfaces[slot], light, relief=rng.choice([0.4, 1.0]))
    # Further away means hazier: what lies in front stands out, whatever its colours.
    haze = rng.uniform(0.05, 0.3)
    for plane, behind in zip(canvas.colours, backdrop, strict=True):
        cv2.addWeighted(plane, 1 - haze, behind, haze, 0, dst=plane)


def paint_fragments(
    rng: np.random.Generator,
    canvas: Canvas,
    surfaces: tuple[Surface, ...],
    light: Light,
    pose: Pose,
) -> None:
    """Paint up to three chips in front, too small to hide a part, around the rim of the figure."""
    for _ in range(rng.integers(0, 4)):
        angle, radius = rng.uniform(0, 2 * np.pi), rng.uniform(0.95, 1.3)
        size, turn = rng.uniform(6, 12), rng.uniform(0, 360)
        slot = int(rng.integers(len(surfaces)))
        centre = np.array([[np.cos(angle), np.sin(angle)]]) * radius
        x, y = pose.place(centre)[0]
        outlines = [place_points(outline, x, y, turn, size) for outline in _draw_outlines(rng)]
        paint_piece(canvas, outlines, surfaces[slot], light, relief=0.6)


def cast_shadow(canvas: Canvas, outlines: Iterable[Outline], light: Light) -> None:
    """Darken the background where a figure with these outlines (pixels) keeps the light away."""
    coarse = FINE // 4
    mask = np.zeros((coarse, coarse), np.uint8)
    offset = np.array([-light.x, 0.4 - light.y]) * 16
    for outline in outlines:
        cv2.fillPoly(mask, [np.round((outline + offset) * 4).astype(np.int32)], 255, cv2.LINE_AA, 4)
    soft = cv2.blur(cv2.blur(mask, (7, 7)), (9, 9))
    fine = cv2.resize(soft, (FINE, FINE), interpolation=cv2.INTER_LINEAR)
    canvas.colours *= 1 - fine.astype(np.float32) * np.float32(0.45 / 255)


def paint_figure(
    canvas: Canvas,
    figure: Figure,
    pose: Pose,
    surfaces: tuple[Surface, ...],
    light: Light,
    part_names: tuple[str, ...],
) -> None:
    """Paint the pieces of a figure from back to front, with the shadow that it throws."""
    placed = [[pose.place(outline) for outline in piece.outlines] for piece in figure]
    cast_shadow(canvas, (outline for outlines in placed for outline in outlines[:1]), light)
    for piece, outlines in zip(figure, placed, strict=True):
        paint_piece(
            canvas,
            outlines,
            surfaces[piece.paint],
            light,
            relief=piece.relief,
            tone=piece.tone,
            label=part_names.index(piece.part) + 1,
        )
