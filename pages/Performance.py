"""Performance: which classes are confused, at which threshold, how confidently, and with which pictures."""

from __future__ import annotations

from ui import performance
from ui.assets import read_asset
from ui.page import Stage, run_page
from ui.performance.steps import STEPS


def load() -> Stage:
    """What it measures with takes a moment to import."""
    from ui.performance.address import recall_choice
    from ui.performance.stage import draw_stage

    recall_choice()
    return draw_stage


run_page("Performance", STEPS, load, read_asset(performance.__file__, "performance.css"))
