"""The guided tour of the page: what is pointed at, and what is said of it."""

from __future__ import annotations

from ui.tour import TourStep

STEPS = (
    TourStep(
        "",
        "What is it made of?",
        "The model itself: every operator, what each costs, and how its weights came to be. Choose a view "
        "above.",
        "bottom",
    ),
    TourStep(
        ".st-key-page-views",
        "Three views",
        "Graph shows the model, Distributions what its weights and gradients did in each epoch, Training "
        "the curves. The address keeps all you choose.",
        "bottom",
    ),
    TourStep(
        ".st-key-panel-graph",
        "From stages to operators",
        "Click a box for its figures, open a stage with its `+`, scroll to zoom in. Arrow keys "
        "walk along the tensors, also into branches.",
        "right",
    ),
    TourStep(
        ".st-key-panel-graph >>> .overview",
        "Where you are",
        "The strip is the whole graph, the frame what you see. Drag it to go elsewhere at once.",
        "left",
    ),
    TourStep(
        ".st-key-panel-amounts",
        "Where the weights are",
        "Parameters, work and memory by stage: three different pictures of one model. Compare the last row "
        "with the first.",
        "left",
    ),
    TourStep(
        ".st-key-side-panel",
        "The chosen box",
        "Shapes, weights and shares of what you chose; where it is a layer, a link opens it in the Explorer. "
        "Type in the list to search.",
        "right",
    ),
)
