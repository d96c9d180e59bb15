"""Runs: what is built of each, and to add, build, stop, rename and remove them."""

from __future__ import annotations

from layerscope.errors import InputError
from ui import runs
from ui.assets import read_asset
from ui.library import load_params
from ui.rights import is_editable
from ui.runs.steps import STEPS
from ui.shell import open_page, show_problem

open_page("Runs", STEPS, read_asset(runs.__file__, "runs.css"))
try:
    load_params()
    if is_editable():
        from ui.runs.stage import draw_runs

        draw_runs()
    else:
        show_problem(
            "Runs are not changed in this app. Where it is yours alone, set app.editable to true in "
            "params.yaml and let it listen to this machine: layerscope app."
        )
except InputError as problem:
    show_problem(str(problem))
