"""Pictures to explain: photographs that are at hand, and uploaded images.

An upload may be anything. Its header is checked before a pixel is decoded, and it is never
written to disk.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from PIL import Image, ImageOps

from layerscope.datasets.picture import decode
from layerscope.errors import InputError

MAX_BYTES = 10 * 2**20
MAX_PIXELS = 40_000_000
FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP", "GIF": "GIF"}
_GREY = (128, 128, 128, 255)  # what shows through where a picture is transparent
_ENOUGH = 1024  # pixels of the shorter side that transparent pictures keep


@dataclass(frozen=True)
class Photo:
    """A photograph in scikit-image's own package.

    Attributes
    ----------
    key, title : str
    file : str
        In the package's ``data`` folder.
    credit : str
        Who made it, and on what terms it may be used.
    """

    key: str
    title: str
    file: str
    credit: str


PHOTOS = {
    photo.key: photo
    for photo in (
        Photo("cat", "Cat", "chelsea.png", "Chelsea, by Stéfan van der Walt, CC0"),
        Photo("coffee", "Coffee", "coffee.png", "Rachel Michetti, Pikolo Espresso Bar, CC0"),
        Photo("rocket", "Rocket", "rocket.jpg", "DSCOVR on Falcon 9, SpaceX, public domain"),
        Photo(
            "motorcycle",
            "Motorcycle",
            "motorcycle_left.png",
            "Middlebury stereo benchmark 2014, Nesic, Westling, Wang, Kitajima, Krathwohl, Scharstein",
        ),
        Photo("astronaut", "Astronaut", "astronaut.png", "Eileen Collins, NASA, public domain"),
    )
}


@dataclass(frozen=True)
class Upload:
    """An uploaded image, checked.

    Attributes
    ----------
    name : str
        As it is shown.
    content : bytes
        A file that `layerscope.datasets.picture.decode` takes, upright where it was transparent.
    note : str or None
        What was done to it.
    """

    name: str
    content: bytes
    note: str | None = None


def read_photo(key: str) -> bytes:
    """The file of one of `PHOTOS`. Raises `InputError` where the package came without it."""
    try:
        return (files("skimage") / "data" / PHOTOS[key].file).read_bytes()
    except OSError:
        raise InputError(
            f"scikit-image came without {PHOTOS[key].file}; choose another picture"
        ) from None


def check_upload(name: str, content: bytes) -> Upload:
    """Whether a file may be explained.

    Parameters
    ----------
    name : str
        What its owner calls it.
    content : bytes

    Returns
    -------
    Upload

    Raises
    ------
    InputError
        In one line: it is larger than `MAX_BYTES`, in none of `FORMATS`, claims more than `MAX_PIXELS`,
        or is damaged.
    """
    name = _tidy(name)
    if not content:
        raise InputError(f"{name} is empty. Choose another file.")
    if len(content) > MAX_BYTES:
        size = f"{len(content) / 2**20:.1f} MB"
        raise InputError(f"{name} has {size}; at most {MAX_BYTES >> 20} MB are taken.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pictures that decode perfectly well
            return _read(name, content)
    except InputError:
        raise
    except (MemoryError, Image.DecompressionBombError):
        raise InputError(_too_many(name)) from None
    except Exception:  # Pillow's plugins raise anything on damaged files
        raise InputError(
            f"{name} is damaged or cut off. Save it again, or choose another."
        ) from None


def fit_picture(content: bytes, name: str, size: int) -> np.ndarray:
    """A picture (size, size, 3) uint8 in the geometry of the samples: see `decode`."""
    return decode(content, size=size, source=name)


def digest_of(picture: np.ndarray) -> str:
    """What tells a picture from all others."""
    return hashlib.blake2b(picture.tobytes(), digest_size=16).hexdigest()


def _tidy(name: str) -> str:
    shown = "".join(each for each in name if each.isprintable())[:60].strip()
    return shown or "The picture"


def _too_many(name: str) -> str:
    return f"{name} claims more than {MAX_PIXELS // 10**6} megapixels. Make it smaller first."


def _read(name: str, content: bytes) -> Upload:
    try:
        image = Image.open(io.BytesIO(content), formats=tuple(FORMATS))
    except Image.UnidentifiedImageError:
        known = ", ".join(FORMATS.values())
        raise InputError(f"{name} is no picture in a known format ({known}).") from None
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise InputError(_too_many(name))
        notes = []
        if image.format != "MPO" and getattr(
            image, "is_animated", False
        ):  # MPO: JPEG with previews
            notes.append("It is animated: you see its first frame.")
        image.draft(None, (2 * _ENOUGH, 2 * _ENOUGH))  # JPEG decodes at a fraction of its size
        image.load()
        if image.has_transparency_data:
            notes.append("Its transparent parts are laid on grey.")
            content = _lay_on_grey(image)
    return Upload(name, content, " ".join(notes) or None)


def _lay_on_grey(image: Image.Image) -> bytes:
    """A transparent picture as an opaque and upright PPM file."""
    layered = image.convert("RGBA")
    share = _ENOUGH / min(layered.size)
    if share < 1:
        width, height = (max(1, round(share * side)) for side in layered.size)
        layered = layered.resize((width, height), Image.Resampling.BOX)
    grey = Image.new("RGBA", layered.size, _GREY)
    flat = Image.alpha_composite(grey, layered).convert("RGB")
    flat.info = image.info  # with the EXIF orientation, which PPM has no place for
    stored = io.BytesIO()
    ImageOps.exif_transpose(flat).save(stored, "PPM")
    return stored.getvalue()
