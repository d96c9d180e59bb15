"""Pictures to explain: photographs that are at hand, and uploaded images.

An upload may be anything: it is decoded in a process of its own, and only a small copy is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from layerscope.datasets.picture import decode
from layerscope.datasets.untrusted import read_untrusted
from layerscope.errors import InputError

MAX_BYTES = 10 * 2**20


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
        A small file that `layerscope.datasets.picture.decode` takes.
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
        In one line: it is larger than `MAX_BYTES`, or no picture that `read_untrusted` takes.
    """
    name = _tidy(name)
    if not content:
        raise InputError(f"{name} is empty. Choose another file.")
    if len(content) > MAX_BYTES:
        size = f"{len(content) / 2**20:.1f} MB"
        raise InputError(f"{name} has {size}; at most {MAX_BYTES >> 20} MB are taken.")
    try:
        picture = read_untrusted(content)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    notes = []
    if picture.is_animated:
        notes.append("It is animated: you see its first frame.")
    if picture.is_transparent:
        notes.append("Its transparent parts are laid on grey.")
    return Upload(name, picture.content, " ".join(notes) or None)


def fit_picture(content: bytes, name: str, size: int) -> np.ndarray:
    """A picture (size, size, 3) uint8 in the geometry of the samples: see `decode`."""
    return decode(content, size=size, source=name)


def digest_of(picture: np.ndarray) -> str:
    """What tells a picture from all others."""
    return hashlib.blake2b(picture.tobytes(), digest_size=16).hexdigest()


def _tidy(name: str) -> str:
    shown = "".join(each for each in name if each.isprintable())[:60].strip()
    return shown or "The picture"
