"""The guided tour of the page: what is pointed at, and what is said of it."""

from __future__ import annotations

from ui.tour import TourStep

STEPS = (
    TourStep(
        "",
        "How good is it?",
        "One figure says little: this page shows which classes are mixed up, at which threshold, how sure "
        "the model is, and where it is surely wrong. Turn these cards with `→`.",
        "bottom",
    ),
    TourStep(
        ".st-key-page-views",
        "Five questions",
        "What is taken for what, how good each class is, what a threshold changes, whether confidence means "
        "what it says, and the worst errors. Go through them from left to right.",
        "bottom",
    ),
    TourStep(
        ".st-key-panel-matrix",
        "What is taken for what",
        "Rows are what the pictures show, columns what the model answers; right answers are grey. Click an "
        "orange cell to see its pictures.",
        "right",
    ),
    TourStep(
        ".st-key-panel-cell",
        "The pictures of a cell",
        "The surest first; a click tells more of one of them. `Show in Explorer` takes the whole set to the "
        "layers, to see where they go astray.",
        "left",
    ),
    TourStep(
        ".st-key-overall",
        "Figures with their doubt",
        "What is behind a figure is its 95 % interval: with a hundred samples it is wide. Choose `100` above "
        "and watch the intervals grow.",
        "right",
    ),
    TourStep(
        ".st-key-technique",
        "How far to trust it",
        "Each view says how its figures are made, whence they are, and when they mislead. Choose another one "
        "in the list.",
        "right",
    ),
)
