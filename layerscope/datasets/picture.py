"""Pictures in and out: any file a user may bring, to one RGB geometry, and the stored forms."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from layerscope.datasets.picture_file import open_picture, tell_failure, to_rgb
from layerscope.errors import InputError


def decode(
    data: bytes | Path, *, size: int, source: str, crop_fraction: float = 0.875
) -> np.ndarray:
    """Decode a picture to the geometry that classifiers are evaluated with.

    The shorter side is resized to ``round(size / crop_fraction)`` with an antialiased bilinear
    filter and the centre is cropped, as torchvision's ``Resize`` and ``CenterCrop`` do with a
    Pillow image. Greyscale, palette, CMYK and deeper pictures become RGB, transparent ones are laid
    on white, EXIF orientation is applied, and of an animation the first frame is taken.

    Parameters
    ----------
    data : bytes or Path
        A picture file, or its content.
    size : int
        Side of the result in pixels.
    source : str
        What to call the picture in an error message.
    crop_fraction : float, default 0.875
        Share of the shorter side that the crop keeps, above 0 and at most 1.

    Returns
    -------
    ndarray of shape (size, size, 3), uint8
        RGB.

    Raises
    ------
    InputError
        When the file is missing, is no picture, is cut off or damaged, or claims more than
        `picture_file.Bounds`.
    """
    if not 0 < crop_fraction <= 1:
        raise ValueError(f"crop_fraction must lie in (0, 1], not {crop_fraction}")
    side = round(size / crop_fraction)
    try:
        with warnings.catch_warnings():
            # Odd metadata makes Pillow warn about pictures that decode perfectly well.
            warnings.simplefilter("ignore")
            # Twice the needed size, so that the resize filter still has something to average.
            with open_picture(data, 2 * side) as image:
                return crop(to_rgb(image), side, size)
    except Exception as error:
        raise InputError(f"{source}: {tell_failure(error)}") from None


def crop(image: Image.Image, side: int, size: int) -> np.ndarray:
    """Resize the shorter side to `side` and crop the centre, (size, size, 3) uint8, in one step.

    Resizing only the box that will be kept gives the same pixels (the filter still sees beyond the
    box), and a strip of 1 x 10,000 pixels does not grow to 256 x 2,560,000 in between.
    """
    width, height = image.size
    short = min(width, height)
    resized = (int(side * width / short), int(side * height / short))
    left, top = (round((length - size) / 2) for length in resized)  # as torchvision rounds
    x, y = width / resized[0], height / resized[1]
    box = (left * x, top * y, min((left + size) * x, width), min((top + size) * y, height))
    cropped = image.resize((size, size), Image.Resampling.BILINEAR, box=box)
    return np.array(cropped, dtype=np.uint8)


def stretch(picture: np.ndarray, size: int) -> np.ndarray:
    """Resize a whole square picture, bicubic, without a crop.

    Parameters
    ----------
    picture : ndarray of shape (h, w, 3) or (h, w), uint8
        RGB or grey.
    size : int
        Side of the result in pixels.

    Returns
    -------
    ndarray of shape (size, size, 3), uint8
    """
    image = Image.fromarray(picture).convert("RGB")
    return np.array(image.resize((size, size), Image.Resampling.BICUBIC), dtype=np.uint8)


def stretch_labels(part_map: np.ndarray, size: int) -> np.ndarray:
    """Resize a label map to (size, size), uint8, each pixel taking its nearest label."""
    image = Image.fromarray(part_map)
    return np.array(image.resize((size, size), Image.Resampling.NEAREST), dtype=np.uint8)


def encode(picture: np.ndarray, quality: int) -> bytes:
    """Store a picture as WebP.

    Parameters
    ----------
    picture : ndarray of shape (h, w, 3), uint8
        RGB.
    quality : int
        1 to 99, or 100 for lossless.

    Returns
    -------
    bytes
    """
    stored = io.BytesIO()
    Image.fromarray(picture).save(
        stored, "WEBP", quality=quality, lossless=quality == 100, method=4
    )
    return stored.getvalue()


def decode_stored(stored: bytes) -> np.ndarray:
    """Inverse of `encode`: (h, w, 3) uint8, in the geometry it was stored with."""
    return _decode_exactly(stored, "RGB")


def encode_label_map(part_map: np.ndarray) -> bytes:
    """Store a map of part labels, (h, w) uint8, as greyscale PNG: lossless and small."""
    stored = io.BytesIO()
    Image.fromarray(part_map).save(stored, "PNG", optimize=True)
    return stored.getvalue()


def decode_label_map(stored: bytes) -> np.ndarray:
    """Inverse of `encode_label_map`: (h, w) uint8."""
    return _decode_exactly(stored, "L")


def _decode_exactly(stored: bytes, mode: str) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(stored), formats=("WEBP", "PNG")) as image:
            return np.array(image.convert(mode), dtype=np.uint8)
    except Exception as error:
        raise InputError(
            f"stored picture: damaged ({error or type(error).__name__}); run `dvc repro` to write it again"
        ) from None
