"""Pictures to explain: photographs that are at hand, and uploaded images.

An upload may be anything: it is decoded in a process of its own, anew for each network, since
each wants something else of it. So a file is to a network what it is in a run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast
from weakref import finalize

import numpy as np
from PIL import Image

from layerscope.datasets.categories import Category
from layerscope.datasets.picture import decode
from layerscope.datasets.preprocessing import Preprocessing, locate_crop
from layerscope.datasets.untrusted import read_untrusted
from layerscope.errors import InputError
from ui.memory import keep

MAX_BYTES = 10 * 2**20
_PHOTOGRAPHS = Path(__file__).parent / "photographs"
_SMALL = 320  # pixels at the longer side of the whole
_GLANCE = Preprocessing(
    (8, 8), (8, 8), (0.5,) * 3, (0.5,) * 3
)  # whether it can be decoded is asked


@dataclass(frozen=True)
class Photo:
    """A photograph that comes along: see the ``README.md`` beside the files.

    Attributes
    ----------
    key, title : str
    credit : str
        Who made it, and on what terms it may be used.
    shows : str
        What is in it, for who reads that a model does not know it.
    classes : frozenset of str
        Its classes: WordNet ids of ImageNet's, and names in lower case.
    """

    key: str
    title: str
    credit: str
    shows: str
    classes: frozenset[str]

    def is_known(self, categories: Iterable[Category]) -> bool:
        """Whether one of a model's categories is in the picture."""
        return any(
            each.wnid in self.classes or each.name.lower() in self.classes for each in categories
        )


PHOTOS = {
    photo.key: photo
    for photo in (
        Photo(
            "dog",
            "Dog",
            "German shepherd, by Hans Kemperman, public domain",
            "a German shepherd",
            frozenset({"n02106662", "german shepherd", "dog"}),
        ),
        Photo(
            "cat",
            "Cat",
            "Chelsea, by Stéfan van der Walt, CC0",
            "a cat",
            frozenset({"n02123045", "n02123159", "n02124075", "tabby", "cat"}),
        ),
        Photo(
            "lemurs",
            "Two lemurs",
            "Ring-tailed lemurs, by Mathias Appel, public domain",
            "a lemur",
            frozenset({"n02497673", "madagascar cat", "lemur"}),
        ),
        Photo(
            "panda",
            "Panda",
            "Giant panda, by Jeff Kubina, public domain",
            "a panda",
            frozenset({"n02510455", "giant panda", "panda"}),
        ),
        Photo(
            "coffee",
            "Coffee",
            "Rachel Michetti, Pikolo Espresso Bar, CC0",
            "a cup of coffee",
            frozenset({"n07920052", "n07930864", "espresso", "cup", "coffee"}),
        ),
        Photo(
            "cathedral",
            "Cathedral",
            "Berlin Cathedral, by Gary Todd, public domain",
            "a cathedral",
            frozenset({"n03028079", "n03220513", "church", "dome", "cathedral"}),
        ),
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
    size : tuple of int
        Its width and height.
    note : str or None
        What was done to it.
    """

    name: str
    file: BinaryIO
    digest: bytes
    size: tuple[int, int]
    note: str | None = None


@dataclass(frozen=True)
class Framed:
    """A picture as a model sees it, and the whole of it.

    Attributes
    ----------
    picture : ndarray of uint8, (H, W, C)
        The crop.
    whole : ndarray of uint8, (h, w, 3)
        All of it, small.
    extent : tuple of float
        Width and height of the crop, in shares of the whole.
    """

    picture: np.ndarray
    whole: np.ndarray
    extent: tuple[float, float]


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
    upload = Upload(name, file, digest, picture.size, " ".join(notes) or None)
    finalize(upload, file.close)
    return upload


def fit_photo(key: str, inputs: Preprocessing) -> Framed:
    """One of `PHOTOS`, as `decode` makes it of the same file in a run.

    Raises
    ------
    InputError
        Where the file is missing.
    """
    file = _PHOTOGRAPHS / f"{key}.webp"
    title = PHOTOS[key].title
    try:
        with Image.open(file) as image:
            size = image.size
    except OSError:
        raise InputError(f"{file.name} is missing: install the app anew") from None
    return _frame(lambda wanted: decode(file, inputs=wanted, source=title), size, inputs)


def fit_upload(upload: Upload, inputs: Preprocessing) -> Framed:
    """The same of an upload. Raises `InputError` where memory or time do not suffice this time."""
    return _frame(lambda wanted: _keep_upload(upload.digest, wanted, upload), upload.size, inputs)


def _frame(
    read: Callable[[Preprocessing], np.ndarray], size: tuple[int, int], inputs: Preprocessing
) -> Framed:
    share = min(1.0, _SMALL / max(size))
    small = max(1, round(size[1] * share)), max(1, round(size[0] * share))
    whole = Preprocessing(small, small, (0.5,) * 3, (0.5,) * 3, "squash")
    _, _, *extent = locate_crop(*size, inputs)
    return Framed(read(inputs), read(whole), (extent[0], extent[1]))


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
