"""What of the page stands in the address beside the selection that all pages share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

import streamlit as st

from layerscope.performance.calibration import SCHEMES
from layerscope.performance.confusion import OTHER
from layerscope.performance.labeled_predictions import LabeledPredictions
from ui.address import Reading, change, recall_part, write_part
from ui.performance.techniques import TECHNIQUES

VIEWS = {
    "confusion": "Confusion",
    "classes": "Classes",
    "thresholds": "Thresholds",
    "calibration": "Calibration",
    "errors": "Errors",
    "layers": "Layers",
}
FIGURES = {
    "knn_accuracy": "kNN accuracy",
    "neighbors_kept": "Neighbours kept",
    "trustworthiness": "Trustworthiness",
    "continuity": "Continuity",
    "r_nx": "R_NX",
    "q_local": "Local quality",
    "q_global": "Global quality",
}
COUNTED = {"count": "Samples", "share": "Share of row"}
ARRANGED = {"given": "As given", "similar": "By similarity"}
BINNED = {"width": "Equal width", "mass": "Equal mass"}
N_BINS = (5, 10, 15, 20)
COLUMNS = ("class", "support", "precision", "recall", "f1")
RANKED = tuple(f"{sign}{column}" for column in COLUMNS for sign in ("", "-"))
REST = "rest"  # in the address, `OTHER`
_CUT = re.compile(r"0\.\d{3}|1\.000", re.ASCII)
_CELL = re.compile(r"(0|[1-9]\d{0,5})-(0|[1-9]\d{0,5}|rest)", re.ASCII)
_PART = "performance"
Cell = tuple[int, int]


@dataclass(frozen=True)
class PerformanceChoice:
    """How the predictions are looked at.

    Attributes
    ----------
    perf : str
        A key of `VIEWS`.
    about : str
        The technique that is explained, one of the view's.
    focus_class : int or None
        The class that is looked at in every view.
    cell : tuple of int or None
        Class and output of the confusions that are open; the output may be `OTHER`.
    counted, arranged : str
        Keys of `COUNTED` and `ARRANGED`: of the matrix.
    ranked : str
        One of `RANKED`: of the table of classes.
    cut : float
        Threshold on a class's probability.
    binned : str
        A key of `BINNED`.
    n_bins : int
        One of `N_BINS`.
    figure : str
        A key of `FIGURES`: of the layouts of layers.
    """

    perf: str
    about: str
    focus_class: int | None = None
    cell: Cell | None = None
    counted: str = "count"
    arranged: str = "given"
    ranked: str = "class"
    cut: float = 0.5
    binned: str = "width"
    n_bins: int = 10
    figure: str = "neighbors_kept"

    def to_params(self) -> dict[str, str]:
        """As query parameters; what is as it was at the start is left out."""
        values = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) != field.default
        }
        if self.perf == next(iter(VIEWS)):
            del values["perf"]
        if self.about == TECHNIQUES[self.perf][0].key:
            del values["about"]
        if self.cell is not None:
            values["cell"] = write_cell(self.cell)
        if "cut" in values:
            values["cut"] = f"{self.cut:.3f}"
        return {key: str(value) for key, value in values.items()}


KEYS = tuple(field.name for field in fields(PerformanceChoice))
assert set(BINNED) == set(SCHEMES)


def write_cell(cell: Cell) -> str:
    """A cell as it stands in the address."""
    return f"{cell[0]}-{REST if cell[1] == OTHER else cell[1]}"


def offer_outputs(answers: LabeledPredictions) -> tuple[int, ...]:
    """The outputs that a cell can be of: those of the data set's classes, and all that were predicted."""
    known = [int(output) for output in answers.outputs if output >= 0]
    given = sorted({int(output) for output in answers.predicted})
    return tuple(dict.fromkeys([*known, *given]))


def read_choice(
    params: Mapping[str, str], answers: LabeledPredictions, has_rest: bool
) -> tuple[PerformanceChoice, list[str]]:
    """What the address asks for, and the names of values that there are not.

    Parameters
    ----------
    params : mapping
        Query parameters.
    answers : LabeledPredictions
    has_rest : bool
        Whether the matrix has a column for all other outputs.
    """
    reading = Reading(params)
    choose, refused = reading.choose, reading.refused

    view = choose("perf", VIEWS, "confusion", "view")
    techniques = [technique.key for technique in TECHNIQUES[view]]
    choice = PerformanceChoice(
        view,
        choose("about", techniques, techniques[0], "technique"),
        choose("focus_class", range(len(answers.outputs)), None, "class"),
        _read_cell(params.get("cell"), answers, has_rest, refused),
        choose("counted", COUNTED, "count", "way to count"),
        choose("arranged", ARRANGED, "given", "order of classes"),
        choose("ranked", RANKED, "class", "order of the table"),
        _read_cut(params.get("cut"), refused),
        choose("binned", BINNED, "width", "kind of bins"),
        choose("n_bins", N_BINS, 10, "number of bins"),
        choose("figure", FIGURES, "neighbors_kept", "figure of layouts"),
    )
    return choice, refused


def _read_cell(
    text: str | None, answers: LabeledPredictions, has_rest: bool, refused: list[str]
) -> Cell | None:
    if text is None:
        return None
    found = _CELL.fullmatch(text)
    if found:
        label, output = int(found[1]), OTHER if found[2] == REST else int(found[2])
        offered = has_rest if output == OTHER else output in offer_outputs(answers)
        if label < len(answers.outputs) and offered:
            return label, output
    refused.append("cell of the matrix")
    return None


def _read_cut(text: str | None, refused: list[str]) -> float:
    if text is None:
        return 0.5
    if _CUT.fullmatch(text):
        return float(text)
    refused.append("threshold")
    return 0.5


def write_choice(choice: PerformanceChoice) -> None:
    """Put the choice in the address, and remember it for the next visit to the page."""
    write_part(_PART, KEYS, choice.to_params())


def choose_focus(label: int | None) -> None:
    """Look at a class in every view, or at none."""
    change(focus_class=label)


def recall_choice() -> None:
    """Where the page is opened without a choice, go on with the one of this session."""
    recall_part(_PART, KEYS)


def let_go(run: str) -> None:
    """Classes and cells are numbers: those of another run's mean something else, and are let go."""
    if st.session_state.get("performance-run", run) != run:
        change(focus_class=None, cell=None)
    st.session_state["performance-run"] = run
