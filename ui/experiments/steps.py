"""The guided tour of the page: what is pointed at, and what is said of it."""

from __future__ import annotations

from ui.tour import TourStep

STEPS = (
    TourStep(
        "",
        "What if the parameters were others?",
        "Perplexity, pooling, seeds: each experiment is the whole pipeline under other parameters. This page "
        "shows what they change, and what they do not.",
        "bottom",
    ),
    TourStep(
        ".st-key-panel-lines",
        "A line is an experiment",
        "It crosses each parameter at its value, then what was measured. Drag along an axis to keep a part "
        "of it, and click a line to see it as B.",
        "bottom",
    ),
    TourStep(
        ".st-key-panel-table",
        "The same as a table",
        "Only parameters that differ from most experiments are listed. Click a header to sort, `A` and `B` "
        "to choose the two that are compared.",
        "right",
    ),
    TourStep(
        ".st-key-panel-pair",
        "Two of them on the same pictures",
        "Point at a picture: its ten nearest are joined to it, and the other plot shows where they went. "
        "Choose `seed-1` as B under UMAP to see what the seed alone changes.",
        "left",
    ),
    TourStep(
        ".st-key-experiment-choices",
        "Layer and colours",
        "Figures and plots are those of one layer. Colour points by the agreement of their neighbours, and "
        "the ones that move stand out.",
        "bottom",
    ),
)
