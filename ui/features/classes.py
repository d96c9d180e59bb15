"""A view."""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from ui.library import Contents
from ui.selection import Selection


def draw(
    selection: Selection, contents: Contents, side: DeltaGenerator, stage: DeltaGenerator
) -> list[str]:
    """Draw it."""
    return []
