"""The faithfulness benchmark: the figures of the stage `faithfulness`, as a plot and a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from html import escape
from math import isfinite

import streamlit as st

from layerscope.errors import InputError
from layerscope.explanation.methods import METHODS
from layerscope.faithfulness.baselines import BASELINES
from layerscope.storage import files
from layerscope.storage.store import DATA
from ui import markup
from ui.glossary import define
from ui.shell import explained


@dataclass(frozen=True)
class FaithfulnessMeasure:
    """What is measured: its name, one sentence, and whether more of it is better."""

    name: str
    meaning: str
    more_is_better: bool = True
    is_signed: bool = False  # a correlation below zero is as much as one above

    def rank(self, value: float) -> float:
        """Larger for what is better."""
        size = abs(value) if self.is_signed else value
        return size if self.more_is_better else -size


# As the stage's table names them.
MEASURES = {
    "pointing_game": FaithfulnessMeasure(
        "Pointing game", "How often the most relevant pixel is on the object."
    ),
    "mass": FaithfulnessMeasure(
        "Relevance mass", "The share of the relevance that lies on the object."
    ),
    "rank": FaithfulnessMeasure(
        "Relevance rank",
        "Of the most relevant pixels, as many as the object has, the share that lies on it.",
    ),
    "parts": FaithfulnessMeasure(
        "Parts",
        "Rank correlation of the relevance of the object's parts with what removing each one costs.",
    ),
    "insertion": FaithfulnessMeasure(
        "Insertion",
        "The probability of the class, on average while the most relevant pixels are inserted first.",
    ),
    "deletion": FaithfulnessMeasure(
        "Deletion",
        "The probability of the class, on average while the most relevant pixels are deleted first; less is "
        "better.",
        False,
    ),
    "randomized": FaithfulnessMeasure(
        "Randomised",
        "Rank correlation with the map of the trained model, on average while its layers are randomised from "
        "the output down; nearer to zero is better.",
        False,
        is_signed=True,
    ),
    "randomized_all": FaithfulnessMeasure(
        "All random",
        "Rank correlation with the map of a model whose layers are all randomised; nearer to zero is better.",
        False,
        is_signed=True,
    ),
    "ssim": FaithfulnessMeasure(
        "SSIM",
        "Structural similarity to the map of the trained model, on average while its layers are randomised; "
        "less is better.",
        False,
    ),
}


_LEGEND = "Lines are 95 % intervals, red ticks what chance gives, grey rows the baselines."


@dataclass(frozen=True)
class FaithfulnessFigure:
    """A mean over samples, with the interval it lies in and what chance would give."""

    value: float
    low: float
    high: float
    chance: float | None


Table = dict[str, dict[str, FaithfulnessFigure]]  # measure -> method -> figure


def read_table(run: str) -> Table | None:
    """What the stage measured of a run; None where it has not run. Raises `InputError`."""
    path = DATA / run / "faithfulness.csv"
    table: Table = {}
    try:
        for row in files.read_table(path):
            figure = _read_figure(row)
            if row["measure"] in MEASURES:
                table.setdefault(row["measure"], {})[row["method"]] = figure
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        table = {}
    if not table:
        raise InputError(f"{path}: damaged; delete it and run `dvc repro faithfulness@{run}`")
    return table


def _read_figure(row: dict[str, str]) -> FaithfulnessFigure:
    chance = float(row["chance"]) if row["chance"] else None
    figure = FaithfulnessFigure(float(row["value"]), float(row["low"]), float(row["high"]), chance)
    if not all(map(isfinite, (figure.value, figure.low, figure.high))):
        raise ValueError("not a number")
    return figure


def name_method(key: str) -> str:
    """A method or a baseline as people read it."""
    if key in METHODS:
        return METHODS[key].name
    return f"{BASELINES[key].name} (baseline)" if key in BASELINES else key


def draw_trust(run: str) -> None:
    """The plot of one measure, and the table of all."""
    with st.container(key="trust-panel"), explained():
        st.html(markup.heading("Faithfulness benchmark", run))
        table = read_table(run)
        if table is None:
            st.html(
                f'<p class="said">{escape(define("faithfulness benchmark"))} Not measured for this run yet: '
                f"<code>dvc repro faithfulness@{escape(run)}</code> does it.</p>"
            )
            return
        st.html(f'<p class="said">{escape(define("faithfulness benchmark"))}</p>')
        known = [key for key in MEASURES if key in table]
        st.segmented_control(
            "Measure",
            known,
            key="trust_measure",
            default=known[0],
            required=True,
            format_func=lambda key: MEASURES[key].name,
        )
        chosen = st.session_state["trust_measure"]
        st.html(f'<p class="said">{escape(MEASURES[chosen].meaning)} {_LEGEND}</p>')
        st.html(plot_measure(table[chosen], MEASURES[chosen]))
        st.html(markup.heading("All measures"))
        st.html(tabulate(table))


def plot_measure(figures: dict[str, FaithfulnessFigure], measure: FaithfulnessMeasure) -> str:
    """Methods from best to worst: a dot at the mean, a line over its interval, a tick at chance."""
    ordered = sorted(figures, key=lambda key: measure.rank(figures[key].value), reverse=True)
    ends = [end for each in figures.values() for end in (each.low, each.high, each.chance or 0.0)]
    low, high = min(0.0, *ends), max(0.0, *ends) or 1.0

    def at(value: float) -> float:
        return 100 * (value - low) / ((high - low) or 1.0)

    rows = ""
    for key in ordered:
        each = figures[key]
        kind = "baseline" if key in BASELINES else ""
        chance = "" if each.chance is None else f'<u style="left:{at(each.chance):.2f}%"></u>'
        said = f"{name_method(key)}: {each.value:.3f}, from {each.low:.3f} to {each.high:.3f}"
        rows += (
            f'<li class="{kind}" title="{escape(said)}"><span>{escape(name_method(key))}</span><div>{chance}'
            f'<s style="left:{at(each.low):.2f}%;width:{at(each.high) - at(each.low):.2f}%"></s>'
            f'<i style="left:{at(each.value):.2f}%"></i></div><b>{each.value:.3f}</b></li>'
        )
    return f'<ol class="trust">{rows}</ol>'


def tabulate(table: Table) -> str:
    """Methods by measures; the best of each measure is set off, without the baselines."""
    keys = [key for key in (*METHODS, *BASELINES) if any(key in each for each in table.values())]
    known = [key for key in MEASURES if key in table]
    best = {key: _find_best(table[key], MEASURES[key]) for key in known}
    head = "".join(
        f'<th title="{escape(MEASURES[key].meaning)}">{escape(MEASURES[key].name)}'
        f"{' ↑' if MEASURES[key].more_is_better else ' ↓'}</th>"
        for key in known
    )
    body = ""
    for method in keys:
        cells = "".join(_cell(table[key].get(method), method in best[key]) for key in known)
        kind = ' class="baseline"' if method in BASELINES else ""
        body += f"<tr{kind}><th>{escape(name_method(method))}</th>{cells}</tr>"
    return f'<table class="trust-table"><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>'


def _find_best(figures: dict[str, FaithfulnessFigure], measure: FaithfulnessMeasure) -> set[str]:
    """The methods with the best figure, as it is written: none of the baselines."""
    values = {key: round(figures[key].value, 2) for key in figures if key in METHODS}
    best = max(map(measure.rank, values.values()), default=None)
    return {key for key, value in values.items() if measure.rank(value) == best}


def _cell(figure: FaithfulnessFigure | None, is_best: bool) -> str:
    if figure is None:
        return "<td>–</td>"
    said = f"from {figure.low:.3f} to {figure.high:.3f}"
    value = f"{round(figure.value, 2) + 0.0:.2f}".replace("-", "−")  # minus zero is zero
    return f'<td title="{said}"{" class=best" if is_best else ""}>{value}</td>'
