"""What of a unit stands in the address beside the selection that all pages share.

Layer and channel are the selection's. A class is a channel of the layer of probabilities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from layerscope.errors import InputError
from layerscope.explanation.method import Option, Setting
from layerscope.features.ascent import MaximizationSettings
from layerscope.features.unit import Unit
from layerscope.models.layers import PROBABILITIES, Layer
from ui.address import Reading, recall_part, write_part

CHANNEL, NEURON, CLASS = "channel", "neuron", "class"
NOISE, SAMPLE = "noise", "sample"
STARTS = {NOISE: "Noise", SAMPLE: "A sample"}
RANKS = {"selective": "Most selective", "strong": "Most active", "number": "By number"}
CROPS = {"patch": "Patches", "whole": "Whole pictures"}
OF_NEURON = {
    "unit": "kind of unit",
    "row": "row of the neuron",
    "column": "column of the neuron",
}  # what depends on the layer, as it is called where it is refused

_START = MaximizationSettings()

# What a visitor may set. Keys are fields of `layerscope.features.ascent.MaximizationSettings`.
OPTIONS = (
    Option(
        "n_steps",
        "Steps",
        "Changes of the picture. Most of the rise comes in the first fifty.",
        _START.n_steps,
        8,
        512,
    ),
    Option(
        "learning_rate",
        "Learning rate",
        "How far each step of Adam goes.",
        _START.learning_rate,
        0.01,
        0.5,
    ),
    Option(
        "total_variation",
        "Total variation",
        "Weight of the differences between neighbouring pixels: more is smoother.",
        _START.total_variation,
        0.0,
        2.0,
    ),
    Option(
        "l2",
        "L2",
        "Weight of the squared distance from mid grey: more is paler.",
        _START.l2,
        0.0,
        1.0,
    ),
    Option(
        "jitter",
        "Jitter",
        "Each step sees the picture shifted by up to so many pixels.",
        int(_START.jitter),
        0,
        32,
    ),
    Option(
        "scale",
        "Scale",
        "Each step sees it enlarged or reduced by up to this share.",
        _START.scale,
        0.0,
        0.5,
    ),
    Option(
        "rotation",
        "Rotation",
        "Each step sees it turned by up to so many degrees.",
        int(_START.rotation),
        0,
        45,
    ),
    Option(
        "random_state",
        "Seed",
        "Of the noise to start from, and of the views.",
        _START.random_state,
        0,
        9999,
    ),
)
_BY_KEY = {option.key: option for option in OPTIONS}
_OPTION = re.compile(r"([a-z_0-9]{1,20})-(\d{1,4}(?:\.\d{1,4})?)", re.ASCII)
_LONGEST = 400


@dataclass(frozen=True)
class UnitChoice:
    """How a unit is looked at.

    Attributes
    ----------
    unit : str
        ``channel`` or ``neuron``, of layers with maps; elsewhere always the former.
    row, column : int or None
        Of a neuron; None for the middle.
    ascent : mapping of str to int or float
        Keywords of `MaximizationSettings` where they are not its defaults.
    ascent_from : str
        A key of `STARTS`.
    rank : str
        A key of `RANKS`: the order of the layer's channels.
    crop : str
        A key of `CROPS`: how the top-activating images are shown.
    """

    unit: str = CHANNEL
    row: int | None = None
    column: int | None = None
    ascent: Mapping[str, Setting] = field(default_factory=dict)
    ascent_from: str = NOISE
    rank: str = "selective"
    crop: str = "patch"

    def to_params(self) -> dict[str, str]:
        """As query parameters; what is as it was at the start is left out."""
        found = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name != "ascent" and getattr(self, each.name) != each.default
        }
        found["ascent"] = write_ascent(self.ascent)
        return {key: str(value) for key, value in found.items() if value != ""}

    def settings(self) -> MaximizationSettings:
        """All of the ascent."""
        values = {key: option.default for key, option in _BY_KEY.items()} | dict(self.ascent)
        wanted = {key: float(value) for key, value in values.items() if key not in _WHOLE}
        return MaximizationSettings(**wanted, **{key: int(values[key]) for key in _WHOLE})  # type: ignore[arg-type]

    def find_unit(self, layer: Layer, channel: int) -> Unit:
        """The unit that is meant."""
        if self.unit == CHANNEL:
            return Unit(layer.key, channel)
        return Unit(layer.key, channel, self.place(layer))

    def place(self, layer: Layer) -> tuple[int, int]:
        """Row and column of the neuron."""
        _, height, width = layer.shape
        row = height // 2 if self.row is None else self.row
        column = width // 2 if self.column is None else self.column
        return row, column


KEYS = tuple(each.name for each in fields(UnitChoice))
_WHOLE = ("n_steps", "random_state")


def has_maps(layer: Layer) -> bool:
    """Whether a channel of the layer has more than one neuron."""
    return len(layer.shape) == 3 and layer.shape[1] * layer.shape[2] > 1


def name_kind(layer: Layer, choice: UnitChoice) -> str:
    """What is maximised: `CHANNEL`, `NEURON` or `CLASS`. Where there are no maps, a channel is a neuron."""
    if layer.key == PROBABILITIES:
        return CLASS
    return choice.unit


def read_choice(params: Mapping[str, str], layer: Layer) -> tuple[UnitChoice, list[str]]:
    """What the address asks for, and the names of values that there are not.

    Parameters
    ----------
    params : mapping
        Query parameters.
    layer : Layer
        The selection's, whose neurons there are.
    """
    reading = Reading(params)
    choose, refused = reading.choose, reading.refused

    def place(key: str, count: int) -> int | None:
        text = params.get(key)
        if text is None or text in map(str, range(count)):
            return None if text is None else int(text)
        refused.append(OF_NEURON[key])
        return None

    height, width = layer.shape[1:] if has_maps(layer) else (0, 0)
    units = (CHANNEL, NEURON) if has_maps(layer) else (CHANNEL,)
    choice = UnitChoice(
        choose("unit", units, CHANNEL, OF_NEURON["unit"]),
        place("row", height),
        place("column", width),
        _read_ascent(params.get("ascent", ""), refused),
        choose("ascent_from", STARTS, NOISE, "picture to start from"),
        choose("rank", RANKS, "selective", "order of channels"),
        choose("crop", CROPS, "patch", "view of samples"),
    )
    return choice, refused


def write_choice(choice: UnitChoice) -> None:
    """Put the choice in the address, and remember it for the next visit to the page."""
    write_part("units", KEYS, choice.to_params())


def recall_choice() -> None:
    """Where the page is opened without a choice, go on with the one of this session."""
    recall_part("units", KEYS)


def change_option(choice: UnitChoice, key: str, value: Setting) -> None:
    """Write one option of the ascent to the address."""
    write_choice(replace(choice, ascent={**choice.ascent, key: value}))


def write_ascent(values: Mapping[str, Setting]) -> str:
    """Options as they stand in the address, without those at their default."""
    return "~".join(
        f"{key}-{values[key]:g}"
        for key in _BY_KEY
        if key in values and values[key] != _BY_KEY[key].default
    )


def _read_ascent(text: str, refused: list[str]) -> dict[str, Setting]:
    parts = text.split("~") if text else []
    try:
        if len(text) > _LONGEST:
            raise ValueError("too long")
        found = dict(map(_read_option, parts))
    except (InputError, ValueError):
        refused.append("option of the ascent")
        return {}
    return found


def _read_option(part: str) -> tuple[str, Setting]:
    match = _OPTION.fullmatch(part)
    if match is None or match[1] not in _BY_KEY:
        raise ValueError("no such option")
    option = _BY_KEY[match[1]]
    value = int(match[2]) if isinstance(option.default, int) else float(match[2])
    return option.key, option.check(value)
