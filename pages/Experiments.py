"""Experiments."""

from __future__ import annotations

from ui.shell import open_page

open_page("Experiments")
