"""Fetch what `vendor.json` names from the npm registry: `make vendor`.

A package's tarball must have the integrity that npm published for it, or nothing is written. What is
taken out of it is left unchanged, and its SHA-256 is noted in `vendor.json`, so that the files can be
checked without a network.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from layerscope.coarse.npm import fetch_tarball, read_member
from layerscope.errors import InputError
from layerscope.storage.files import write_text
from ui.vendor import FOLDER

MANIFEST = FOLDER / "vendor.json"


def fetch_package(entry: dict[str, Any], folder: Path) -> None:
    """Fetch one package, check it, write its files to a folder, and note their SHA-256.

    Raises
    ------
    InputError, OSError
        See `fetch_tarball` and `read_member`.
    """
    tarball = fetch_tarball(entry["name"], entry["version"], entry["integrity"])
    files = {
        name: read_member(tarball, f"package/{file['from']}")
        for name, file in entry["files"].items()
    }
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
