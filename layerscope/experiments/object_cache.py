"""Outputs of other revisions, out of a cache that keeps files under the hash of what is in them.

That is the layout of DVC 3: ``files/md5/ab/cdef...`` is a file, and one that ends in ``.dir`` a
JSON list of what is in a folder. Nothing is copied: folders are rebuilt from links.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from layerscope.errors import InputError

_HASH = re.compile(r"[0-9a-f]{32}(\.dir)?")


def parse_lock(text: str) -> dict[str, str]:
    """Paths of all outputs in a ``dvc.lock``, each with its hash.

    Read line by line, as DVC writes it: a full reader takes seconds for many revisions.
    """
    outs: dict[str, str] = {}
    inside, path = False, ""
    for line in text.splitlines():
        bare = line.strip()
        if line.startswith("    ") and not line.startswith("     ") and bare.endswith(":"):
            inside = bare == "outs:"
        elif inside and bare.startswith("- path: "):
            path = bare.removeprefix("- path: ").strip("'\"")
        elif inside and path and bare.startswith("md5: "):
            outs[path] = bare.removeprefix("md5: ")
            path = ""
    return outs


def find_object(cache: Path, digest: str) -> Path:
    """The file of a hash.

    Raises
    ------
    InputError
        Where the cache does not have it.
    """
    if not _HASH.fullmatch(digest):
        raise InputError(f"{digest[:40]!r} is no hash of an output")
    path = cache / "files" / "md5" / digest[:2] / digest[2:]
    if not path.is_file():
        raise InputError(f"{path.name[:7]} is not in DVC's cache; `dvc pull` may bring it back")
    return path


def link_outputs(cache: Path, outs: Mapping[str, str], folder: Path) -> None:
    """Rebuild outputs in a folder, from links to files of the cache.

    Parameters
    ----------
    cache : Path
        Absolute.
    outs : mapping of str to str
        Paths relative to the folder, each with its hash.
    folder : Path

    Raises
    ------
    InputError
        Where something is not in the cache, or would lie outside the folder.
    """
    for path, digest in outs.items():
        source = find_object(cache, digest)
        inside = {path: source}
        if digest.endswith(".dir"):
            try:
                listed = {
                    each["relpath"]: each["md5"]
                    for each in json.loads(source.read_text(encoding="utf-8"))
                }
            except (ValueError, KeyError, TypeError, OSError) as error:
                raise InputError(f"{source.name[:7]} in DVC's cache is damaged") from error
            for name in listed:
                _check_relative(name)
            inside = {f"{path}/{name}": find_object(cache, md5) for name, md5 in listed.items()}
        _check_relative(path)
        for name, origin in inside.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(origin)


def _check_relative(name: str) -> None:
    parts = PurePosixPath(name).parts
    if PurePosixPath(name).is_absolute() or ".." in parts:
        raise InputError(f"{name[:60]!r} lies outside the folder")
