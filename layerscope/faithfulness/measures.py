"""The table of measures: what each figure means, what it can be, and whether more of it is better."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Measure:
    """An entry of the table.

    Attributes
    ----------
    key, name : str
    meaning : str
        One sentence.
    group : str
        Key of `GROUPS`.
    better : int
        1 where more is better, -1 where less is, 0 where methods are not ranked by it.
    low, high : float
        What a figure can be at least and at most.
    is_share : bool
        Whether it says of each picture that it is so or not, up to ties.
    """

    key: str
    name: str
    meaning: str
    group: str
    better: int = 1
    low: float = 0.0
    high: float = 1.0
    is_share: bool = False


GROUPS = {
    "object": "Does it find the object, and the parts that matter?",
    "model": "Does it say where the network's evidence is?",
    "map": "What are its maps like? No ranking.",
    "weights": "Does it depend on what was learned? No ranking (Binder et al. 2023).",
}
_ENTRIES = (
    Measure(
        "pointing_game",
        "Pointing game",
        "How often the most relevant pixel lies on the object; of several that share the maximum, the share "
        "that does.",
        "object",
        is_share=True,
    ),
    Measure(
        "mass",
        "Relevance mass",
        "The share of the positive relevance that lies on the object.",
        "object",
    ),
    Measure(
        "rank",
        "Relevance rank",
        "Of the most relevant pixels, as many as the object has, the share that lies on it.",
        "object",
    ),
    Measure(
        "parts",
        "Parts",
        "Rank correlation of the summed relevance of the object's parts with what removing each one costs; "
        "large parts get more of either, so that their area alone does as well as the red tick says.",
        "object",
        low=-1.0,
    ),
    Measure(
        "parts_density",
        "Parts per pixel",
        "The same with the relevance per pixel of each part: a map that is the same everywhere gets 0.",
        "object",
        low=-1.0,
    ),
    Measure(
        "parts_partial",
        "Parts beyond area",
        "Partial rank correlation of a part's relevance with what removing it costs, given its area: a map "
        "that is the same everywhere gets 0. Of pictures with four parts or more.",
        "object",
        low=-1.0,
    ),
    Measure(
        "insertion",
        "Insertion",
        "The probability of the class, on average while the most relevant cells are inserted first, and over "
        "the fills; more is better.",
        "model",
    ),
    Measure(
        "deletion",
        "Deletion",
        "The probability of the class, on average while the most relevant cells are deleted first, and over "
        "the fills; less is better.",
        "model",
        better=-1,
    ),
    Measure(
        "complexity",
        "Complexity",
        "Entropy of the shares that pixels have of the absolute relevance, in nats: less where fewer pixels "
        "carry it (Bhatt et al. 2020).",
        "map",
        better=0,
        high=inf,
    ),
    Measure(
        "sparseness",
        "Sparseness",
        "Gini index of the absolute relevance: 0 where all pixels have the same, near 1 where few have all "
        "(Chalasani et al. 2020).",
        "map",
        better=0,
    ),
    Measure(
        "max_sensitivity",
        "Sensitivity",
        "The largest change of the map, as a share of it, under a little noise on the picture: of few draws, "
        "and so a lower bound (Yeh et al. 2019).",
        "map",
        better=0,
        high=inf,
    ),
    Measure(
        "randomized",
        "Randomised, rank",
        "Rank correlation with the map of the trained network: the mean over the cascade, in which layers "
        "become random from the output down.",
        "weights",
        better=0,
        low=-1.0,
    ),
    Measure(
        "ssim",
        "Randomised, SSIM",
        "Structural similarity to the map of the trained network: the mean over the cascade.",
        "weights",
        better=0,
        low=-1.0,
    ),
    Measure(
        "randomized_all",
        "All random, rank",
        "Rank correlation with the map of the trained network at the cascade's end, where all layers are "
        "random.",
        "weights",
        better=0,
        low=-1.0,
    ),
    Measure(
        "randomized_smooth",
        "All random, smoothed",
        "The same of maps that are averaged over noisy copies of the picture (smooth MPRT, Hedström et al. "
        "2024).",
        "weights",
        better=0,
        low=-1.0,
    ),
    Measure(
        "complexity_rise",
        "Rise of complexity",
        "By what share of it the entropy of the map's histogram rises when all layers are made random: above "
        "0, the map of the trained network was simpler (efficient MPRT, Hedström et al. 2024).",
        "weights",
        better=0,
        low=-1.0,
        high=inf,
    ),
)
MEASURES: dict[str, Measure] = {measure.key: measure for measure in _ENTRIES}
