"""Features: what the network learned, from its kernels to its classes, and what t-SNE makes of it."""

from __future__ import annotations

from ui.features.steps import STEPS
from ui.page import Stage, run_page


def load() -> Stage:
    """Torch takes seconds to import."""
    from ui.features.address import recall_view
    from ui.features.stage import draw_stage

    recall_view()
    return draw_stage


run_page("Features", STEPS, load)
