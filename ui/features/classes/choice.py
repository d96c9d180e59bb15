"""What of the class weight vectors is looked at, as it stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from layerscope.features.class_vectors import SHOWN
from ui.address import Reading, write_part

METHODS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
SETS = {"drawn": f"{SHOWN} drawn", "coarse": "Family", "all": "All"}
COLORS = {"family": "Family", "class": "Class"}
KEYS = (
    "class_map", "class_perplexity", "class_set", "class_seed", "class_coarse", "class_color", "class_of",
)  # fmt: skip
MANY = 60  # classes that are not all shown at first
SEEDS = 100


@dataclass(frozen=True)
class ClassChoice:
    """A map of classes, and one of them.

    Attributes
    ----------
    method : str
        A key of `METHODS`.
    perplexity : int
        Of t-SNE, as it was asked for.
    shown : str
        A key of `SETS`.
    seed : int
        Of the draw.
    coarse : str
        Name of a family, or of a group of one, where `shown` is "coarse".
    color : str
        A key of `COLORS`.
    index : int or None
        The chosen class.
    """

    method: str
    perplexity: int
    shown: str
    seed: int
    coarse: str
    color: str
    index: int | None


@dataclass(frozen=True)
class Offer:
    """What there is to choose from.

    Attributes
    ----------
    n_classes : int
    perplexities : tuple of int
    seed : int
        To start with.
    coarse : tuple of str
        Names of families and groups; empty where classes are not ImageNet's.
    """

    n_classes: int
    perplexities: tuple[int, ...]
    seed: int
    coarse: tuple[str, ...]

    @property
    def sets(self) -> tuple[str, ...]:
        """Keys of `SETS`: with few classes, all of them are shown."""
        if self.n_classes <= MANY:
            return ("all",)
        return ("drawn", "coarse", "all") if self.coarse else ("drawn", "all")

    @property
    def colors(self) -> tuple[str, ...]:
        """Keys of `COLORS`."""
        return tuple(COLORS) if self.coarse else ("class",)

    @property
    def start(self) -> ClassChoice:
        """What is shown at first."""
        usual = 30 if 30 in self.perplexities else self.perplexities[len(self.perplexities) // 2]
        coarse = self.coarse[0] if self.coarse else ""
        return ClassChoice("tsne", usual, self.sets[0], self.seed, coarse, self.colors[0], None)


def to_params(choice: ClassChoice, offer: Offer) -> dict[str, str]:
    """As query parameters; what is as it was at the start is left out."""
    start = offer.start
    found = {
        "class_map": (choice.method, start.method),
        "class_perplexity": (choice.perplexity, start.perplexity),
        "class_set": (choice.shown, start.shown),
        "class_seed": (choice.seed, start.seed),
        "class_coarse": (choice.coarse, start.coarse),
        "class_color": (choice.color, start.color),
        "class_of": (choice.index, None),
    }
    return {key: str(value) for key, (value, usual) in found.items() if value != usual}


def read_class_choice(params: Mapping[str, str], offer: Offer) -> tuple[ClassChoice, list[str]]:
    """What the address asks for, and the names of values that there are not."""
    reading = Reading(params)
    choose, refused = reading.choose, reading.refused

    start = offer.start
    choice = ClassChoice(
        choose("class_map", METHODS, start.method, "method"),
        choose("class_perplexity", offer.perplexities, start.perplexity, "perplexity"),
        choose("class_set", offer.sets, start.shown, "choice of classes"),
        choose("class_seed", range(SEEDS), start.seed, "draw of classes"),
        choose("class_coarse", offer.coarse, start.coarse, "family"),
        choose("class_color", offer.colors, start.color, "colouring"),
        choose("class_of", range(offer.n_classes), None, "class"),
    )
    return choice, refused


def write_class_choice(choice: ClassChoice, offer: Offer) -> None:
    """Put the choice in the address, and remember it for the next visit to the page."""
    write_part("classes", KEYS, to_params(choice, offer))
