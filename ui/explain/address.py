"""What of an explanation stands in the address beside the selection that all pages share.

An uploaded image is not in it: who is sent a link does not get the image.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from layerscope.errors import InputError
from layerscope.explanation.method import Option, Setting
from layerscope.explanation.methods import METHODS
from layerscope.explanation.windows import OCCLUSION_OPTIONS
from ui.address import Reading, change, recall_part, write_part
from ui.explain.networks import OF_RUN, PUBLISHED, TRAINED
from ui.explain.pictures import PHOTOS

SAMPLE, UPLOAD = "sample", "upload"
SOURCES = (SAMPLE, *PHOTOS, UPLOAD)
VIEWS = {"methods": "Methods", "probe": "Manual occlusion", "trust": "Faithfulness benchmark"}
PROBE = "probe"  # the name that the options of `VIEWS["probe"]` have in the address
_OPTION = re.compile(
    r"([a-z_+]{1,40})\.([a-z_]{1,20})-([a-z]{1,10}|\d{1,4}(?:\.\d{1,4})?(?:e-\d{2})?)", re.ASCII
)
_START_METHOD = "grad_cam"
_CROP = re.compile(r"(0|[1-9]\d?|100)-(0|[1-9]\d?|100)", re.ASCII)
_MOST = 40  # options in an address
CENTRE = (50, 50)
Options = Mapping[str, Mapping[str, Setting]]


@dataclass(frozen=True)
class ExplainChoice:
    """What is explained, and how.

    Attributes
    ----------
    source : str
        One of `SOURCES`.
    network : str
        Key of the model.
    target, rival : int or None
        Outputs of a model that is not the run's; of the run's they stand in the selection.
    view : str
        A key of `VIEWS`.
    explain : str
        Key of the method that is open.
    at : str or None
        Layer of class activation maps; None for the last one.
    both : bool
        Whether each of two classes is explained for itself, not the difference of their scores.
    options : mapping of str to mapping
        By method, where they are not the registry's defaults.
    crop : tuple of int
        Where the crop of a photograph or an upload lies, across and down, in per cent of the room there is.
    """

    source: str
    network: str
    target: int | None
    rival: int | None
    view: str
    explain: str
    at: str | None
    both: bool = False
    options: Options = field(default_factory=dict)
    crop: tuple[int, int] = CENTRE

    @property
    def is_of_run(self) -> bool:
        """Whether the model is the run's, so that its classes are the selection's."""
        return self.network == OF_RUN

    def to_params(self) -> dict[str, str]:
        """As query parameters; what is as it was at the start is left out."""
        found = {
            "source": self.source if self.source != SAMPLE else None,
            "network": self.network if self.network != start_network(self.source) else None,
            "target": self.target,
            "rival": self.rival,
            "view": self.view if self.view != "methods" else None,
            "explain": self.explain if self.explain != _START_METHOD else None,
            "at": self.at,
            "both": "1" if self.both else None,
            "options": write_options(self.options) or None,
            "crop": write_crop(self.crop) if self.crop != CENTRE else None,
        }
        return {key: str(value) for key, value in found.items() if value is not None}


KEYS = tuple(each.name for each in fields(ExplainChoice))


def start_network(source: str) -> str:
    """The model that a picture is shown to at first: photographs need one that was trained on photographs."""
    return OF_RUN if source == SAMPLE else PUBLISHED.key


def list_options(name: str) -> tuple[Option, ...]:
    """The options of a method, or of `PROBE`."""
    return OCCLUSION_OPTIONS if name == PROBE else METHODS[name].options


def read_choice(params: Mapping[str, str]) -> tuple[ExplainChoice, list[str]]:
    """What the address asks for, and the names of values that there are not.

    Outputs and layer are checked for their form only, by `check_model` against the model.
    """
    reading = Reading(params)
    choose, refused = reading.choose, reading.refused

    source = choose("source", SOURCES, SAMPLE, "picture")
    start = start_network(source)
    networks = (OF_RUN,) if source == SAMPLE else (OF_RUN, PUBLISHED.key, TRAINED.key)
    choice = ExplainChoice(
        source,
        choose("network", networks, start, "model"),
        _read_output(params, "target", refused),
        _read_output(params, "rival", refused),
        choose("view", VIEWS, "methods", "view"),
        choose("explain", METHODS, _START_METHOD, "method"),
        params.get("at"),
        params.get("both") == "1",
        _read_options(params.get("options", ""), refused),
        _read_crop(params.get("crop"), refused),
    )
    return choice, refused


def check_model(
    choice: ExplainChoice, n_outputs: int, layers: Iterable[str]
) -> tuple[int | None, int | None, str | None, list[str]]:
    """Target, rival and layer that a model has, else None; and the names of those it has not."""
    refused = []
    outputs = []
    for output in (choice.target, choice.rival):
        if output is not None and output >= n_outputs:
            refused.append("class to explain")
            output = None
        outputs.append(output)
    at = choice.at
    if at is not None and at not in set(layers):
        refused.append("layer of the maps")
        at = None
    return outputs[0], outputs[1], at, refused


def write_choice(choice: ExplainChoice) -> None:
    """Put the choice in the address, and remember it for the next visit to the page."""
    write_part("explain", KEYS, choice.to_params())


def recall_choice() -> None:
    """Where the page is opened without a choice, go on with the one of this session."""
    recall_part("explain", KEYS)


def change_picture(source: str) -> None:
    """Go to another picture; classes and layer were of the one before and its model."""
    change(source=source, network=None, target=None, rival=None, at=None, crop=None)


def change_crop(crop: tuple[int, int]) -> None:
    """Look at another part of the picture."""
    change(crop=None if crop == CENTRE else write_crop(crop))


def write_crop(crop: tuple[int, int]) -> str:
    """Where the crop lies, as it stands in the address."""
    return f"{crop[0]}-{crop[1]}"


def _read_crop(text: str | None, refused: list[str]) -> tuple[int, int]:
    if text is None:
        return CENTRE
    if found := _CROP.fullmatch(text):
        return int(found[1]), int(found[2])
    refused.append("crop of the picture")
    return CENTRE


def change_option(options: Options, name: str, key: str, value: Setting) -> None:
    """Write one option to the address."""
    changed = {each: dict(values) for each, values in options.items()}
    changed.setdefault(name, {})[key] = value
    change(options=write_options(changed))


def write_options(options: Options) -> str:
    """Options as they stand in the address, without those at their default."""
    parts = []
    for name, values in options.items():
        defaults = {option.key: option.default for option in list_options(name)}
        parts += [
            f"{name}.{key}-{value if isinstance(value, str) else f'{value:g}'}"
            for key, value in values.items()
            if value != defaults[key]
        ]
    return "~".join(parts)


def _read_options(text: str, refused: list[str]) -> dict[str, dict[str, Setting]]:
    found: dict[str, dict[str, Setting]] = {}
    parts = text.split("~") if text else []
    if len(parts) > _MOST:
        refused.append("option of a method")
        return {}
    for part in parts:
        try:
            name, option, value = _read_option(part)
        except (InputError, ValueError):
            refused.append("option of a method")
            return {}
        found.setdefault(name, {})[option] = value
    return found


def _read_option(part: str) -> tuple[str, str, Setting]:
    match = _OPTION.fullmatch(part)
    if match is None:
        raise ValueError("not an option")
    name, key, text = match.groups()
    known = {option.key: option for option in list_options(name)} if _is_known(name) else {}
    if key not in known:
        raise ValueError("no such option")
    return name, key, known[key].check(_parse(text, known[key].default))


def _is_known(name: str) -> bool:
    return name == PROBE or name in METHODS


def _parse(text: str, default: Setting) -> Setting:
    if isinstance(default, str):
        return text
    return int(text) if isinstance(default, int) else float(text)


def _read_output(params: Mapping[str, str], key: str, refused: list[str]) -> int | None:
    text = params.get(key)
    if text is None:
        return None
    if re.fullmatch(r"0|[1-9]\d{0,5}", text, re.ASCII):
        return int(text)
    refused.append("class to explain")
    return None
