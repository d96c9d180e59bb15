"""Files of pictures: which formats are taken, what a header may claim, and the way to RGB."""

from __future__ import annotations

import importlib
import importlib.util
import io
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
from PIL import (
    BmpImagePlugin,
    IcoImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
)

from layerscope.errors import InputError

# Formats whose decoders are part of Pillow. EPS and friends would start another program.
FORMATS = {
    "JPEG": "JPEG",
    "PNG": "PNG",
    "WEBP": "WebP",
    "GIF": "GIF",
    "BMP": "BMP",
    "TIFF": "TIFF",
    "PPM": "PPM",
    "AVIF": "AVIF",
    "JPEG2000": "JPEG 2000",
    "ICO": "ICO",
}
"""Pillow's names of the formats that are taken, and their own."""

if (
    importlib.util.find_spec("pillow_heif") is not None
):  # brings libheif, which is LGPL: not required
    importlib.import_module("pillow_heif").register_heif_opener()
    FORMATS["HEIF"] = "HEIC"

# Pictures by their endings that are not read here, and what to do.
_RAW = ".3fr .arw .cr2 .cr3 .crw .dng .erf .mrw .nef .nrw .orf .pef .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f"
_UNREAD = {
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIC: install pillow-heif, which reads it"),
    **dict.fromkeys(_RAW.split(), "raw photographs of a camera: develop them to JPEG or TIFF"),
    **dict.fromkeys((".psd", ".psb", ".xcf", ".kra"), "layered drawings: export them as PNG"),
    **dict.fromkeys(
        (".svg", ".svgz", ".eps", ".ai", ".pdf"), "vector graphics: export them as PNG"
    ),
    **dict.fromkeys(
        (".tga", ".jxl", ".exr", ".hdr", ".dcm", ".pcx", ".dds", ".qoi", ".fits"),
        "pictures in other formats: save them as PNG",
    ),
    **dict.fromkeys(
        (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v"), "films: save frames of them"
    ),
    **dict.fromkeys((".npy", ".npz", ".h5", ".pkl", ".mat"), "arrays: save them as PNG"),
    **dict.fromkeys(
        (".zip", ".tar", ".gz", ".tgz", ".rar", ".7z"),
        "archive in a folder: set `root` to it, or unpack it",
    ),
}

MAX_SIDE = 65_535  # pixels: the most that JPEG has
MAX_ASPECT = 100  # of a longer strip the square in the middle would show less than a hundredth
_BAND = 2**18  # pixels that are converted at a time

# Bytes a pixel of Pillow's modes, 4 for all others.
_MODES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}
# Bytes a pixel that a format, or a decoder of some, holds beside the picture, measured with Pillow 13:
# canvases (WebP), planes (AVIF, JPEG 2000), a strip that is the whole picture (libtiff), text (PPM), a mask
# and a copy (the bitmaps in icons).
_BESIDE = {"WEBP": 16, "AVIF": 10, "HEIF": 10, "jpeg2k": 20, "libtiff": 4, "ppm": 6, "ppm_plain": 7}
_BESIDE |= {"bmp_rle": 4, "DIB": 8}

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
_SIDEWAYS = {5, 6, 7, 8}  # rows are columns
_BACKWARDS = {3, 4, 7, 8}  # and the last of them is on top


@dataclass(frozen=True)
class Bounds:
    """What a picture may claim in its header; whatever claims more is not decoded.

    Attributes
    ----------
    megapixels : int
    megabytes : int
        Of memory while it is decoded, estimated from its format and mode.
    """

    megapixels: int = 64
    megabytes: int = 1536  # 24 bytes for each of the 64 million pixels, which no common kind needs


@contextmanager
def open_picture(data: bytes | Path, bounds: Bounds = Bounds()) -> Iterator[ImageFile.ImageFile]:
    """Open a picture file whose header stays within bounds; no pixel is decoded yet.

    Parameters
    ----------
    data : bytes or Path
        A picture file, or its content.
    bounds : Bounds, optional

    Yields
    ------
    Image

    Raises
    ------
    InputError
        When the file is missing or empty, or claims more than `bounds`, `MAX_SIDE` or `MAX_ASPECT`.
    Exception
        Anything, of damaged files: see `tell_failure`.
    """
    if isinstance(data, Path) and not data.is_file():
        raise InputError("no such file; restore it or remove it from the list")
    if (data.stat().st_size if isinstance(data, Path) else len(data)) == 0:
        raise InputError("empty file; replace or remove it")
    with io.BytesIO(data) if isinstance(data, bytes) else data.open("rb") as file:
        icon = _open_icon(file)
        if icon is not None:
            _check_size(icon, bounds)
            _check_memory(icon, bounds, 0)
    try:
        image = Image.open(
            io.BytesIO(data) if isinstance(data, bytes) else data, formats=_formats()
        )
    except Image.DecompressionBombError:  # of Pillow, far above these bounds
        raise InputError(f"{_too_many(bounds)}; shrink or remove it") from None
    with image:
        _check_size(image, bounds)
        coefficients = _count_coefficients(image)
        _check_memory(image, bounds, coefficients)
        yield image


def read_upright(image: Image.Image, channels: int) -> Iterator[Image.Image]:
    """Decode an opened picture: RGB or grey, upright.

    Greyscale, palette, CMYK and deeper pictures become RGB, transparent ones are laid on white, EXIF
    orientation is applied, and of an animation the first frame is taken.

    Parameters
    ----------
    image : Image
        As `open_picture` gives it.
    channels : int
        3, or 1 for Pillow's "L", the luma of ITU-R 601.

    Yields
    ------
    Image
        The picture. Where it has to be converted or turned, its channels one after another, so that not all
        of them are in memory a second time.
    """
    image.load()
    orientation = _orientation(image)
    is_plain = image.mode == "RGB" and not image.has_transparency_data
    if is_plain and channels == 3 and orientation not in _UPRIGHT:
        yield image
        return
    for channel in range(channels):
        yield _take_plane(image, orientation, channel if channels == 3 else None)


def measure_upright(image: Image.Image) -> tuple[int, int]:
    """Width and height of a picture that `read_upright` has decoded, as it stands upright."""
    turned = _orientation(image) in _SIDEWAYS
    return (image.height, image.width) if turned else (image.width, image.height)


def tell_failure(error: Exception) -> str:
    """What is wrong with a picture that could not be opened or decoded, and what to do."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, UnidentifiedImageError):
        reason = f"not a picture in a known format ({', '.join(FORMATS.values())})"
    elif isinstance(error, MemoryError | Image.DecompressionBombError):
        reason = "too large to decode in the memory there is"
    elif isinstance(error, OSError) and error.strerror:
        reason = f"cannot be read ({error.strerror})"  # the message names the path already
    else:  # Pillow's plugins raise anything on damaged files
        reason = f"damaged or cut off ({str(error) or type(error).__name__})"
    return f"{reason}; replace or remove it"


@cache
def suffixes() -> frozenset[str]:
    """Endings of the names of such files, as ".jpg"."""
    known = Image.registered_extensions().items()
    return frozenset(suffix for suffix, name in known if name in FORMATS)


def is_picture(path: str) -> bool:
    """Whether a file is a picture that is read here, by the ending of its name."""
    return PurePosixPath(path).suffix.lower() in suffixes()


def unread_kind(path: str) -> str:
    """What a file is that `is_picture` says no of, and what to do, by the ending of its name."""
    return _UNREAD.get(PurePosixPath(path).suffix.lower(), "other file")


@cache
def _formats() -> tuple[str, ...]:
    """Those of `FORMATS` that this build of Pillow was compiled with."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def _open_icon(file: IO[bytes]) -> ImageFile.ImageFile | None:
    """The picture inside an icon, which Pillow decodes as soon as it opens one; None of other files.

    The icon's own directory says at most 256 x 256 whatever is inside.
    """
    if file.read(4) != b"\0\0\1\0":
        return None
    file.seek(0)
    try:
        offset = IcoImagePlugin.IcoFile(file).entry[0].offset
        file.seek(offset)
        is_png = file.read(8) == b"\x89PNG\r\n\x1a\n"
        file.seek(offset)
        return PngImagePlugin.PngImageFile(file) if is_png else BmpImagePlugin.DibImageFile(file)
    except (SyntaxError, IndexError, TypeError, struct.error):
        return None  # no icon to Pillow either


def _too_many(bounds: Bounds) -> str:
    return f"more than {bounds.megapixels} megapixels, the limit that guards the memory"


def _check_size(image: Image.Image, bounds: Bounds) -> None:
    width, height = image.size
    if width * height > bounds.megapixels * 1_000_000:
        reason = _too_many(bounds)
    elif max(image.size) > MAX_SIDE:
        reason = f"more than {MAX_SIDE:,} on a side"
    elif max(image.size) > MAX_ASPECT * min(image.size):
        reason = f"more than {MAX_ASPECT} times as long as wide"
    else:
        return
    raise InputError(f"{width} x {height} pixels: {reason}; shrink, crop or remove it")


def _count_coefficients(image: Image.Image) -> int:
    """How many a progressive JPEG keeps until its last scan, at whatever size it is decoded."""
    if not (isinstance(image, JpegImagePlugin.JpegImageFile) and "progressive" in image.info):
        return 0
    blocks = [(across, down) for _, across, down, _ in image.layer]
    widest, highest = (max(each) for each in zip(*blocks, strict=True))
    share = sum(across * down for across, down in blocks) / (widest * highest)
    return int(image.width * image.height * share)


def _check_memory(image: ImageFile.ImageFile, bounds: Bounds, coefficients: int) -> None:
    names = {image.format, *(tile.codec_name for tile in image.tile)}
    a_pixel = _MODES.get(image.mode, 4) + sum(_BESIDE.get(name or "", 0) for name in names)
    needed = (image.width * image.height * a_pixel + 2 * coefficients) / 1e6
    if needed > bounds.megabytes:
        raise InputError(
            f"{image.width} x {image.height} pixels: about {needed:.0f} MB of memory while it is decoded, "
            f"more than {bounds.megabytes}; shrink or remove it"
        )


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged metadata is no reason to refuse the picture
        return 1


def _take_plane(image: Image.Image, orientation: int, channel: int | None) -> Image.Image:
    """One channel of a picture, upright; its luma for None."""
    flatten, turn = _flattening(image), _UPRIGHT.get(orientation)
    plane = Image.new("L", image.size[::-1] if orientation in _SIDEWAYS else image.size)
    top = 0
    for band in _cut(image, orientation):
        rgb = flatten(band)
        part = rgb.convert("L") if channel is None else rgb.getchannel(channel)
        part = part if turn is None else part.transpose(turn)
        plane.paste(part, (0, top))
        top += part.height
    return plane


def _cut(image: Image.Image, orientation: int = 1) -> Iterator[Image.Image]:
    """Parts of a picture as they follow each other from top to bottom once it is upright."""
    is_sideways = orientation in _SIDEWAYS
    length, across = image.size if is_sideways else image.size[::-1]
    step = max(1, _BAND // across)
    for start in range(0, length, step):
        stop = min(start + step, length)
        low, high = (length - stop, length - start) if orientation in _BACKWARDS else (start, stop)
        yield image.crop((low, 0, high, across) if is_sideways else (0, low, across, high))


def _flattening(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """What makes any part of a picture RGB."""
    if image.mode.startswith("I") or image.mode == "F":
        low, full = _range_of(image)
        return lambda band: Image.fromarray(_to_bytes(band, low, full)).convert("RGB")
    if not image.has_transparency_data:
        return lambda band: band.convert("RGB")

    def lay(band: Image.Image) -> Image.Image:
        ground = Image.new("RGBA", band.size, "white")
        return Image.alpha_composite(ground, band.convert("RGBA")).convert("RGB")

    return lay


def _values(band: Image.Image) -> np.ndarray:
    return np.nan_to_num(np.asarray(band).astype(np.float32), posinf=0.0, neginf=0.0)


def _range_of(image: Image.Image) -> tuple[float, float]:
    """What becomes 0, and how far above it what becomes 255 lies, of deep greyscale.

    Integers are 16-bit unless they leave that range; floating point is taken as 0..1, else 0..255.
    Whatever leaves these ranges is stretched from its smallest to its largest value.
    """
    extremes = [
        (float(each.min()), float(each.max())) for band in _cut(image) for each in [_values(band)]
    ]
    low, high = min(low for low, _ in extremes), max(high for _, high in extremes)
    for top in (65535.0,) if image.mode.startswith("I") else (1.0, 255.0):
        if low >= 0 and high <= top:
            return 0.0, top
    return low, (high - low) or 1.0


def _to_bytes(band: Image.Image, low: float, full: float) -> np.ndarray:
    """Scale deep greyscale to 0..255 instead of clipping it, as Pillow's ``convert`` would."""
    return np.round((_values(band) - low) * (255 / full)).astype(np.uint8)
