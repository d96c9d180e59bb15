"""What each view of the page draws from, and where it draws."""

from __future__ import annotations

from dataclasses import dataclass

from streamlit.delta_generator import DeltaGenerator

from ui.library import Contents
from ui.network.address import NetworkChoice
from ui.selection import Selection


@dataclass(frozen=True)
class NetworkView:
    """What is looked at, and two containers: one for choices, one for the view."""

    selection: Selection
    choice: NetworkChoice
    contents: Contents
    side: DeltaGenerator
    stage: DeltaGenerator
