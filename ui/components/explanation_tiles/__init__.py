"""Explanations laid over a picture, each with an opacity of its own, for one class or for two.

Opacity, outlines and mask change in the browser. What takes a model is asked for by the browser once
the rest is on the page: `draw_explanation_tiles` then hears of it and draws again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from ui.assets import read_asset

_SCRIPTS = ("tile.js", "enlarged.js", "explanation_tiles.js")
_render = st.components.v2.component(
    "layerscope.explanation_tiles",
    html=read_asset(__file__, "explanation_tiles.html"),
    css=read_asset(__file__, "explanation_tiles.css"),
    js="\n".join(read_asset(__file__, name) for name in _SCRIPTS),
)


@dataclass(frozen=True)
class Method:
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
    Method(
        "cam",
        "Grad-CAM",
        0.6,
        "Where the last feature maps speak for this class: inferno from none (dark) to most (bright).",
    ),
    Method(
        "guided",
        "Guided backprop",
        1.0,
        "The gradient of the class's logit by each pixel, along rising paths only. Grey is zero; black "
        "and white are this picture's 99.5th percentile of absolute values.",
    ),
    Method(
        "product",
        "Guided Grad-CAM",
        1.0,
        "Guided backpropagation times the enlarged Grad-CAM, on a scale of its own.",
    ),
)


@dataclass(frozen=True)
class Column:
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
class Truth:
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
    columns: Sequence[Column],
    truth: Truth | None,
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
    columns : sequence of Column
        One, or two to compare.
    truth : Truth or None
    name : str
        Of the sample.
    token : str
        What is explained: a question that comes back with another one is out of date.
    key : str
    on_ask : callable
        Called, perhaps several times, while a column is not complete. It must return at once.
    """

    def receive() -> None:
        if st.session_state[key].ask == token:
            on_ask()

    _render(
        key=key,
        data={
            "picture": picture,
            "name": name,
            "methods": [
                {"key": m.key, "name": m.name, "opacity": m.opacity, "note": m.note}
                for m in METHODS
            ],
            "columns": [
                {
                    "name": column.name,
                    "probability": column.probability,
                    "layers": dict(column.layers),
                    "shares": dict(column.shares),
                    "problem": column.problem,
                }
                for column in columns
            ],
            "truth": None
            if truth is None
            else {
                "outline": truth.outline,
                "shade": truth.shade,
                "parts": [list(part) for part in truth.parts],
                "covered": truth.covered,
            },
            "token": token,
            "waits": not all(column.is_complete for column in columns),
        },
        on_ask_change=receive,
    )
