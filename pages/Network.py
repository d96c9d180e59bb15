"""Network: what the model is made of, operator by operator, and how its weights came to be."""

from __future__ import annotations

from ui import network
from ui.assets import read_asset
from ui.network.steps import STEPS
from ui.page import Stage, run_page


def load() -> Stage:
    """Graphs and charts take a moment to import."""
    from ui.network.address import recall_choice
    from ui.network.stage import draw_stage

    recall_choice()
    return draw_stage


run_page("Network", STEPS, load, read_asset(network.__file__, "network.css"))
