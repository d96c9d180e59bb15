"""Explanations laid over a picture, each with an opacity of its own, for one class or for two.

Opacity, outlines and mask change in the browser. What takes a model is asked for by the browser once
the rest is on the page: `draw_explanation_tiles` then hears of it and draws again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from ui.components.component import Component, hear_token

_COMPONENT = Component("explanation_tiles")


@dataclass(frozen=True)
class TileMethod:
    """A way to explain.

    Attributes
    ----------
    key : str
    name : str
    opacity : float
        At the start, in [0, 1].
    note : str
        One sentence on what it shows.
    """

    key: str
    name: str
    opacity: float
    note: str


METHODS = (
    TileMethod(
        "cam",
        "Grad-CAM",
        0.6,
        "Where the last feature maps speak for this class: inferno from none (dark) to most (bright).",
    ),
    TileMethod(
        "guided",
        "Guided backprop",
        1.0,
        "The gradient of the class's logit by each pixel, along rising paths only. Grey is zero; black "
        "and white are this picture's 99.5th percentile of absolute values.",
    ),
    TileMethod(
        "product",
        "Guided Grad-CAM",
        1.0,
        "Guided backpropagation times the enlarged Grad-CAM, on a scale of its own.",
    ),
)


@dataclass(frozen=True)
class ExplanationColumn:
    """An output that is explained.

    Attributes
    ----------
    name : str
        Its class.
    probability : float
    layers : mapping of str to str
        Keys of `METHODS` to pictures as data URLs; what is not there is being computed.
    shares : mapping of str to float or None
        Keys of `METHODS` to the share of the explanation that falls on the object, in [0, 1]; None
        where it is zero everywhere.
    problem : str or None
        One line where no more can be computed.
    """

    name: str
    probability: float
    layers: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, float | None] = field(default_factory=dict)
    problem: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to ask for."""
        return self.problem is not None or all(method.key in self.layers for method in METHODS)


@dataclass(frozen=True)
class TruthOverlay:
    """What is really on the picture.

    Attributes
    ----------
    outline, shade : str
        Data URLs to lay over it: the parts' outlines, and darkness all around the object.
    parts : sequence of (str, str)
        Names of the parts with their colours.
    covered : float
        Share of the picture that the object covers, in [0, 1].
    """

    outline: str
    shade: str
    parts: Sequence[tuple[str, str]]
    covered: float


def draw_explanation_tiles(
    picture: str,
    columns: Sequence[ExplanationColumn],
    truth: TruthOverlay | None,
    *,
    name: str,
    token: str,
    key: str,
    on_ask: Callable[[], None],
) -> None:
    """Draw the tiles.

    Parameters
    ----------
    picture : str
        A data URL.
    columns : sequence of ExplanationColumn
        One, or two to compare.
    truth : TruthOverlay or None
    name : str
        Of the sample.
    token : str
        What is explained: a question that comes back with another one is out of date.
    key : str
    on_ask : callable
        Called, perhaps several times, while a column is not complete. It must return at once.
    """

    _COMPONENT.draw(
        key=key,
        data={
            "picture": picture,
            "name": name,
            "methods": [asdict(method) for method in METHODS],
            "columns": [asdict(column) for column in columns],
            "truth": truth and asdict(truth),
            "token": token,
            "waits": not all(column.is_complete for column in columns),
        },
        triggers={"ask": hear_token(token, on_ask)},
    )
