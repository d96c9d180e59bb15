"""The guided tour of the page: what is pointed at, and what is said of it."""

from __future__ import annotations

from ui.tour import Step

STEPS = (
    Step(
        "",
        "What did it learn?",
        "Every channel answers to something: this page shows to what, from the first kernels to the vectors "
        "of the classes. Choose a view above.",
        "bottom",
    ),
    Step(
        ".st-key-page-views",
        "Four views",
        "Units asks what a channel looks for, Kernels shows the weights themselves, Class vectors which "
        "classes are alike. The last puts t-SNE on trial.",
        "bottom",
    ),
    Step(
        ".st-key-side-panel",
        "What is looked at",
        "The run and the layer are those of the Explorer. Change the layer and watch how what a channel "
        "looks for grows from edges to things.",
        "right",
    ),
)
