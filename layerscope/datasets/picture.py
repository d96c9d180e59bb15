"""Pictures in and out: any file a user may bring, to one RGB geometry, and the stored forms."""

from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from layerscope.errors import InputError

MAX_MEGAPIXELS = 64
"""Pictures that claim more are refused from their header, before any pixel is decoded."""

# Formats whose decoders are part of Pillow. EPS and friends would start another program.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "ICO")

_ORIENTATION = 0x0112  # the EXIF tag
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


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
        When the file is missing, is no picture, is cut off or damaged, or has more than
        `MAX_MEGAPIXELS`.
    """
    if not 0 < crop_fraction <= 1:
        raise ValueError(f"crop_fraction must lie in (0, 1], not {crop_fraction}")
    side = round(size / crop_fraction)
    try:
        with warnings.catch_warnings():
            # Odd metadata makes Pillow warn about pictures that decode perfectly well.
            warnings.simplefilter("ignore")
            return _crop(_read(data, side), side, size)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    except UnidentifiedImageError:
        reason = "not a picture in a known format (JPEG, PNG, WebP, GIF, BMP, TIFF, ...)"
    except Image.DecompressionBombError:
        reason = _too_large()
    except MemoryError:
        reason = "too large to decode in the memory there is"
    except Exception as error:  # Pillow's plugins raise anything on damaged files
        reason = _why(error)
    raise InputError(f"{source}: {reason}; replace or remove it")


@cache
def _formats() -> tuple[str, ...]:
    """Those of `_FORMATS` that this build of Pillow was compiled with."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror})"  # the message names the path already
    return f"damaged or cut off ({str(error) or type(error).__name__})"


def _too_large() -> str:
    return f"has more than {MAX_MEGAPIXELS} megapixels, the limit that guards the memory"


def _read(data: bytes | Path, side: int) -> Image.Image:
    """Open, check the header's claim, decode, turn upright, make RGB."""
    if isinstance(data, Path) and not data.is_file():
        raise InputError("no such file; restore it or remove it from the list")
    if (data.stat().st_size if isinstance(data, Path) else len(data)) == 0:
        raise InputError("empty file; replace or remove it")
    with Image.open(
        io.BytesIO(data) if isinstance(data, bytes) else data, formats=_formats()
    ) as image:
        width, height = image.size
        if width * height > MAX_MEGAPIXELS * 1_000_000:
            raise InputError(f"{width} x {height} pixels: {_too_large()}; shrink or remove it")
        # JPEG can decode at 1/2, 1/4 or 1/8: for large photographs several times faster. Twice the
        # needed size is kept, so that the resize filter still has something to average.
        image.draft(None, (2 * side, 2 * side))
        image.load()
        orientation = _orientation(image)
        picture = _to_rgb(image)
    return picture.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else picture


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged metadata is no reason to refuse the picture
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode to RGB."""
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_to_bytes(np.asarray(image), image.mode)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")


def _to_bytes(values: np.ndarray, mode: str) -> np.ndarray:
    """Scale deep greyscale to 0..255 instead of clipping it, as Pillow's ``convert`` would.

    Integers are 16-bit unless they leave that range; floating point is taken as 0..1, else 0..255.
    Whatever leaves these ranges is stretched from its smallest to its largest value.
    """
    values = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    known = (65535.0,) if mode.startswith("I") else (1.0, 255.0)
    full = next((top for top in known if low >= 0 and high <= top), None)
    if full is None:
        values, full = values - low, (high - low) or 1.0
    return np.round(values * (255 / full)).astype(np.uint8)


def _crop(image: Image.Image, side: int, size: int) -> np.ndarray:
    """Resize the shorter side and crop the centre, in one step.

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
            f"stored picture: {_why(error)}; run `dvc repro` to write it again"
        ) from None
