"""The view of the confusion matrix, and of the pictures of one of its cells."""

from __future__ import annotations

from html import escape

import streamlit as st

from layerscope.performance.confusion import (
    OTHER,
    Confusion,
    Pair,
    arrange_columns,
    count_confusion,
    list_pairs,
    pick_cell,
)
from layerscope.performance.intervals import estimate_share
from ui import markup
from ui.address import change
from ui.charts import draw_clickable
from ui.components.contact_sheet import draw_contact_sheet
from ui.controls import choose
from ui.layouts import family
from ui.palette import CLASS_COLORS
from ui.performance.address import (
    ARRANGED,
    COUNTED,
    Cell,
    offer_outputs,
    write_cell,
)
from ui.performance.evaluation import choose_axes, load_similar_rows
from ui.performance.matrix import draw_matrix, read_place
from ui.performance.sample_card import draw_sample_card
from ui.performance.scene import PerformanceScene, count
from ui.performance.travel import plan_explorer

_N_PAIRS = 8
_NONE = -2  # in the lists of classes and outputs; no class, no output, not `OTHER`


def draw(scene: PerformanceScene) -> None:
    """Draw the view."""
    confusion = _count(scene)
    left, right = st.columns(2, gap=None)
    with left.container(key="panel-matrix"):
        _draw_matrix(confusion, scene)
    with right.container(key="panel-cell"):
        _draw_cell(confusion, scene)


def _count(scene: PerformanceScene) -> Confusion:
    wanted = [scene.choice.focus_class, scene.choice.cell[0] if scene.choice.cell else None]
    always = tuple(label for label in wanted if label is not None)
    rows, columns = choose_axes(scene.answers, always)
    if scene.choice.arranged == "similar":
        rows = load_similar_rows(scene.evaluation, rows)
        columns = arrange_columns(scene.answers, rows, columns)
    return count_confusion(scene.answers, rows, columns)


# --- the matrix ------------------------------------------------------------------------------


def _draw_matrix(confusion: Confusion, scene: PerformanceScene) -> None:
    choice = scene.choice
    st.html(markup.heading("Confusion matrix", "rows: true, columns: predicted"))
    with st.container(key="matrix-choices", horizontal=True, gap="small"):
        choose("counted", "Numbers", tuple(COUNTED), choice.counted, COUNTED.__getitem__)
        choose("arranged", "Classes", tuple(ARRANGED), choice.arranged, ARRANGED.__getitem__)
    told = _tell_unnamed(confusion, scene)
    if told:
        st.html(f'<p class="caution">{escape(told)}</p>')

    def pick(point: dict[str, object]) -> None:
        cell = read_place(point, confusion)
        if cell is not None:
            change(cell=write_cell(cell))

    figure = draw_matrix(confusion, scene, choice.cell, choice.focus_class)
    with st.container(key="matrix"):
        draw_clickable(figure, f"confusion-{scene.selection.run}", pick)
    if len(confusion.rows) > len(CLASS_COLORS):
        st.html(
            f'<p class="source">{len(CLASS_COLORS)} colours for {len(confusion.rows)} classes: a colour '
            "stands for several. Names tell them apart, in full under the pointer.</p>"
        )
    hidden = len(scene.answers.outputs) - len(confusion.rows)
    if hidden:
        st.html(
            f'<p class="source">The {len(confusion.rows)} classes with the most errors; '
            f"{hidden} have no row.</p>"
        )


def _tell_unnamed(confusion: Confusion, scene: PerformanceScene) -> str:
    """Which classes the model has no output for: their samples are neither correct nor wrong."""
    unnamed = int((scene.answers.outputs < 0).sum())
    if not unnamed:
        return ""
    n = len(scene.answers.outputs)
    if unnamed == n:
        return (
            f"The model has no output for any of the {n} classes: no prediction can be correct, and "
            "accuracy, precision and the rest are not defined. The matrix shows what they are predicted as."
        )
    return (
        f"The model has an output for {n - unnamed} of the {n} classes. Of the other {unnamed}, in blue, "
        "no prediction can be correct: they do not count in accuracy, and the matrix shows what they are "
        "predicted as."
    )


# --- a cell ----------------------------------------------------------------------------------


def _draw_cell(confusion: Confusion, scene: PerformanceScene) -> None:
    _draw_lists(confusion, scene)
    cell = scene.choice.cell
    if cell is None:
        st.html(
            '<p class="said">Click a cell of the matrix, or choose a true and a predicted class here, to '
            "see its pictures.</p>"
        )
    else:
        _draw_samples(cell, confusion, scene)
    _draw_pairs(scene)


def _go(cell: Cell | None) -> None:
    """Open a cell otherwise than by a click, or close it."""
    if cell is not None:
        change(cell=write_cell(cell))
        return
    st.session_state.pop("cell_class", None)
    change(cell=None)


def _draw_lists(confusion: Confusion, scene: PerformanceScene) -> None:
    """The same choice for those who cannot click a chart."""
    labels = [_NONE, *range(len(scene.answers.outputs))]
    outputs = [
        _NONE,
        *offer_outputs(scene.answers),
        *([OTHER] if OTHER in confusion.columns else []),
    ]

    def receive() -> None:
        label, output = st.session_state["cell_class"], st.session_state["cell_output"]
        if _NONE not in {label, output}:
            _go((label, output))
        elif scene.choice.cell is not None:
            _go(None)

    kept = (st.session_state.get("cell_class"), st.session_state.get("cell_output"))
    if scene.choice.cell is None and kept[0] in labels and kept[1] in outputs:
        cell = kept  # one of the two is chosen, the other is to come
    else:
        cell = scene.choice.cell or (_NONE, _NONE)
    st.session_state["cell_class"], st.session_state["cell_output"] = cell
    with st.container(key="cell-lists", horizontal=True, gap="small"):
        st.selectbox(
            "True class",
            labels,
            key="cell_class",
            format_func=lambda label: "…" if label == _NONE else scene.name_class(label),
            on_change=receive,
        )
        st.selectbox(
            "Predicted class",
            outputs,
            key="cell_output",
            format_func=lambda output: "…" if output == _NONE else scene.name_output(output),
            on_change=receive,
        )


def _draw_samples(cell: Cell, confusion: Confusion, scene: PerformanceScene) -> None:
    label, output = cell
    answers = scene.answers
    uids = pick_cell(answers, label, output, confusion.columns)
    support = int(answers.is_class(label).sum())
    st.html(f'<p class="said">{_tell_cell(len(uids), support, cell, scene)}</p>')
    if len(uids):
        names = [
            f"{scene.name_output(int(answers.predicted[uid]))} at {answers.confidence[uid]:.3f}"
            for uid in uids
        ]
        draw_contact_sheet(
            [int(uid) for uid in uids],
            names,
            [scene.color_class(label)] * len(uids),
            family=family(scene.selection),
            pinned=scene.selection.sample,
            key="cell_sheet",
            on_pin=lambda uid: change(sample=uid, why=None, against=None),
            side=58,
            rows=4 if len(uids) > 5 else 2,
        )
        pinned = scene.selection.sample
        shown = pinned if pinned is not None and pinned in uids else int(uids[0])
        draw_sample_card(shown, scene)
    with st.container(key="cell-actions", horizontal=True, gap="small"):
        st.button(
            f"Show {'it' if len(uids) == 1 else 'them'} in Explorer",
            key="cell_explorer",
            disabled=not len(uids),
            on_click=lambda: plan_explorer(scene, [int(uid) for uid in uids]),
        )
        st.button("Close", key="cell_close", on_click=lambda: _go(None))


def _tell_cell(n: int, support: int, cell: Cell, scene: PerformanceScene) -> str:
    label, output = cell
    name, answer = escape(scene.name_class(label)), escape(scene.name_output(output))
    if support == 0:
        return f"There is no sample of <b>{name}</b> among these {scene.selection.size}."
    share = estimate_share(n, support)
    figures = f"{100 * share.value:.0f} %, 95 % interval {100 * share.low:.0f} to {100 * share.high:.0f} %"
    order = ", the most confident first" if n > 1 else ""
    right = output != OTHER and int(scene.answers.outputs[label]) == output
    verb = "predicted correctly" if right else f"predicted as <b>{answer}</b>"
    are = "is" if n == 1 else "are"
    return f"<b>{n}</b> of {support} pictures of <b>{name}</b> {are} {verb} ({figures}){order}."


# --- the largest errors ----------------------------------------------------------------------


def _draw_pairs(scene: PerformanceScene) -> None:
    focus = scene.choice.focus_class
    pairs = list_pairs(scene.answers, len(scene.answers))
    if focus is not None:
        own = int(scene.answers.outputs[focus])
        pairs = [pair for pair in pairs if pair.label == focus or (own >= 0 and pair.output == own)]
    title = "Most confused" if focus is None else f"Most confused with {scene.name_class(focus)}"
    st.html(markup.heading(title, count(sum(pair.count for pair in pairs), "sample")))
    if not pairs:
        st.html('<p class="said">There are no errors: every prediction is correct.</p>')
        return
    with st.container(key="pairs", gap=None):
        for place, pair in enumerate(pairs[:_N_PAIRS]):
            _draw_pair(place, pair, scene)
    if len(pairs) > _N_PAIRS:
        st.html(f'<p class="source">and {len(pairs) - _N_PAIRS} more</p>')


def _draw_pair(place: int, pair: Pair, scene: PerformanceScene) -> None:
    share = f"{100 * pair.count / pair.support:.0f} %"
    name = markup.escape_markdown(
        f"{scene.name_class(pair.label)} → {scene.name_output(pair.output)}"
    )
    st.button(
        f"**{name}** `{pair.count}` `{share}`",  # strong, so that it can be cut off
        key=f"pair_{place}",
        type="tertiary",
        width="stretch",
        on_click=lambda: _go((pair.label, pair.output)),
    )
