"""The guided tour of the Explorer: what is pointed at, and what the cards tell."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TourStep:
    """One stop of a tour.

    Attributes
    ----------
    target : str
        CSS selector of what is lit up; `` >>> `` goes into shadow roots. Empty for the middle of the
        page. A step whose target is not on the page is left out.
    title : str
    text : str
        At most two sentences, one of them something to try. What stands between backticks is shown
        as a key or a name.
    side : str
        Where the text goes if there is room: "top", "right", "bottom" or "left" of the target.
    """

    target: str
    title: str
    text: str
    side: str


STEPS = (
    TourStep(
        "",
        "What does each layer see?",
        "A point is a picture, and each layer of the network lays the pictures out anew: this page "
        "shows where the classes come apart, and why a prediction was made. Turn these cards with "
        "`←` and `→`, end with `Esc`.",
        "bottom",
    ),
    TourStep(
        ".st-key-model-map",
        "The model, layer by layer",
        "The taller a block, the larger its feature maps; the thicker, the more channels. Click the "
        "first one, then walk through the network with `→` and watch the points move.",
        "bottom",
    ),
    TourStep(
        ".st-key-model-map >>> .curve-area",
        "Where classes come apart",
        "How often the ten nearest neighbours of a picture vote for its class: solid in the plot, dashed "
        "in the layer itself. Click where the line climbs, and the plot goes to that layer.",
        "bottom",
    ),
    TourStep(
        ".st-key-view-panel",
        "Data and method",
        "A run is a data set seen through a model; the method flattens a layer's many dimensions to "
        "two. Switch t-SNE between perplexity 10 and 90, and believe what stays.",
        "right",
    ),
    TourStep(
        ".st-key-color-choices",
        "Colour and filters",
        "Colour by the predicted class, by confidence, or by the clusters of another layer; filters "
        "grey points out and remove none. Choose `Wrong` and see which pictures are left.",
        "right",
    ),
    TourStep(
        ".st-key-plot-panel",
        "Every point is a picture",
        "Point at one to see it, click to pin it, hold `Shift` and drag to catch a set; `i` turns points "
        "into pictures. Pin one at the very edge of its group.",
        "right",
    ),
    TourStep(
        ".st-key-inspector-panel",
        "Why this prediction?",
        "For the pinned picture: what the model predicts, what it looks at, and from which layer on "
        "its neighbours agree with its class. Choose a second class to compare what speaks for each.",
        "left",
    ),
    TourStep(
        ".st-key-activations-panel",
        "Down to one channel",
        "The pinned picture as each channel of this layer sees it, the most telling first. Click a "
        "channel for its exact values and the pictures that excite it most.",
        "top",
    ),
    TourStep(
        ".st-key-page-actions >>> .copy",
        "Take the view with you",
        "The address holds all of it: run, layer, method, sample, filters. Copy the link and open it in "
        "another window: the same view comes up.",
        "bottom",
    ),
)
