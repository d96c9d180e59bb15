"""What of the tour stands in the address beside the selection that all pages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from ui.address import change, recall_part, write_part
from ui.components.similarity_matrix import MEASURES
from ui.components.triggers import Moment, check_moment
from ui.library import Contents

_MEASURES = tuple(MEASURES)
_START = {"seed": "0", "step": "0", "turn": "", "zoom": ""}


@dataclass(frozen=True)
class TourChoice:
    """How the tour is looked at.

    Attributes
    ----------
    second : str or None
        The run at the side; None for one network alone.
    second_layer : str or None
        Its layer; None where there is no second run.
    moved : bool
        Whether colours tell how far samples moved between two layers, not what the selection says.
    apart : bool
        Whether the second network is left as it is, not turned onto the first.
    measure : str
        A key of `MEASURES`: of the similarity between layers.
    moment : Moment
        Seed, step, and how the cloud is turned and zoomed by hand.
    """

    second: str | None
    second_layer: str | None
    moved: bool
    apart: bool
    measure: str
    moment: Moment

    def to_params(self) -> dict[str, str]:
        """As query parameters; what is as it was at the start is left out, but for seed and step."""
        moment = {key: str(getattr(self.moment, key)) for key in _START}
        return {
            **({"second": self.second} if self.second else {}),
            **({"second_layer": self.second_layer} if self.second_layer else {}),
            **({"moved": "1"} if self.moved else {}),
            **({"apart": "1"} if self.apart else {}),
            **({"measure": self.measure} if self.measure != _MEASURES[0] else {}),
            **{key: text for key, text in moment.items() if text},
        }


KEYS = (*(field.name for field in fields(TourChoice) if field.name != "moment"), *_START)


def choose_second(
    params: Mapping[str, str], partners: Sequence[str]
) -> tuple[str | None, list[str]]:
    """The run that is asked for at the side, or None; and what was refused."""
    asked = params.get("second")
    if asked is None or asked in partners:
        return asked, []
    return None, ["second run"]


def read_tour(
    params: Mapping[str, str], second: Contents | None, n_components: int
) -> tuple[TourChoice, list[str]]:
    """What the address asks for, and the names of values that are not there.

    Parameters
    ----------
    params : mapping
        Query parameters.
    second : Contents or None
        Of the run at the side.
    n_components : int
        Dimensions of the clouds.
    """
    refused: list[str] = []
    layer = None
    if second is not None:
        keys = [each.key for each in second.layers]
        dense = [each.key for each in second.layers if each.kind == "dense"]
        layer = params.get("second_layer", start := (dense or keys)[-1])
        if layer not in keys:
            refused.append("second layer")
            layer = start
    texts = {key: params.get(key, start) for key, start in _START.items()}
    try:
        moment = check_moment(**texts, d=n_components)
    except ValueError:
        refused.append("moment of the tour")
        moment = check_moment(**_START, d=n_components)
    measure = params.get("measure", _MEASURES[0])
    if measure not in MEASURES:
        refused.append("measure")
        measure = _MEASURES[0]
    choice = TourChoice(
        second.run if second else None,
        layer,
        params.get("moved") == "1",
        params.get("apart") == "1",
        measure,
        moment,
    )
    return choice, refused


def write_tour(choice: TourChoice) -> None:
    """Put the choice in the address, and remember it for the next visit to the page."""
    write_part("umap_tour", KEYS, choice.to_params())


def recall_tour() -> None:
    """Where the page is opened without a tour, go on with the one of this session."""
    recall_part("umap_tour", KEYS)


def keep_moment(moment: Moment) -> None:
    """Write a moment to the address."""
    change(**{key: str(getattr(moment, key)) for key in _START})
