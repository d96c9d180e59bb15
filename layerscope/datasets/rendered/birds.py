"""Ten species of birds that share a body and differ only in which parts they combine."""

from collections.abc import Mapping

from layerscope.datasets.rendered.painting import (
    ACCENT,
    DARK,
    LIGHT,
    MAIN,
    SECOND,
    Figure,
    sketch,
)
from layerscope.datasets.rendered.shapes import (
    Outline,
    place_points,
    trace_blob,
    trace_ellipse,
    trace_polygon,
    trace_tube,
)

BIRD_PARTS = ("body", "beak", "wings", "tail", "eyes", "feet")


BODY: Figure = (
    sketch("body", MAIN, trace_blob((0.4, -0.68), (0.6, -0.6), (0.66, -0.38), (0.56, -0.16),
                                    (0.52, 0.1), (0.34, 0.38), (0.02, 0.5), (-0.3, 0.42),
                                    (-0.56, 0.2), (-0.58, 0.04), (-0.3, -0.06), (-0.02, -0.2),
                                    (0.14, -0.46), (0.22, -0.62))),
    sketch("body", SECOND, trace_blob((0.53, -0.1), (0.48, 0.12), (0.32, 0.34), (0.06, 0.45),
                                      (-0.16, 0.4), (0.1, 0.28), (0.32, 0.1)), relief=0.7),
)  # fmt: skip

BEAKS: dict[str, Figure] = {
    "cone": (
        sketch("beak", ACCENT, trace_polygon((0.56, -0.36), (0.92, -0.33), (0.58, -0.17),
                                             radius=0.04), tone=0.8),
        sketch("beak", ACCENT, trace_polygon((0.54, -0.6), (0.96, -0.34), (0.56, -0.3),
                                             radius=0.04)),
    ),
    "hook": (
        sketch("beak", ACCENT, trace_blob((0.58, -0.3), (0.74, -0.3), (0.72, -0.16), (0.6, -0.18)),
               tone=0.75),
        sketch("beak", ACCENT, trace_blob((0.52, -0.58), (0.72, -0.6), (0.9, -0.46), (0.95, -0.22),
                                          (0.9, -0.02), (0.82, -0.2), (0.72, -0.3), (0.54, -0.3))),
    ),
    "spear": (
        sketch("beak", ACCENT, trace_polygon((0.56, -0.44), (1.24, -0.28), (0.58, -0.28),
                                             radius=0.03), tone=0.8),
        sketch("beak", ACCENT, trace_polygon((0.56, -0.54), (0.72, -0.5), (1.28, -0.29),
                                             (0.58, -0.36), radius=0.03)),
    ),
    "spoon": (
        sketch("beak", ACCENT, trace_blob((0.56, -0.46), (0.74, -0.45), (0.9, -0.5), (1.1, -0.47),
                                          (1.18, -0.33), (1.08, -0.2), (0.9, -0.2), (0.74, -0.28),
                                          (0.58, -0.28))),
        sketch("beak", DARK, trace_tube((0.62, -0.36), (0.84, -0.35), (1.05, -0.33), width=0.03),
               relief=0),
    ),
}  # fmt: skip

_FAN = (-78, -50, -22, 6)
_FEATHER = trace_blob((0, 0.1), (-0.3, 0.13), (-0.62, 0.1), (-0.7, 0), (-0.62, -0.1), (-0.3, -0.13),
                      (0, -0.1))  # fmt: skip

WINGS: dict[str, Figure] = {
    "folded": (
        sketch("wings", SECOND, trace_blob((0.24, -0.06), (0.2, 0.18), (-0.1, 0.3), (-0.46, 0.26),
                                           (-0.84, 0.3), (-0.62, 0.1), (-0.36, -0.02), (0, -0.18))),
        sketch("wings", ACCENT, trace_blob((0.2, -0.04), (0.16, 0.1), (-0.06, 0.15), (-0.32, 0.1),
                                           (0, -0.12)), relief=0.7),
    ),
    "raised": (
        sketch("wings", SECOND, trace_blob((0.3, -0.06), (0.36, -0.5), (0.26, -0.86), (0.1, -1.12),
                                           (0.06, -0.8), (-0.02, -0.4), (0.0, -0.04)), tone=0.7),
        sketch("wings", SECOND, trace_blob((0.2, 0.1), (0.12, -0.4), (-0.12, -0.8), (-0.46, -1.12),
                                           (-0.4, -0.8), (-0.34, -0.4), (-0.22, 0.0), (0, 0.2))),
        sketch("wings", ACCENT, trace_blob((0.14, 0.02), (0.04, -0.3), (-0.1, -0.55),
                                           (-0.14, -0.25), (-0.06, 0.04)), relief=0.7),
    ),
    "fingers": (
        *(sketch("wings", SECOND, place_points(_FEATHER, -0.02, 0.02, 26 - angle, 1.0))
          for angle in _FAN),
        sketch("wings", ACCENT, trace_blob((0.28, 0.1), (0.08, 0.22), (-0.16, 0.18), (-0.3, 0.02),
                                           (-0.2, -0.12), (-0.02, -0.16), (0.12, -0.06))),
    ),
    "flipper": (
        sketch("wings", SECOND, trace_blob((0.24, -0.12), (0.3, 0.1), (0.16, 0.4), (-0.08, 0.7),
                                           (-0.24, 0.72), (-0.18, 0.4), (-0.1, 0.06),
                                           (0.04, -0.14))),
        sketch("wings", ACCENT, trace_tube((0.14, 0.06), (0.06, 0.3), (-0.12, 0.58), width=0.09,
                                           end=0.05), relief=0.6),
    ),
}  # fmt: skip

TAILS: dict[str, Figure] = {
    "fork": (
        sketch("tail", SECOND, trace_blob((-0.42, 0.04), (-0.7, -0.1), (-1.16, -0.22),
                                          (-0.86, 0.04), (-0.5, 0.22)), tone=0.85),
        sketch("tail", SECOND, trace_blob((-0.42, 0.12), (-0.74, 0.16), (-1.12, 0.42),
                                          (-0.74, 0.38), (-0.46, 0.28))),
    ),
    "fan": (
        *(sketch("tail", SECOND, place_points(_FEATHER, -0.46, 0.12, turn, 0.8), tone=tone)
          for turn, tone in ((52, 0.85), (-48, 0.85), (26, 0.95), (-22, 0.95), (2, 1.0))),
    ),
    "plume": (
        sketch("tail", SECOND, trace_tube((-0.44, 0.12), (-0.78, 0.14), (-1.0, -0.12),
                                          (-0.92, -0.5), width=0.18, end=0.11)),
        sketch("tail", ACCENT, trace_ellipse(-0.88, -0.6, 0.19, 0.22, 20)),
        sketch("tail", DARK, trace_ellipse(-0.88, -0.6, 0.09, 0.11, 20)),
    ),
    "paddle": (
        sketch("tail", SECOND, trace_polygon((-0.42, 0.02), (-0.98, 0.02), (-1.0, 0.46),
                                             (-0.42, 0.3), radius=0.06)),
        sketch("tail", ACCENT, trace_polygon((-0.84, 0.02), (-0.99, 0.02), (-1.01, 0.46),
                                             (-0.85, 0.42), radius=0.04), relief=0.7),
    ),
}  # fmt: skip

EYES: dict[str, Figure] = {
    "round": (
        sketch("eyes", ACCENT, trace_ellipse(0.42, -0.45, 0.2, 0.2), relief=0.5),
        sketch("eyes", LIGHT, trace_ellipse(0.42, -0.45, 0.15, 0.15), relief=0.5),
        sketch("eyes", DARK, trace_ellipse(0.44, -0.45, 0.08, 0.08), tone=0.6),
    ),
    "sleepy": (
        sketch("eyes", LIGHT, trace_ellipse(0.42, -0.43, 0.16, 0.15), relief=0.5),
        sketch("eyes", DARK, trace_ellipse(0.45, -0.38, 0.07, 0.07), tone=0.6),
        sketch("eyes", MAIN, trace_blob((0.23, -0.42), (0.3, -0.58), (0.42, -0.63), (0.55, -0.57),
                                        (0.61, -0.42), (0.42, -0.43)), tone=0.85),
    ),
    "masked": (
        sketch("eyes", DARK, trace_blob((0.62, -0.42), (0.5, -0.58), (0.3, -0.56), (0.06, -0.4),
                                        (0.28, -0.36), (0.48, -0.33)), relief=0.5, tone=0.8),
        sketch("eyes", LIGHT, trace_ellipse(0.44, -0.46, 0.075, 0.075)),
    ),
}  # fmt: skip


def _draw_feet(
    web: tuple[Outline, ...], knee: float, length: float, width: float, paint: int = ACCENT
) -> Figure:
    """Return two legs from the belly, the far one darker, each ending in the outlines of a foot."""
    pieces = []
    for x, tone in ((0.2, 0.75), (-0.12, 1.0)):
        leg = trace_tube((x, 0.36), (x - knee, 0.36 + length / 2), (x, 0.36 + length), width=width)
        pieces.append(sketch("feet", paint, leg, tone=tone))
        for outline in web:
            foot = place_points(outline, x, 0.36 + length, 0, 1)
            pieces.append(sketch("feet", ACCENT, foot, tone=tone))
    return tuple(pieces)


FEET: dict[str, Figure] = {
    "webbed": _draw_feet(
        (trace_polygon((-0.07, -0.1), (0.06, -0.1), (0.3, 0.13), (0.15, 0.1), (0.05, 0.17),
                       (-0.05, 0.1), (-0.2, 0.13), radius=0.03),), 0.0, 0.34, 0.09,
    ),
    "stilts": _draw_feet(
        (trace_tube((-0.13, 0.04), (0, 0), (0.18, 0.04), width=0.06),), 0.12, 0.74, 0.065,
    ),
    "talons": _draw_feet(
        tuple(trace_tube((0, -0.02), (dx * 0.6, 0.02), (dx, 0.14), width=0.12, end=0.04)
              for dx in (-0.17, 0.06, 0.22)), 0.0, 0.32, 0.26, SECOND,
    ),
}  # fmt: skip

VARIANTS: dict[str, dict[str, Figure]] = {
    "body": {"common": BODY},
    "beak": BEAKS,
    "wings": WINGS,
    "tail": TAILS,
    "eyes": EYES,
    "feet": FEET,
}

# Every two species differ in at least two parts, and no single part tells a species.
_COMBINATIONS = """
    ember finch       cone   raised   paddle  round   webbed
    thistle tanager   cone   folded   fan     masked  stilts
    harbour puffling  cone   folded   plume   round   webbed
    dusk parakeet     hook   fingers  fork    sleepy  talons
    moss owlet        hook   flipper  paddle  sleepy  talons
    cinder falcon     hook   folded   fan     round   webbed
    velvet heron      spear  flipper  plume   masked  stilts
    glass kingfisher  spear  fingers  plume   sleepy  stilts
    saffron spoonbill spoon  raised   fan     masked  stilts
    tide mallard      spoon  fingers  fork    round   talons
"""


def _read_species(table: str) -> dict[str, dict[str, str]]:
    """Return, per species, the variant of each part of `BIRD_PARTS`."""
    species = {}
    for line in table.split("\n")[1:-1]:
        *name, beak, wings, tail, eyes, feet = line.split()
        variants = ("common", beak, wings, tail, eyes, feet)
        species[" ".join(name)] = dict(zip(BIRD_PARTS, variants, strict=True))
    return species


SPECIES: dict[str, dict[str, str]] = _read_species(_COMBINATIONS)


def compose_bird(parts: Mapping[str, str]) -> Figure:
    """Return the pieces of a bird from back to front, given the variant of each part."""
    chosen = {part: VARIANTS[part][variant] for part, variant in parts.items()}
    order = ("tail", "feet", "body", "beak", "wings", "eyes")
    return tuple(piece for part in order for piece in chosen[part])
