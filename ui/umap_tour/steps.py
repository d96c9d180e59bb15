"""The guided tour of the page: what is pointed at, and what the cards tell."""

from __future__ import annotations

from ui.tour import TourStep

STEPS = (
    TourStep(
        "",
        "Fifteen dimensions, two at a time",
        "UMAP keeps more of a layer in fifteen dimensions than in two. A Grand Tour turns that cloud "
        "through all its sides and shows the shadow: groups that stay apart from every side are apart.",
        "bottom",
    ),
    TourStep(
        ".st-key-tour-panel >>> .track",
        "Travel through the layers",
        "Each block is a layer. Click one, or press `←` and `→`, and every picture moves to its place "
        "there, while the point of view stays.",
        "bottom",
    ),
    TourStep(
        ".st-key-tour-panel >>> .views",
        "Steer it",
        "A ring is the centre of a class: drag it, and the whole cloud turns with it. Hold `Shift` and "
        "draw round a group, then press `d` for a ring of its own.",
        "left",
    ),
    TourStep(
        ".st-key-tour-panel >>> .timeline",
        "Time",
        "Pause, step, change the speed, or go back to a view that you liked. The tour follows from its "
        "seed: the same seed and step show the same view, to everybody.",
        "top",
    ),
    TourStep(
        ".st-key-tour-choices",
        "Two networks",
        "Set a second network of the same pictures beside the first. It is turned onto the first one, "
        "and rings, hovering and choices go together.",
        "bottom",
    ),
    TourStep(
        ".st-key-similarity-panel",
        "Which layers are alike",
        "How similar each pair of layers is, beside what chance alone would give. Click a cell to go to "
        "that pair.",
        "right",
    ),
)
