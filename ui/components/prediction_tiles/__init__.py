"""Pictures with what they show and what the model predicts; a click opens one, a button asks why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from ui.components.component import Component, Trigger, hear_choice

_COMPONENT = Component("prediction_tiles", html='<div class="tiles" role="group"></div>')


@dataclass(frozen=True)
class PredictionTile:
    """A sample with its prediction.

    Attributes
    ----------
    uid : int
    picture : str
        A data URL.
    true, predicted : str
        Classes.
    true_color, predicted_color : str
        As CSS takes them.
    confidence : float
        Of the prediction, in [0, 1].
    is_wrong : bool
    """

    uid: int
    picture: str
    true: str
    predicted: str
    true_color: str
    predicted_color: str
    confidence: float
    is_wrong: bool


def draw_prediction_tiles(
    tiles: Sequence[PredictionTile],
    label: str,
    *,
    key: str,
    on_open: Callable[[int], None],
    on_explain: Callable[[int], None],
) -> None:
    """Draw the tiles.

    Parameters
    ----------
    tiles : sequence of PredictionTile
    label : str
        What they are, for those who do not see them.
    key : str
    on_open, on_explain : callable
        Called with the uid of the tile whose picture, or whose "Why?", was clicked.
    """

    def hear(tell: Callable[[int], None]) -> Trigger[int]:
        return hear_choice([tile.uid for tile in tiles], tell)

    _COMPONENT.draw(
        key=key,
        data={"tiles": [asdict(tile) for tile in tiles], "label": label},
        triggers={"open": hear(on_open), "explain": hear(on_explain)},
    )
