"""What a network wants of a picture, and the one way in which a decoded picture is brought to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

_MOST = 2**24  # pixels of a resized picture: 67 MB; 256 x 65,535 is the tallest of usual inputs


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes what a network takes: resized, cropped, and scaled.

    Attributes
    ----------
    size : tuple of int
        Height and width in pixels.
    resized : tuple of int
        Height and width that a picture is resized to before the crop, as far as `mode` lets it.
    mean, std : tuple of float
        Of each channel, of pixels scaled to [0, 1]. One channel is grey, three are RGB.
    mode : str
        ``center`` and ``border`` keep the aspect: the picture covers `resized`, or lies in it, on the mean
        colour. ``squash`` gives the aspect up.
    interpolation : str
        Pillow's filter: nearest, bilinear, bicubic, lanczos, box or hamming.
    position : tuple of float
        Where the crop lies, down and across, from 0 to 1 of the room that the resized picture leaves it: in
        the centre for all that is measured.
    """

    size: tuple[int, int]
    resized: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    mode: str = "center"
    interpolation: str = "bilinear"
    position: tuple[float, float] = (0.5, 0.5)

    @property
    def channels(self) -> int:
        """1 or 3."""
        return len(self.mean)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a picture as an array: height, width and channels."""
        return (*self.size, self.channels)

    @property
    def tensor_shape(self) -> tuple[int, int, int]:
        """Of a picture as a tensor: channels, height and width."""
        return (self.channels, *self.size)


def fit(parts: Iterable[Image.Image], inputs: Preprocessing) -> np.ndarray:
    """Resize a picture and crop it, in its centre where `inputs` say nothing else, (H, W, C) uint8.

    The same bytes as ``timm.data.create_transform(is_training=False)`` and torchvision's presets make of a
    Pillow image before they scale it. Where a picture would grow beyond `_MOST` pixels in between, as long
    strips do, only the part that is kept is resized; levels may then differ by a few.

    Parameters
    ----------
    parts : iterable of Image
        The picture, or its channels one after another: see `layerscope.datasets.picture_file.read_upright`.
    inputs : Preprocessing
    """
    resample = Image.Resampling[inputs.interpolation.upper()]
    planes = []
    for part in parts:
        width, height = _scale(part.width, part.height, inputs)
        left, top = _place_crop(width, height, inputs)
        right, bottom = min(left + inputs.size[1], width), min(top + inputs.size[0], height)
        x, y = max(left, 0), max(top, 0)
        kept = slice(y, bottom), slice(x, right)
        if width * max(height, part.height) <= max(_MOST, part.width * part.height):
            planes.append(np.asarray(part.resize((width, height), resample))[kept])
        else:
            across, down = part.width / width, part.height / height
            box = (x * across, y * down, right * across, bottom * down)
            planes.append(np.asarray(part.resize((right - x, bottom - y), resample, box)))
        del part  # before the next is made
    picture = np.empty(inputs.shape, np.uint8)
    around = inputs.mean if inputs.mode == "border" else (0.0,)
    picture[:] = [round(255 * level) for level in around]
    seen = np.dstack(planes)
    picture[y - top :, x - left :][: len(seen), : seen.shape[1]] = seen
    return picture


def _scale(width: int, height: int, inputs: Preprocessing) -> tuple[int, int]:
    """Width and height of a resized picture, rounded as torchvision and timm round."""
    down, across = inputs.resized
    if inputs.mode == "squash":
        return across, down
    if inputs.mode == "center" and down == across:
        short = min(width, height)
        return int(down * width / short), int(down * height / short)
    choose = min if inputs.mode == "center" else max
    ratio = choose(height / down, width / across)
    return max(1, round(width / ratio)), max(1, round(height / ratio))


def _place_crop(width: int, height: int, inputs: Preprocessing) -> tuple[int, int]:
    """Left and top of the crop of a resized picture."""
    down, across = inputs.position
    return _offset(width, inputs.size[1], across), _offset(height, inputs.size[0], down)


def _offset(length: int, wanted: int, share: float) -> int:
    """Where the crop begins; below 0, what is too short is padded on both sides."""
    return round((length - wanted) * share) if length >= wanted else -((wanted - length) // 2)


def locate_crop(
    width: int, height: int, inputs: Preprocessing
) -> tuple[float, float, float, float]:
    """What a network sees of a picture: left, top, width and height, in shares of the picture.

    Parameters
    ----------
    width, height : int
        Of the picture, upright, in pixels.
    inputs : Preprocessing

    Returns
    -------
    tuple of float
        Beyond [0, 1] where the picture is padded.
    """
    across, down = _scale(width, height, inputs)
    left, top = _place_crop(across, down, inputs)
    return left / across, top / down, inputs.size[1] / across, inputs.size[0] / down
