"""The page's parts put together: choices on top, all experiments, and two of them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from layerscope.errors import InputError
from ui.address import change, read_params
from ui.arrays import Unavailable
from ui.components.experiment_table import FigureColumn, draw_experiment_table, list_orders
from ui.components.parallel_coordinates import draw_parallel_coordinates
from ui.controls import draw_run_choice, select
from ui.experiments.address import SHADES, ExperimentsChoice, read_choice, write_choice
from ui.experiments.board import (
    FIGURES,
    add_noise,
    list_columns,
    list_lines,
    list_parameters,
    list_rows,
    name_embedding,
    read_figure,
)
from ui.experiments.entries import (
    WORKSPACE,
    ExperimentEntry,
    enter_sweep,
    enter_workspace,
    list_swept_runs,
    merge_entries,
    read_sweeps,
)
from ui.experiments.guide import draw_guide, list_commands
from ui.experiments.local import Local, look_up
from ui.experiments.pair import (
    describe_agreement,
    describe_side,
    draw_pair,
    load_pair,
    measure_repetitions,
    share,
)
from ui.glossary import define
from ui.library import Contents, name_run
from ui.markup import escape_markdown
from ui.selection import Selection, read_selection, write_selection
from ui.shell import show_notices, show_problem, show_unavailable

_TINTS = tuple(FIGURES)


@dataclass(frozen=True)
class _Shown:
    """What the address asks for, as far as it is there."""

    contents: Contents
    selection: Selection
    entries: tuple[ExperimentEntry, ...]
    choice: ExperimentsChoice
    local: Local
    refused: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def columns(self) -> tuple[FigureColumn, ...]:
        embedding, layer = self.choice.lay_a, self.selection.layer
        names, _ = list_parameters(self.entries)
        columns = list_columns(embedding, layer, names)
        return add_noise(columns, self.entries, embedding, layer)

    @property
    def tint(self) -> FigureColumn:
        """What colours lines: PCA and UMAP have no KL divergence."""
        by_key = {column.key: column for column in self.columns}
        return by_key.get(self.choice.tint, self.columns[0])

    @property
    def pair(self) -> tuple[ExperimentEntry, ExperimentEntry]:
        by_key = {entry.key: entry for entry in self.entries}
        return by_key[self.choice.exp_a], by_key[self.choice.exp_b]


def _read(contents: Contents) -> _Shown:
    params = read_params()
    selection, refused = read_selection(params, contents)
    sweeps, problems = read_sweeps(contents.run)
    local = look_up(contents.run)
    along = [entry for sweep in sweeps for entry in enter_sweep(sweep)]
    known = {name for entry in (*along, *local.entries) for name in entry.experiment.params}
    entries = tuple(merge_entries(along, local.entries, enter_workspace(contents, known)))
    orders = list_orders([FigureColumn(key, "", "") for key in FIGURES])
    choice, refused_choices = read_choice(params, entries, selection, _TINTS, orders)
    if local.is_pending:  # what is not there may still come
        refused_choices = []
    return _Shown(
        contents, selection, entries, choice, local, (*refused, *refused_choices), problems
    )


def draw_stage(contents: Contents, runs: tuple[str, ...]) -> list[str]:
    """Draw what the address asks for; returns the names of what it asked for in vain."""
    shown = _read(contents)
    write_selection(shown.selection)
    if not shown.local.is_pending:
        write_choice(shown.choice)
    with st.container(key="experiment-choices", horizontal=True, vertical_alignment="bottom"):
        draw_run_choice(contents.run, runs)
        _draw_choices(shown)
    with st.container(key="panel-lines"):
        _draw_lines(shown)
    left, right = st.columns(2, gap=None)
    with left.container(key="panel-table"):
        _draw_table(shown)
    with right.container(key="panel-pair"):
        _draw_sides(shown)
    show_notices((), *shown.problems)
    return list(shown.refused)


def _draw_choices(shown: _Shown) -> None:
    names = {layer.key: f"{layer.key}  {layer.label}".strip() for layer in shown.contents.layers}
    select("layer", "Layer", list(names), shown.selection.layer, names.__getitem__, channel=None)
    tints = [column.key for column in shown.columns]
    select("tint", "Colour lines by", tints, shown.tint.key, FIGURES.__getitem__)
    select("shade", "Colour points by", list(SHADES), shown.choice.shade, SHADES.__getitem__)
    with st.popover("How to read this"):
        draw_guide(shown.contents.run)


def pick(entries: Sequence[ExperimentEntry], side: int, key: str) -> None:
    """See an experiment as A or as B; an embedding that it does not have is forgotten."""
    letter = "ab"[side]
    found = next(entry for entry in entries if entry.key == key)
    kept = st.query_params.get(f"lay_{letter}")
    change(**{f"exp_{letter}": key, f"lay_{letter}": kept if kept in found.embeddings else None})


def _draw_lines(shown: _Shown) -> None:
    choice, layer = shown.choice, shown.selection.layer
    experiments = [entry for entry in shown.entries if entry.key != WORKSPACE]
    if not experiments:
        _draw_empty(shown)
        return
    tint = shown.tint
    axes, lines = list_lines(shown.entries, shown.columns, choice.lay_a, layer, tint.key)
    values = [read_figure(entry, tint.key, choice.lay_a, layer) for entry in experiments]
    with st.container(key="lines-head", horizontal=True, gap=None):
        st.html(f'<h2 class="title">{len(experiments)} experiments</h2>', width="content")
        st.html(_describe_scale(tint, [v for v in values if v is not None]), width="stretch")
        _draw_state(shown.local)
    with st.container(key="lines"):
        draw_parallel_coordinates(
            axes,
            lines,
            (choice.exp_a, choice.exp_b),
            key="experiment_lines",
            on_pick=lambda side, key: pick(shown.entries, side, key),
        )


def _describe_scale(column: FigureColumn, values: Sequence[float]) -> str:
    """The colours of lines, with what their ends mean."""
    if not values:
        return '<p class="scale"></p>'
    ends = f"{min(values):.3f}", f"{max(values):.3f}"
    return (
        f'<p class="scale" title="{escape(column.title)}">{escape(FIGURES[column.key])} '
        f"<b>{ends[0]}</b><i></i><b>{ends[1]}</b></p>"
    )


def _draw_state(local: Local) -> None:
    """What is known of this repository's own experiments, in one line."""
    if local.is_pending:
        _wait()
    elif local.problem:
        text = escape(local.problem)
        st.html(f'<p class="state" title="{text}">{text}</p>', width="content")


@st.fragment(run_every=1.0)
def _wait() -> None:
    """Until the repository's experiments are read, then the page is drawn again."""
    run = st.query_params.get("run", "")
    if not look_up(run).is_pending:
        st.rerun()
    st.html('<p class="state">Reading the experiments of this repository …</p>', width="content")


def _draw_empty(shown: _Shown) -> None:
    """Where a run has no experiments: how to get some, and where there are."""
    run = shown.contents.run
    others = [each for each in list_swept_runs() if each != run]
    st.html(
        f'<h2 class="title">No experiments of {escape(name_run(run))} yet</h2>'
        f'<p class="said"><b>Experiment</b>: {escape(define("experiment"))} These commands run '
        "some, from the top folder of a clone; reload this page when they are done.</p>"
    )
    st.code(list_commands(run), language="bash")
    with st.container(key="lines-head", horizontal=True, gap="small"):
        for other in others:
            st.button(
                f"See those of {escape_markdown(name_run(other))}",
                key=f"swept-{other}",
                on_click=lambda run=other: change(
                    run=run, exp_a=None, exp_b=None, lay_a=None, lay_b=None, sample=None, only=None
                ),
            )
        _draw_state(shown.local)


def _draw_table(shown: _Shown) -> None:
    choice, layer = shown.choice, shown.selection.layer
    rows = list_rows(shown.entries, shown.columns, choice.lay_a, layer)
    orders = list_orders(shown.columns)
    draw_experiment_table(
        shown.columns,
        rows,
        (choice.exp_a, choice.exp_b),
        choice.sort if choice.sort in orders else None,
        key="experiment_table",
        on_pick=lambda side, key: pick(shown.entries, side, key),
        on_order=lambda order: change(sort=order),
    )


def _draw_side_choice(shown: _Shown, side: int) -> None:
    """Which experiment is A or B, and which of its embeddings is looked at."""
    letter, entry = "ab"[side], shown.pair[side]
    experiment, embedding = f"exp_{letter}", f"lay_{letter}"
    st.session_state[experiment] = entry.key
    st.session_state[embedding] = (shown.choice.lay_a, shown.choice.lay_b)[side]
    st.selectbox(
        f"Experiment {letter.upper()}",
        [each.key for each in shown.entries],
        key=experiment,
        on_change=lambda: pick(shown.entries, side, st.session_state[experiment]),
        label_visibility="collapsed",
    )
    st.selectbox(
        f"Embedding of {letter.upper()}",
        entry.embeddings,
        key=embedding,
        format_func=name_embedding,
        on_change=lambda: change(**{embedding: st.session_state[embedding]}),
        label_visibility="collapsed",
    )


def _draw_sides(shown: _Shown) -> None:
    """The two, with what was measured of them."""
    layer = shown.selection.layer
    with st.container(key="pair-head", horizontal=True, gap=None):
        for side, letter in enumerate("ab"):
            with st.container(key=f"side-{letter}", horizontal=True, gap="xsmall"):
                _draw_side_choice(shown, side)
    try:
        sides = load_pair(shown.pair, shown.choice, layer)
        shared = share(*sides)
        repeated = measure_repetitions(sides[0], shown.entries, layer)
        said = (
            describe_side(sides[0], layer, sides[1]),
            describe_agreement(shared, repeated),
            describe_side(sides[1], layer, sides[0]),
        )
        st.html(f'<div class="compared">{"".join(said)}</div>')
        draw_pair(sides, shared, shown.selection, shown.contents, shown.choice.shade)
    except Unavailable as unavailable:
        show_unavailable(unavailable)
    except InputError as problem:
        show_problem(str(problem))
