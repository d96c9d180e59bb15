"""The guided tour of the page: what is pointed at, and what is said of it."""

from __future__ import annotations

from ui.tour import TourStep

STEPS = (
    TourStep(
        "",
        "How good is it?",
        "One figure says little: this page shows which classes are confused, what a threshold changes, how "
        "well confidence is calibrated, and the worst errors. Turn these cards with `→`.",
        "bottom",
    ),
    TourStep(
        ".st-key-page-views",
        "Five questions",
        "The confusion matrix, the scores of each class, what a threshold changes, whether confidence "
        "matches accuracy, and the worst errors. Go through them from left to right.",
        "bottom",
    ),
    TourStep(
        ".st-key-panel-matrix",
        "The confusion matrix",
        "Rows are true classes, columns predicted ones; correct predictions are grey. Click an orange cell "
        "to see its pictures.",
        "right",
    ),
    TourStep(
        ".st-key-panel-cell",
        "The pictures of a cell",
        "The most confident come first; click one to see more of it. `Show them in Explorer` opens the whole "
        "set there, to see in which layer they go wrong.",
        "left",
    ),
    TourStep(
        ".st-key-overall",
        "Figures with intervals",
        "Behind each figure stands its 95 % interval: with a hundred samples it is wide. Choose `100` above "
        "and watch the intervals grow.",
        "right",
    ),
    TourStep(
        ".st-key-technique",
        "How far to trust it",
        "Each view says how its figures are computed, who proposed them, and when they mislead. Choose "
        "another one in the list.",
        "right",
    ),
)
