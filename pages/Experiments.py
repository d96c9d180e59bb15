"""Experiments: the pipeline under other parameters, compared; any two side by side."""

from __future__ import annotations

from ui import experiments
from ui.assets import read_asset
from ui.experiments.steps import STEPS
from ui.page import Stage, run_page


def load() -> Stage:
    """Neighbours need scikit-learn, which takes a second to import."""
    from ui.experiments.address import recall_choice
    from ui.experiments.stage import draw_stage

    recall_choice()
    return draw_stage


run_page(
    "Experiments", STEPS, load, read_asset(experiments.__file__, "experiments.css"), board=None
)
