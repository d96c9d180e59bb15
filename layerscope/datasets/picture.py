"""Pictures in and out: any file a user may bring, to what a network wants, and the stored forms."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from layerscope.datasets.picture_file import open_picture, read_upright, tell_failure
from layerscope.datasets.preprocessing import Preprocessing, fit
from layerscope.errors import InputError

LOSSLESS = 100
"""The quality at which what is stored is what was read."""


def decode(data: bytes | Path, *, inputs: Preprocessing, source: str) -> np.ndarray:
    """Decode a picture to what a network wants of it.

    Greyscale, palette, CMYK and deeper pictures become RGB, transparent ones are laid on white, EXIF
    orientation is applied, and of an animation the first frame is taken: see `read_upright`. Then it is
    brought to size by `layerscope.datasets.preprocessing.fit`.

    Parameters
    ----------
    data : bytes or Path
        A picture file, or its content.
    inputs : Preprocessing
    source : str
        What to call the picture in an error message.

    Returns
    -------
    ndarray of shape (H, W, C), uint8
        RGB, or grey.

    Raises
    ------
    InputError
        When the file is missing, is no picture, is cut off or damaged, or claims more than
        `picture_file.Bounds`.
    """
    try:
        with warnings.catch_warnings():
            # Odd metadata makes Pillow warn about pictures that decode perfectly well.
            warnings.simplefilter("ignore")
            with open_picture(data) as image:
                return fit(read_upright(image, inputs.channels), inputs)
    except Exception as error:
        raise InputError(f"{source}: {tell_failure(error)}") from None


def stretch(picture: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Resize the whole of a small or rendered picture, bicubic, without a crop.

    Parameters
    ----------
    picture : ndarray of shape (h, w, 3) or (h, w), uint8
        RGB or grey.
    shape : tuple of int
        Height, width and channels, 1 or 3, of the result.

    Returns
    -------
    ndarray of that shape, uint8
    """
    image = Image.fromarray(picture).convert("RGB" if shape[2] == 3 else "L")
    resized = image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.array(resized, dtype=np.uint8).reshape(shape)


def stretch_labels(part_map: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Resize a label map to a size (H, W), uint8, each pixel taking its nearest label."""
    image = Image.fromarray(part_map)
    return np.array(image.resize((size[1], size[0]), Image.Resampling.NEAREST), dtype=np.uint8)


def encode(picture: np.ndarray, quality: int) -> bytes:
    """Store a picture as WebP.

    Parameters
    ----------
    picture : ndarray of shape (h, w, 3) or (h, w, 1), uint8
        RGB or grey, which WebP stores as RGB.
    quality : int
        1 to 99, or `LOSSLESS`.

    Returns
    -------
    bytes
    """
    stored = io.BytesIO()
    rgb = Image.fromarray(np.broadcast_to(picture, (*picture.shape[:2], 3)))
    if (
        quality == LOSSLESS
    ):  # its quality is effort: more of it takes much longer and saves a few per cent
        rgb.save(stored, "WEBP", lossless=True, quality=25, method=2)
    else:
        rgb.save(stored, "WEBP", quality=quality, method=4)
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
