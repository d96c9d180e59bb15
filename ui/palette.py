"""Colours of classes, of coarse classes and of kinds of layers.

The ten class colours were searched for in OKLCH: under normal vision and under simulated protanopia,
deuteranopia and tritanopia (Machado et al. 2009) any two are at least 0.11 apart in OKLab, and each
has a contrast of at least 4 : 1 on a panel. From the eleventh class on, marks change their shape.

Those of coarse classes were searched for likewise: a family has a hue, and two colours of it.
Under the same four visions first colours of two families are at least 0.08 apart, the two of a family
0.095, any two 0.055; contrasts are at least 3.4 : 1. The shape tells the rest.
"""

from __future__ import annotations

import numpy as np

from layerscope.explanation.heatmap import colorize

CLASS_COLORS = (
    "#4ab8b5",
    "#cf5331",
    "#a193fc",
    "#daf86f",
    "#ac678b",
    "#92fef9",
    "#f3b609",
    "#7e6bdb",
    "#ea856a",
    "#a3dca1",
)
SHAPES = ("circle", "diamond", "triangle", "square")
# As `layerscope.coarse` orders its families.
FAMILY_COLORS = (
    ("#eab0bf", "#df7a98"), ("#7ac37d", "#6b9c6c"), ("#9750a5", "#c262d4"), ("#f2f789", "#6d7038"),
    ("#aad2ff", "#68b1fe"), ("#cb3715", "#f66749"), ("#2f806b", "#73f5d1"), ("#c791d5", "#93739b"),
    ("#c3da1b", "#859500"), ("#9a7eff", "#7655d6"), ("#e09f09", "#f9d190"), ("#b5feff", "#14aaad"),
)  # fmt: skip
KIND_COLORS = {
    "input": "#a58a4c",
    "conv": "#4d7ea8",
    "block": "#4d7ea8",
    "relu": "#35566f",
    "norm": "#35566f",
    "pool": "#8a5a83",
    "sum": "#c9d0d7",
    "dense": "#5e8c61",
    "output": "#a58a4c",
}


def mark_class(label: int) -> tuple[str, str]:
    """Colour and shape of the marks of a class; -1 is none."""
    if label < 0:
        return UNKNOWN
    return (
        CLASS_COLORS[label % len(CLASS_COLORS)],
        SHAPES[label // len(CLASS_COLORS) % len(SHAPES)],
    )


def mark_coarse(family: int, member: int) -> tuple[str, str]:
    """Colour and shape of the marks of a coarse class: the number of its family, and its own in that."""
    colors = FAMILY_COLORS[family % len(FAMILY_COLORS)]
    return colors[member % len(colors)], SHAPES[member // len(colors) % len(SHAPES)]


UNKNOWN = ("#6d7884", "square")  # what has no label, and no value
# Wrong, correct, and where that cannot be said: told apart by shape as well.
RIGHT_WRONG = (("#ff8d7a", "diamond"), ("#4ab8b5", "circle"), UNKNOWN)
# Twelve steps of viridis without its darkest third: at least 3 : 1 on a panel.
SCALE = (
    "#31678e", "#2a768e", "#25848e", "#20938c", "#1fa187", "#2ab07f",
    "#42be71", "#60ca60", "#86d549", "#addc30", "#d8e219", "#fde725",
)  # fmt: skip
# What heatmaps are drawn with in the browser, (256, 3), RGB.
HEAT_COLORS = colorize(np.linspace(0, 1, 256)[None])[0]
