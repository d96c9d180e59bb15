"""Where the app, the stages and what they read lie: in the repository, or in the wheel."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def find_home() -> Path:
    """The folder of ``streamlit_app.py``: ``layerscope/app`` of a wheel, else the repository."""
    carried = _PACKAGE / "app"
    return carried if carried.is_dir() else _PACKAGE.parent


def enter_home() -> None:
    """Let this process, and those that it starts, import what lies beside the library."""
    home = str(find_home())
    if home not in sys.path:
        sys.path.insert(0, home)
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if home not in inherited:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [home, *inherited]))
