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


# Wrong, correct, and where that cannot be said: told apart by shape as well.
RIGHT_WRONG = (("#ff8d7a", "diamond"), ("#4ab8b5", "circle"), ("#6d7884", "square"))
# Twelve steps of viridis without its darkest third: at least 3 : 1 on a panel.
SCALE = (
    "#31678e", "#2a768e", "#25848e", "#20938c", "#1fa187", "#2ab07f",
    "#42be71", "#60ca60", "#86d549", "#addc30", "#d8e219", "#fde725",
)  # fmt: skip
