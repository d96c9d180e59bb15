"""The guided tour of the page: what is pointed at, and what the cards tell."""

from __future__ import annotations

from ui.tour import TourStep

STEPS = (
    TourStep(
        "",
        "What did it learn?",
        "Every channel is active for something: this page shows for what, from the first kernels to the "
        "weight vectors of the classes. Choose a view above.",
        "bottom",
    ),
    TourStep(
        ".st-key-page-views",
        "Four views",
        "Units asks what a channel looks for, Kernels shows the weights themselves, Class weight "
        "vectors which classes are alike. The last is a playground for t-SNE.",
        "bottom",
    ),
    TourStep(
        ".st-key-side-panel",
        "What is looked at",
        "The run and the layer are those of the Explorer. Change the layer and watch how what a channel "
        "looks for grows from edges to things.",
        "right",
    ),
    TourStep(
        ".st-key-panel-ascent",
        "What it would love to see",
        "A picture changes until the unit is as active as it can be. Press `Start`, then scrub; "
        "`Another seed` shows what returns.",
        "right",
    ),
    TourStep(
        ".st-key-panel-top",
        "What really drives it",
        "The ten top-activating images, cut to what the peak sees. Click one to pin it, then start the "
        "ascent from it.",
        "left",
    ),
    TourStep(
        ".st-key-units-atlas",
        "Every channel of the layer",
        "To the right the selective ones, upwards the strong ones. Click a dot at the far right.",
        "top",
    ),
    TourStep(
        ".st-key-panel-trial",
        "Play with t-SNE",
        "PCA lies at the left, t-SNE unfolds at the right: move the perplexity and see what stays. Then open "
        "Seeds and noise.",
        "left",
    ),
)
