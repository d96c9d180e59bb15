"""The guided tour of the page: what is pointed at, and what is said of it."""

from __future__ import annotations

from ui.tour import TourStep

STEPS = (
    TourStep(
        "",
        "Why this answer?",
        "Fourteen methods answer that, and they do not agree. Set them side by side, and find out which "
        "of them to believe.",
        "bottom",
    ),
    TourStep(
        ".st-key-subject-panel",
        "A picture and a class",
        "Take a sample, a photograph, or a picture of yours, and see what the model says. Click a class to "
        "explain it, `vs` to ask why it and not the other.",
        "right",
    ),
    TourStep(
        ".st-key-methods-panel",
        "Methods side by side",
        "What is cheap is there at once; press `Compute` on the others, and cancel them when they take too "
        "long. Click a tile to open it.",
        "left",
    ),
    TourStep(
        ".st-key-method-panel",
        "What it does, and where it fails",
        "The formula, its source, and how the method is known to mislead. Change an option or the layer and "
        "watch what stays.",
        "left",
    ),
    TourStep(
        ".st-key-explain-views",
        "By hand, and in numbers",
        "Occlude by hand: cover a part and see what the model thinks then. The last view tells which methods "
        "passed the tests.",
        "bottom",
    ),
)
