"""What is installed is what was written down."""

from __future__ import annotations

import re

from tests.shared.project import ROOT

_PIN = re.compile(r"^([\w.-]+)(?:\[\w+\])?==([^\s\\]+)", re.MULTILINE)
_HASHED = re.compile(r"[\w.-]+==[^\s\\]+(?: \\\n    --hash=sha256:[0-9a-f]{64})+\n(?:    # .*\n)+")


def _read_pins(name: str) -> dict[str, str]:
    """Versions of packages, whose names are written in more than one way."""
    pins = _PIN.findall((ROOT / name).read_text())
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in pins}


def test_the_lock_has_what_is_required_and_hashes_of_all() -> None:
    pinned = {}
    for name in ("requirements.txt", "requirements-dev.txt"):
        pinned |= _read_pins(name)
    del pinned["torch"]  # its build is the machine's matter
    assert pinned.items() <= _read_pins("requirements.lock").items()
    lock = (ROOT / "requirements.lock").read_text()
    assert _HASHED.sub("", lock) == ""  # nothing but these, and no address
