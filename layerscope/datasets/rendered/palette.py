"""Colour schemes: a few colours that go together, drawn at random for every picture.

Colours are chosen in OKLCH (Ottosson, 2020), where equal steps of lightness look equal, so that a
scheme stays balanced whatever its hue.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Colour = NDArray[np.float32]

# Offsets (degrees) of the second and the accent hue from the main one: the classic harmonies.
_HARMONIES = ((30, -35), (35, 180), (150, 210), (120, 240), (-28, 165), (180, 40), (12, 60))
_OKLAB_TO_LMS = np.array(
    [
        [1, 0.3963377774, 0.2158037573],
        [1, -0.1055613458, -0.0638541728],
        [1, -0.0894841775, -1.291485548],
    ]
)
_LMS_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)


@dataclass(frozen=True)
class Palette:
    """The colours of one picture, each (3,) float32 sRGB in 0..1.

    Attributes
    ----------
    paints
        What things are painted with, by slot: main, second, accent, dark and light.
    marks
        The colour of the pattern on each paint.
    wall, floor
        Two quiet colours for the background, apart from the main paint in lightness.
    """

    paints: tuple[Colour, ...]
    marks: tuple[Colour, ...]
    wall: Colour
    floor: Colour


def convert_oklch(lightness: float, chroma: float, hue: float) -> Colour:
    """Convert a colour from OKLCH (0..1, 0..0.3, degrees) to sRGB, (3,) float32 in 0..1."""
    angle = np.deg2rad(hue)
    lab = np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])
    linear = np.clip(_LMS_TO_RGB @ (_OKLAB_TO_LMS @ lab) ** 3, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(encoded, np.float32)


def draw_palette(rng: np.random.Generator) -> Palette:
    """Draw a colour scheme: a main hue, a harmony around it, and a background that sets it off."""
    hue = rng.uniform(0, 360)
    second, accent = _HARMONIES[rng.integers(len(_HARMONIES))]
    level = rng.uniform(0.48, 0.8)
    step = 0.16 if level < 0.64 else -0.16
    vivid = rng.uniform(0.05, 0.16)
    slots = (
        (level, vivid, hue),
        (level + step, vivid * 0.85, hue + second),
        (rng.uniform(0.62, 0.8), rng.uniform(0.11, 0.17), hue + accent),
        (rng.uniform(0.26, 0.46), rng.uniform(0.02, 0.07), hue + second),
        (rng.uniform(0.84, 0.96), rng.uniform(0.01, 0.05), hue + accent),
    )
    # A pattern is a lighter or darker turn of its paint, or it borrows the neighbouring hue.
    shift = rng.uniform(0.1, 0.24) * rng.choice([-1, 1], size=5)
    turn = rng.choice([0, 0, 25, -25, second], size=5)
    marks = [
        (np.clip(one + by, 0.2, 0.97), chroma, angle + by_angle)
        for (one, chroma, angle), by, by_angle in zip(slots, shift, turn, strict=True)
    ]
    wall, floor = _draw_ground(rng, level, hue, (0, second, accent))
    return Palette(
        tuple(convert_oklch(*slot) for slot in slots),
        tuple(convert_oklch(*mark) for mark in marks),
        wall,
        floor,
    )


def _draw_ground(
    rng: np.random.Generator, level: float, hue: float, turns: tuple[int, ...]
) -> tuple[Colour, Colour]:
    """Draw the two colours of the background, at least 0.14 from `level` in lightness."""
    lighter = rng.random() < (0.85 if level < 0.64 else 0.4)
    wall = (
        rng.uniform(max(level + 0.14, 0.78), 0.95) if lighter else rng.uniform(0.32, level - 0.14)
    )
    chroma = rng.uniform(0.02, 0.075)
    hues = (hue + rng.choice(turns, size=2)) % 360
    if not lighter:  # dark yellow and orange are mud: turn them into the colours of the night
        hues = 160 + hues * (170 / 360)
    wall_hue, floor_hue = hues
    floor = wall + rng.choice([-1, 1]) * rng.uniform(0.04, 0.1)
    return convert_oklch(wall, chroma, wall_hue), convert_oklch(floor, chroma, floor_hue)
