"""The guided tour of the page: what is pointed at, and what is said of it."""

from __future__ import annotations

from ui.tour import TourStep

STEPS = (
    TourStep(
        "",
        "Why this prediction?",
        "Fifteen methods explain a prediction, and they do not agree. Compare them side by side, and see "
        "which of them are faithful to the model.",
        "bottom",
    ),
    TourStep(
        ".st-key-subject-panel",
        "A picture and a class",
        "Choose a sample or a photograph, or upload an image, and see what the model predicts. Click a class "
        "to explain it, `vs` to set another one against it.",
        "right",
    ),
    TourStep(
        ".st-key-methods-panel",
        "Methods side by side",
        "Fast methods are computed at once; press `Compute` on the others, and cancel them when they take "
        "too long. Click a tile to open it.",
        "left",
    ),
    TourStep(
        ".st-key-method-panel",
        "What it does, and its limitation",
        "The formula, its source, and how the method is known to mislead. Change an option or the layer and "
        "watch what stays.",
        "left",
    ),
    TourStep(
        ".st-key-explain-views",
        "Manual occlusion and a benchmark",
        "Manual occlusion: cover a part of the picture and see how the probability changes. The last view "
        "compares how faithful the methods are.",
        "bottom",
    ),
)
