"""Explain: why a model predicts what it predicts, by every method side by side, on any picture."""

from __future__ import annotations

from ui import explain
from ui.assets import read_asset
from ui.explain.steps import STEPS
from ui.page import Stage, run_page


def load() -> Stage:
    """Torch takes seconds to import."""
    from ui.explain.address import recall_choice
    from ui.explain.stage import draw_stage

    recall_choice()
    return draw_stage


run_page(
    "Explain",
    STEPS,
    load,
    read_asset(explain.__file__, "explain.css"),
    board="explain-board",
    empty="empty-explain",
)
