"""Pictures to explain: photographs that are at hand, and uploaded images.

An upload may be anything: it is decoded in a process of its own, anew for each network, since
each wants something else of it. So a file is to a network what it is in a run.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from tempfile import TemporaryFile
from typing import BinaryIO, cast
from weakref import finalize

import numpy as np

from layerscope.datasets.picture import decode
from layerscope.datasets.preprocessing import Preprocessing
from layerscope.datasets.untrusted import read_untrusted
from layerscope.errors import InputError
from ui.memory import keep

MAX_BYTES = 10 * 2**20
_GLANCE = Preprocessing(
    (8, 8), (8, 8), (0.5,) * 3, (0.5,) * 3
)  # whether it can be decoded is asked


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
    file : BinaryIO
        On disk, where no other process finds it; gone with this object.
    digest : bytes
        What tells its content from all others.
    note : str or None
        What was done to it.
    """

    name: str
    file: BinaryIO
    digest: bytes
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
        picture = read_untrusted(content, _GLANCE)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    notes = []
    if picture.is_animated:
        notes.append("It is animated: you see its first frame.")
    if picture.is_transparent:
        notes.append("Its transparent parts are laid on white.")
    file = cast(BinaryIO, TemporaryFile())  # noqa: SIM115  (it lasts as long as the upload)
    file.write(content)
    digest = hashlib.blake2b(content, digest_size=16).digest()
    upload = Upload(name, file, digest, " ".join(notes) or None)
    finalize(upload, file.close)
    return upload


def fit_photo(key: str, inputs: Preprocessing) -> np.ndarray:
    """One of `PHOTOS`, (H, W, C) uint8, as `decode` makes it of the same file in a run."""
    return decode(read_photo(key), inputs=inputs, source=PHOTOS[key].title)


def fit_upload(upload: Upload, inputs: Preprocessing) -> np.ndarray:
    """The same of an upload. Raises `InputError` where memory or time do not suffice this time."""
    return _keep_upload(upload.digest, inputs, upload)


@keep
def _keep_upload(digest: bytes, inputs: Preprocessing, _upload: Upload) -> np.ndarray:
    _upload.file.seek(0)
    try:
        return read_untrusted(_upload.file.read(), inputs).picture
    except InputError as error:
        raise InputError(f"{_upload.name}: {error}") from None


def digest_of(picture: np.ndarray) -> str:
    """What tells a picture from all others."""
    return hashlib.blake2b(picture.tobytes(), digest_size=16).hexdigest()


def _tidy(name: str) -> str:
    shown = "".join(each for each in name if each.isprintable())[:60].strip()
    return shown or "The picture"
