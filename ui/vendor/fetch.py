"""Fetch what `vendor.json` names from the npm registry: `make vendor`.

A package's tarball must have the integrity that npm published for it, or nothing is written. What is
taken out of it is left unchanged, and its SHA-256 is noted in `vendor.json`, so that the files can be
checked without a network.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from layerscope.errors import InputError
from layerscope.files import write_text
from ui.vendor import FOLDER

REGISTRY = "https://registry.npmjs.org"
MANIFEST = FOLDER / "vendor.json"
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
            f"vendor.json: the integrity is {integrity!r}, but the tarball has {found!r}; "
            "compare with `npm view <name>@<version> dist.integrity`"
        )


def unpack(tarball: bytes, sources: dict[str, str]) -> dict[str, bytes]:
    """Take files out of a package, by the names they get here.

    Parameters
    ----------
    tarball : bytes
    sources : dict of str to str
        Names here to paths below the tarball's folder ``package/``.

    Raises
    ------
    InputError
        For a file that is not there.
    """
    taken = {}
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        for name, source in sources.items():
            try:
                file = archive.extractfile(f"package/{source}")
            except KeyError:
                file = None
            if file is None:
                raise InputError(f"vendor.json: the package has no file {source!r}")
            taken[name] = file.read()
    return taken


def fetch_package(entry: dict[str, Any], folder: Path) -> None:
    """Fetch one package, check it, write its files to a folder, and note their SHA-256.

    Raises
    ------
    InputError
        See `check_integrity` and `unpack`.
    OSError
        Where the registry cannot be reached.
    """
    with urlopen(locate_tarball(entry["name"], entry["version"]), timeout=_TIMEOUT) as answer:
        tarball = answer.read()
    check_integrity(tarball, entry["integrity"])
    files = unpack(tarball, {name: file["from"] for name, file in entry["files"].items()})
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
        entry["files"][name]["sha256"] = hashlib.sha256(content).hexdigest()


def main() -> None:
    """Fetch every package of `vendor.json`."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    for entry in manifest["packages"]:
        fetch_package(entry, FOLDER / entry["name"])
        print(f"{entry['name']} {entry['version']}: {len(entry['files'])} files")
    write_text(MANIFEST, json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (InputError, OSError) as error:
        sys.exit(f"error: {error}")
