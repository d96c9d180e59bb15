"""What runs, data sets, models, trainings, comparisons, sweeps and experiments may be called.

They become parts of paths, addresses and command lines, so that nothing may stand in them that has a meaning
there.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from urllib.parse import urlsplit

from layerscope.errors import InputError

RULE = (
    "a name consists of letters from a to z, digits, `.`, `_` and `-`, at most 100 of them, "
    "and begins with neither `.` nor `-`"
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


def is_name(text: str) -> bool:
    """Whether a text can be a name; `RULE` says what can."""
    return _NAME.fullmatch(text) is not None


def check_name(text: str, where: str) -> str:
    """A name that came from outside, as it is.

    Parameters
    ----------
    text : str
    where : str
        What is called so, or where it stands: the beginning of the message.

    Raises
    ------
    InputError
        Where it cannot be one.
    """
    if not is_name(text):
        raise InputError(f"{where}: {RULE} (given: {text!r:.80})")
    return text


def name_run(dataset: str, model: str, root: str | None = None) -> str:
    """What the run of a data set and a model is called: no dots, which DVC takes for levels of keys.

    A data set that is any folder goes by the folder's name, which `root` has.
    """
    folder = _fold(_name_place(root)) if root is not None and dataset == "imagefolder" else dataset
    return f"{folder[:40] or dataset}-{re.sub(r'[^a-zA-Z0-9_]', '_', model)}"[:95]  # `-2` fits in


def _name_place(root: str) -> str:
    """The last part of a folder, an archive or a URL, without the archive's endings."""
    url = urlsplit(root)
    text = url.path.strip("/") or url.netloc if "://" in root else str(Path(root).absolute())
    return re.sub(r"(\.(zip|tar|tgz|gz|bz2|xz))+$", "", text.rpartition("/")[2], flags=re.I)


def _fold(text: str) -> str:
    """Of letters beyond a to z those that are one of these with an accent."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_]+", "_", plain).strip("_")
