"""The guided tour of the page: what is pointed at, and what is said of it."""

from __future__ import annotations

from ui.tour import TourStep

STEPS = (
    TourStep(
        "",
        "Which runs there are",
        "A run is a set of pictures seen through a network. This page tells how far each is built, and adds "
        "others.",
        "bottom",
    ),
    TourStep(
        ".st-key-side-panel",
        "All runs",
        "A mark is a stage: bright where it is built. Click a name to see its stages.",
        "right",
    ),
    TourStep(
        ".st-key-run-actions",
        "Build, stop, go on",
        "A build runs beside the page, which may be closed meanwhile. What is finished is kept, however it "
        "ends.",
        "bottom",
    ),
    TourStep(
        ".st-key-run-new",
        "Pictures of your own",
        "Name a folder and a network, and `Look at it` tells how they are read. Nothing is written before "
        "you say so.",
        "right",
    ),
)
