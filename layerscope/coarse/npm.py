"""Packages of the npm registry: fetched at a pinned version, and checked before they are read."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from urllib.request import urlopen

from layerscope.errors import InputError

REGISTRY = "https://registry.npmjs.org"
_TIMEOUT = 60.0  # seconds


def locate_tarball(name: str, version: str) -> str:
    """The address of a package in the registry."""
    return f"{REGISTRY}/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"


def check_integrity(content: bytes, integrity: str) -> None:
    """Compare a file with npm's ``sha512-<base64>`` (Subresource Integrity, W3C 2016).

    Raises
    ------
    InputError
        Where it differs, or is not of that form.
    """
    found = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != integrity:
        raise InputError(
            f"the integrity that is pinned is {integrity!r}, but the tarball has {found!r}; "
            "compare with `npm view <name>@<version> dist.integrity`"
        )


def fetch_tarball(name: str, version: str, integrity: str) -> bytes:
    """A package as the registry keeps it, compared with its integrity.

    Raises
    ------
    InputError
        See `check_integrity`.
    OSError
        Where the registry cannot be reached.
    """
    with urlopen(locate_tarball(name, version), timeout=_TIMEOUT) as answer:
        tarball = answer.read()
    check_integrity(tarball, integrity)
    return tarball


def read_member(tarball: bytes, path: str) -> bytes:
    """A file of a gzipped tarball, by its whole path ("package/LICENSE").

    Raises
    ------
    InputError
        Where there is no such file.
    """
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        try:
            file = archive.extractfile(path)
        except KeyError:
            file = None
        if file is None:
            raise InputError(f"the package has no file {path!r}")
        return file.read()
