"""Colours of classes and of kinds of layers.

The ten class colours were searched for in OKLCH: under normal vision and under simulated protanopia,
deuteranopia and tritanopia (Machado et al. 2009) any two are at least 0.11 apart in OKLab, and each
has a contrast of at least 4 : 1 on a panel. From the eleventh class on, marks change their shape.
"""

from __future__ import annotations

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
KIND_COLORS = {
    "input": "#a58a4c",
    "conv": "#4d7ea8",
    "block": "#4d7ea8",
    "relu": "#35566f",
    "norm": "#35566f",
    "pool": "#8a5a83",
    "dense": "#5e8c61",
    "output": "#a58a4c",
}


def mark_class(label: int) -> tuple[str, str]:
    """Colour and shape of the marks of a class."""
    return (
        CLASS_COLORS[label % len(CLASS_COLORS)],
        SHAPES[label // len(CLASS_COLORS) % len(SHAPES)],
    )
