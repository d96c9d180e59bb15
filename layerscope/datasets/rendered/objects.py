"""The ten objects: each a list of pieces from back to front, in the unit frame."""

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
    trace_arc,
    trace_blob,
    trace_box,
    trace_ellipse,
    trace_polygon,
    trace_tube,
)


def _draw_wheel(x: float, y: float, radius: float, part: str = "wheels") -> Figure:
    return (
        sketch(part, DARK, trace_ellipse(x, y, radius, radius), relief=0.5),
        sketch(part, LIGHT, trace_ellipse(x, y, radius * 0.56, radius * 0.56), relief=0.6),
        sketch(part, ACCENT, trace_ellipse(x, y, radius * 0.22, radius * 0.22)),
    )


def _draw_spokes(x: float, y: float, radius: float) -> Figure:
    ring = (trace_ellipse(x, y, radius, radius), trace_ellipse(x, y, radius * 0.74, radius * 0.74))
    ends = [trace_arc(x, y, radius * 0.8, radius * 0.8, a, a + 180)[[0, -1]] for a in (20, 80, 140)]
    bars = [trace_tube(*(tuple(p) for p in pair), width=0.035) for pair in ends]
    return (
        *(sketch("wheels", LIGHT, bar, relief=0.4) for bar in bars),
        sketch("wheels", DARK, *ring),
        sketch("wheels", ACCENT, trace_ellipse(x, y, 0.07, 0.07)),
    )


TEAPOT: Figure = (
    sketch("handle", SECOND, trace_tube((-0.45, -0.25), (-0.82, -0.38), (-0.98, -0.02),
                                        (-0.78, 0.3), (-0.42, 0.36), width=0.15)),
    sketch("spout", SECOND, trace_blob((0.3, 0.02), (0.55, -0.02), (0.68, -0.28), (0.8, -0.5),
                                       (1.02, -0.5), (0.94, -0.3), (0.84, 0.05), (0.66, 0.35),
                                       (0.35, 0.48))),
    sketch("body", MAIN, trace_box(-0.34, 0.5, 0.34, 0.7, 0.06), tone=0.85),
    sketch("body", MAIN, trace_blob((0, -0.38), (0.42, -0.26), (0.62, 0.1), (0.46, 0.48), (0, 0.62),
                                    (-0.46, 0.48), (-0.62, 0.1), (-0.42, -0.26))),
    sketch("lid", ACCENT, trace_ellipse(0, -0.6, 0.12, 0.12)),
    sketch("lid", ACCENT, trace_polygon((-0.4, -0.3), (-0.3, -0.44), (0, -0.53), (0.3, -0.44),
                                        (0.4, -0.3), (0.2, -0.25), (-0.2, -0.25), radius=0.08)),
)  # fmt: skip

LAMP: Figure = (
    sketch("bulb", LIGHT, trace_ellipse(0, 0.0, 0.2, 0.24), relief=0.8, tone=1.08),
    sketch("stem", SECOND, trace_tube((0, 0.28), (0, 0.8), width=0.13)),
    sketch("stem", SECOND, trace_box(-0.12, 0.2, 0.12, 0.32, 0.04), tone=0.8),
    sketch("stem", SECOND, trace_ellipse(0, 0.52, 0.14, 0.11)),
    sketch("base", ACCENT, trace_box(-0.44, 0.84, 0.44, 0.98, 0.06), tone=0.9),
    sketch("base", ACCENT, trace_blob((-0.36, 0.87), (-0.2, 0.72), (0, 0.67), (0.2, 0.72),
                                      (0.36, 0.87), (0, 0.9))),
    sketch("shade", MAIN, trace_polygon((-0.34, -0.92), (0.34, -0.92), (0.72, -0.08),
                                        (-0.72, -0.08), radius=0.07), relief=0.8),
    sketch("shade", SECOND, trace_polygon((-0.67, -0.2), (0.67, -0.2), (0.73, -0.06),
                                          (-0.73, -0.06), radius=0.05)),
)  # fmt: skip

CAR: Figure = (
    sketch("body", MAIN, trace_blob((-0.66, -0.02), (-0.48, -0.38), (-0.2, -0.5), (0.15, -0.48),
                                    (0.42, -0.28), (0.62, -0.02), (0, 0.1)), relief=0.6),
    sketch("windows", LIGHT, trace_polygon((-0.52, -0.05), (-0.4, -0.31), (-0.06, -0.4),
                                           (-0.06, -0.05), radius=0.06), relief=0.5),
    sketch("windows", LIGHT, trace_polygon((0.06, -0.05), (0.06, -0.4), (0.28, -0.31), (0.5, -0.05),
                                           radius=0.06), relief=0.5),
    sketch("body", MAIN, trace_polygon((-0.98, 0.06), (-0.88, -0.08), (0.66, -0.08), (0.94, 0.02),
                                       (1, 0.18), (1, 0.36), (-1, 0.36), radius=0.1), relief=0.7),
    sketch("body", SECOND, trace_box(-1.02, 0.28, 1.02, 0.4, 0.05)),
    sketch("body", DARK, trace_box(-0.14, 0.06, 0.04, 0.11, 0.02), relief=0.4),
    sketch("lights", ACCENT, trace_ellipse(0.9, 0.14, 0.11, 0.11)),
    sketch("lights", ACCENT, trace_box(-0.99, 0.03, -0.86, 0.2, 0.04)),
    *_draw_wheel(-0.56, 0.38, 0.25),
    *_draw_wheel(0.56, 0.38, 0.25),
)  # fmt: skip

BOAT: Figure = (
    sketch("mast", DARK, trace_tube((0, -0.9), (0, 0.5), width=0.09)),
    sketch("flag", ACCENT, trace_polygon((0.03, -1), (-0.42, -0.86), (0.03, -0.72), radius=0.03)),
    sketch("mainsail", MAIN, trace_blob((0.08, -0.76), (0.34, -0.45), (0.6, -0.05), (0.8, 0.3),
                                        (0.4, 0.33), (0.08, 0.3), (0.08, -0.2)), relief=0.7),
    sketch("jib", SECOND, trace_blob((-0.08, -0.66), (-0.08, -0.2), (-0.12, 0.28), (-0.4, 0.33),
                                     (-0.72, 0.28), (-0.46, -0.1)), relief=0.7),
    sketch("hull", ACCENT, trace_polygon((-0.95, 0.42), (0.98, 0.42), (0.66, 0.86), (-0.66, 0.86),
                                         radius=0.12), relief=0.8),
    sketch("hull", LIGHT, trace_polygon((-0.99, 0.38), (1.02, 0.38), (0.97, 0.52), (-0.92, 0.52),
                                        radius=0.05), relief=0.6),
)  # fmt: skip

CHAIR: Figure = (
    sketch("legs", SECOND, trace_tube((0.28, 0.12), (0.34, 0.72), width=0.13, end=0.09), tone=0.75),
    sketch("legs", SECOND, trace_tube((-0.36, 0.12), (-0.32, 0.72), width=0.13, end=0.09),
           tone=0.75),
    sketch("backrest", SECOND, trace_tube((-0.4, 0.1), (-0.46, -0.9), width=0.14)),
    sketch("backrest", SECOND, trace_tube((0.3, 0.1), (0.36, -0.9), width=0.14)),
    sketch("backrest", MAIN, trace_box(-0.48, -0.88, 0.38, -0.58, 0.1)),
    sketch("backrest", MAIN, trace_box(-0.42, -0.46, 0.32, -0.28, 0.06)),
    sketch("legs", SECOND, trace_tube((-0.5, 0.32), (-0.54, 0.96), width=0.15, end=0.1)),
    sketch("legs", SECOND, trace_tube((0.48, 0.32), (0.54, 0.96), width=0.15, end=0.1)),
    sketch("seat", MAIN, trace_polygon((-0.58, 0.22), (0.58, 0.22), (0.56, 0.38), (-0.56, 0.38),
                                       radius=0.05), tone=0.75),
    sketch("seat", MAIN, trace_polygon((-0.42, 0.0), (0.34, 0.0), (0.6, 0.26), (-0.6, 0.26),
                                       radius=0.08), relief=0.8),
    sketch("cushion", ACCENT, trace_polygon((-0.33, -0.06), (0.25, -0.06), (0.42, 0.17),
                                            (-0.42, 0.17), radius=0.14)),
)  # fmt: skip

UMBRELLA: Figure = (
    sketch("shaft", DARK, trace_tube((0, -0.6), (0, 0.66), width=0.09)),
    sketch("handle", ACCENT, trace_tube((0, 0.5), (0, 0.78), (0.14, 0.95), (0.3, 0.88),
                                        (0.33, 0.68), width=0.14)),
    sketch("tip", ACCENT, trace_polygon((-0.08, -0.7), (-0.05, -0.98), (0.05, -0.98), (0.08, -0.7),
                                        radius=0.04)),
    sketch("canopy", SECOND, trace_blob((-0.98, 0.1), (-0.85, -0.35), (-0.45, -0.68), (0, -0.8),
                                        (0.45, -0.68), (0.85, -0.35), (0.98, 0.1), (0.78, 0),
                                        (0.6, 0.1), (0.3, 0), (0, 0.1), (-0.3, 0), (-0.6, 0.1),
                                        (-0.78, 0)), relief=0.8),
    sketch("canopy", MAIN, trace_blob((-0.6, 0.1), (-0.5, -0.35), (-0.25, -0.66), (0, -0.79),
                                      (0.25, -0.66), (0.5, -0.35), (0.6, 0.1), (0.3, 0.0), (0, 0.1),
                                      (-0.3, 0.0)), relief=0.6),
    sketch("canopy", SECOND, trace_blob((-0.22, 0.06), (-0.16, -0.4), (0, -0.79), (0.16, -0.4),
                                        (0.22, 0.06), (0, 0.1)), relief=0.6),
)  # fmt: skip

GUITAR: Figure = (
    sketch("body", MAIN, trace_blob((0, -0.05), (0.26, -0.06), (0.35, 0.12), (0.27, 0.32),
                                    (0.43, 0.5), (0.47, 0.72), (0.3, 0.95), (0, 1), (-0.3, 0.95),
                                    (-0.47, 0.72), (-0.43, 0.5), (-0.27, 0.32), (-0.35, 0.12),
                                    (-0.26, -0.06)), relief=0.5),
    sketch("hole", ACCENT, trace_ellipse(0, 0.33, 0.18, 0.18), relief=0.5),
    sketch("hole", DARK, trace_ellipse(0, 0.33, 0.13, 0.13), relief=0.3, tone=0.7),
    sketch("bridge", DARK, trace_box(-0.24, 0.68, 0.24, 0.79, 0.04)),
    sketch("head", ACCENT, *(trace_ellipse(x, y, 0.07, 0.055) for y in (-0.92, -0.76)
                             for x in (-0.2,))),
    sketch("head", ACCENT, *(trace_ellipse(x, y, 0.07, 0.055) for y in (-0.92, -0.76)
                             for x in (0.2,))),
    sketch("neck", SECOND, trace_polygon((-0.08, -0.7), (0.08, -0.7), (0.1, 0.22), (-0.1, 0.22)),
           relief=0.8),
    *(sketch("neck", LIGHT, trace_box(-0.085, y, 0.085, y + 0.03, 0.01), relief=0)
      for y in (-0.5, -0.33, -0.16)),
    sketch("head", SECOND, trace_polygon((-0.17, -1), (0.17, -1), (0.12, -0.64), (-0.12, -0.64),
                                         radius=0.06), tone=0.85),
)  # fmt: skip

BICYCLE: Figure = (
    *_draw_spokes(-0.58, 0.3, 0.42),
    *_draw_spokes(0.58, 0.3, 0.42),
    sketch("frame", MAIN, trace_tube((-0.58, 0.3), (-0.2, -0.28), width=0.09)),
    sketch("frame", MAIN, trace_tube((-0.58, 0.3), (-0.06, 0.32), width=0.09)),
    sketch("frame", MAIN, trace_tube((-0.06, 0.32), (0.38, -0.22), width=0.11)),
    sketch("frame", MAIN, trace_tube((-0.2, -0.26), (0.38, -0.3), width=0.11)),
    sketch("frame", MAIN, trace_tube((-0.26, -0.42), (-0.06, 0.32), width=0.11)),
    sketch("frame", MAIN, trace_tube((0.36, -0.4), (0.42, -0.18), (0.58, 0.3), width=0.11)),
    sketch("saddle", ACCENT, trace_blob((-0.52, -0.5), (-0.3, -0.54), (-0.02, -0.49), (-0.06, -0.4),
                                        (-0.3, -0.39), (-0.48, -0.36))),
    sketch("handlebar", SECOND, trace_tube((0.36, -0.36), (0.34, -0.56), (0.5, -0.62), (0.66, -0.5),
                                           (0.58, -0.36), width=0.1)),
    sketch("pedals", SECOND, trace_ellipse(-0.06, 0.32, 0.13, 0.13)),
    sketch("pedals", DARK, trace_tube((-0.06, 0.32), (0.06, 0.58), width=0.07)),
    sketch("pedals", ACCENT, trace_box(-0.06, 0.55, 0.2, 0.64, 0.03)),
)  # fmt: skip

HOUSE: Figure = (
    sketch("chimney", ACCENT, trace_box(0.26, -1.0, 0.54, -0.3, 0.02), relief=0.5),
    sketch("chimney", DARK, trace_box(0.2, -1.06, 0.6, -0.93, 0.03)),
    sketch("walls", MAIN, trace_polygon((-0.12, -0.1), (0.8, -0.1), (0.8, 0.8), (-0.12, 0.8)),
           relief=0.25),
    sketch("walls", MAIN, trace_polygon((-0.8, -0.08), (-0.46, -0.62), (-0.12, -0.08), (-0.12, 0.8),
                                        (-0.8, 0.8)), relief=0.25, tone=0.8),
    sketch("roof", SECOND, trace_polygon((-0.5, -0.8), (0.62, -0.72), (0.98, 0.0), (-0.06, 0.0),
                                         radius=0.04), relief=0.4),
    sketch("roof", SECOND, trace_polygon((-0.5, -0.82), (-0.42, -0.62), (-0.84, 0.03),
                                         (-0.98, -0.06), radius=0.03), tone=0.8, relief=0.4),
    sketch("windows", LIGHT, trace_box(0.44, 0.16, 0.7, 0.44, 0.03), relief=0.3),
    sketch("windows", LIGHT, trace_ellipse(-0.46, -0.2, 0.13, 0.14), relief=0.3),
    sketch("windows", DARK, trace_box(0.555, 0.16, 0.585, 0.44, 0.01), relief=0),
    sketch("windows", DARK, trace_box(0.44, 0.285, 0.7, 0.315, 0.01), relief=0),
    sketch("door", ACCENT, trace_polygon((0.04, 0.8), (0.04, 0.22), (0.18, 0.14), (0.32, 0.22),
                                         (0.32, 0.8), radius=0.05), relief=0.5),
    sketch("door", DARK, trace_ellipse(0.26, 0.5, 0.035, 0.035)),
    sketch("walls", DARK, trace_box(-0.88, 0.76, 0.88, 0.88, 0.03), relief=0.5),
)  # fmt: skip

ROCKET: Figure = (
    sketch("flame", ACCENT, trace_blob((-0.2, 0.5), (0.2, 0.5), (0.32, 0.78), (0.17, 0.86),
                                       (0, 1.18), (-0.17, 0.86), (-0.32, 0.78))),
    sketch("flame", LIGHT, trace_blob((-0.1, 0.5), (0.1, 0.5), (0.15, 0.74), (0, 0.98),
                                      (-0.15, 0.74)), relief=0.7),
    sketch("fins", SECOND, trace_blob((-0.2, 0.1), (-0.48, 0.3), (-0.62, 0.72), (-0.4, 0.62),
                                      (-0.16, 0.54))),
    sketch("fins", SECOND, trace_blob((0.2, 0.1), (0.48, 0.3), (0.62, 0.72), (0.4, 0.62),
                                      (0.16, 0.54))),
    sketch("hull", DARK, trace_polygon((-0.2, 0.48), (0.2, 0.48), (0.24, 0.62), (-0.24, 0.62))),
    sketch("hull", MAIN, trace_polygon((-0.3, -0.44), (0.3, -0.44), (0.38, -0.1), (0.35, 0.25),
                                       (0.24, 0.54), (-0.24, 0.54), (-0.35, 0.25), (-0.38, -0.1),
                                       radius=0.12)),
    sketch("nose", ACCENT, trace_polygon((0, -1.04), (0.2, -0.76), (0.33, -0.38), (0, -0.34),
                                         (-0.33, -0.38), (-0.2, -0.76), radius=0.1)),
    sketch("windows", SECOND, trace_ellipse(0, -0.08, 0.21, 0.21), relief=0.7),
    sketch("windows", LIGHT, trace_ellipse(0, -0.08, 0.14, 0.14), relief=0.7),
    sketch("fins", SECOND, trace_tube((0, 0.3), (0, 0.66), width=0.12)),
)  # fmt: skip

OBJECTS: dict[str, Figure] = {
    "teapot": TEAPOT,
    "table lamp": LAMP,
    "car": CAR,
    "sailing boat": BOAT,
    "chair": CHAIR,
    "umbrella": UMBRELLA,
    "guitar": GUITAR,
    "bicycle": BICYCLE,
    "house": HOUSE,
    "rocket": ROCKET,
}
