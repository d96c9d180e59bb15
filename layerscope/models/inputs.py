"""What each network wants of a picture: by torchvision's, timm's or the user's own description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from math import floor
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from layerscope.datasets.preprocessing import Preprocessing

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_Side = Annotated[int, Field(ge=1, le=4096, strict=True)]
_Sides = Annotated[
    list[_Side],
    Field(min_length=2, max_length=2),
    BeforeValidator(lambda given: given if isinstance(given, list) else [given, given]),
]
_Levels = BeforeValidator(lambda given: given if isinstance(given, list) else [given])
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, config=_STRICT)
class _Described:
    """What a model with a ``factory`` in ``params.yaml`` says of its inputs."""

    input_size: _Sides = field(default_factory=lambda: [224, 224])
    channels: Literal[1, 3] = 3
    mean: Annotated[list[float], Field(min_length=1), _Levels] = field(default_factory=list)
    std: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1), _Levels] = field(
        default_factory=list
    )
    crop: Annotated[float, Field(gt=0, le=2)] = 0.875
    crop_mode: Literal["center", "squash", "border"] = "center"
    interpolation: Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"] = (
        "bilinear"
    )


INPUT_KEYS = frozenset(_Described.__dataclass_fields__)
_DESCRIBED = TypeAdapter(_Described)


def of_factory(model: Mapping[str, Any]) -> Preprocessing:
    """Of the mapping that gives a user's own model in ``params.yaml``.

    Its keys: ``input_size``, a side or ``[height, width]``; ``channels``, 1 or 3; ``mean`` and ``std``, one
    number or one for each channel, ImageNet's by default where there are three; ``crop``, the share of a
    resized side that is kept; ``crop_mode`` and ``interpolation`` as in `Preprocessing`.

    Raises
    ------
    ValueError
        In one line that names the key.
    """
    try:
        given = _DESCRIBED.validate_python({k: v for k, v in model.items() if k in INPUT_KEYS})
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{first['loc'][0]}: {first['msg']}") from None
    mean = _for_each_channel("mean", given.mean, IMAGENET_MEAN, given.channels)
    std = _for_each_channel("std", given.std, IMAGENET_STD, given.channels)
    size = (given.input_size[0], given.input_size[1])
    resized = _divide(size, given.crop)
    return Preprocessing(size, resized, mean, std, given.crop_mode, given.interpolation)


def of_timm(name: str) -> Preprocessing:
    """Of a timm model's own configuration, as ``timm.data.resolve_model_data_config`` reads it."""
    from timm.data import resolve_data_config
    from timm.models import get_pretrained_cfg

    known = get_pretrained_cfg(name)
    assert known is not None  # every architecture of timm has one
    found = resolve_data_config(pretrained_cfg=known.to_dict())
    _, *sides = found["input_size"]
    size = (sides[0], sides[1])
    return Preprocessing(
        size,
        _divide(size, found["crop_pct"]),
        tuple(found["mean"]),
        tuple(found["std"]),
        found["crop_mode"],
        found["interpolation"],
    )


def published_weights(name: str) -> Any:
    """torchvision's entry of the weights of a model that are taken where there is a choice."""
    from layerscope.vision import torchvision

    published = torchvision.models.get_model_weights(name).__members__
    return published.get("IMAGENET1K_V1") or published["DEFAULT"]


def of_torchvision(name: str) -> Preprocessing:
    """Of the transforms that come with the ImageNet weights of a torchvision model."""
    preset = published_weights(name).transforms()
    (side,), (resized,) = preset.crop_size, preset.resize_size
    return Preprocessing(
        (side, side),
        (resized, resized),
        tuple(preset.mean),
        tuple(preset.std),
        interpolation=preset.interpolation.value,
    )


def _divide(size: tuple[int, int], crop: float) -> tuple[int, int]:
    """What is resized to so that `crop` of it is kept, rounded as timm does."""
    return max(1, floor(size[0] / crop)), max(1, floor(size[1] / crop))


def _for_each_channel(
    key: str, given: list[float], usual: tuple[float, ...], channels: int
) -> tuple[float, ...]:
    if not given:
        if channels != len(usual):
            raise ValueError(f"{key}: give the number that a model of one channel was trained with")
        return usual
    if len(given) not in {1, channels}:
        raise ValueError(f"{key}: {len(given)} numbers for {channels} channels; give one for each")
    return tuple(given) * (channels // len(given))
