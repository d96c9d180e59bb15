"""The set of samples that a lasso has caught: who they are, all at a glance, and as a table to keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from layerscope.datasets.categories import name_label
from layerscope.storage.files import format_table
from ui import markup
from ui.address import change
from ui.arrays import explaining, load_samples
from ui.coloring import SamplePredictions, color_by_class, color_points, read_predictions
from ui.columns import read_values
from ui.components.contact_sheet import draw_contact_sheet
from ui.components.points import PlotChoices
from ui.layouts import family, load_layout
from ui.library import Contents
from ui.selection import Selection, write_entries

# What a row of a set tells by itself: a column of a table by the same name is told beside it.
_OWN = (
    *("uid", "path", "true", "predicted", "correct", "confidence", "margin"),
    *("layer", "embedding", "x", "y"),
)


def keep_lassoed(uids: Sequence[int], family: str) -> None:
    """Keep a set for this session: it belongs to the samples of one family."""
    st.session_state["lassoed"] = (family, tuple(uids))


def read_lassoed(family: str) -> tuple[int, ...]:
    """The set that was caught among these samples; empty where there is none."""
    of, uids = st.session_state.get("lassoed", ("", ()))
    return uids if of == family else ()


def read_choices(
    selection: Selection,
    on_pin: Callable[[int | None], None],
    on_lasso: Callable[[tuple[int, ...]], None] = lambda _: None,
) -> PlotChoices:
    """What is chosen on a plot of these samples; new choices are kept, and told besides."""
    of = family(selection)

    def lasso(uids: tuple[int, ...]) -> None:
        keep_lassoed(uids, of)
        on_lasso(uids)

    return PlotChoices(
        pinned=selection.sample,
        only=selection.only,
        lassoed=read_lassoed(of),
        pictures=selection.marks == "pictures",
        on_pin=on_pin,
        on_only=lambda entries: change(only=write_entries(entries)),
        on_lasso=lasso,
        on_pictures=lambda shown: change(marks="pictures" if shown else None),
    )


def draw_lassoed(
    uids: Sequence[int],
    selection: Selection,
    contents: Contents,
    on_pin: Callable[[int], None],
) -> None:
    """Counts by class, or by what is coloured by where there are none, a contact sheet, and a download.

    Raises
    ------
    Unavailable
        Where samples or predictions cannot be read.
    """
    answers = read_predictions(selection.run, selection.size)
    chosen = np.asarray(uids)
    if contents.categories:
        coloring = color_by_class(contents, answers)
    else:
        coloring = color_points(selection, contents, answers)
    entries = [coloring.entries[group] for group in coloring.groups[chosen]]
    right = int((answers.correct[chosen] == 1).sum())
    with st.container(key="lasso-head", horizontal=True, gap=None):
        said = f"{right} predicted correctly" if contents.outputs and contents.categories else ""
        st.html(markup.heading(f"Set of {len(chosen)}", said))
    if coloring.ends is None:
        groups, counts = np.unique(coloring.groups[chosen], return_counts=True)
        present = [
            (coloring.entries[groups[i]], int(counts[i]))
            for i in np.argsort(-counts, kind="stable")
        ]
        st.html(markup.counts((entry.name, count, entry.color) for entry, count in present))
    with st.container(key="lasso-actions", horizontal=True, gap="small"):
        with explaining(selection.run, "samples"):
            st.download_button(
                "Download CSV",
                lambda: write_csv(chosen, selection, contents, answers),
                file_name=f"{selection.run}-{selection.layer}-{selection.embedding}.csv",
                mime="text/csv",
                on_click="ignore",
                key="lasso_csv",
            )
        st.button("Clear", key="lasso_clear", on_click=lambda: keep_lassoed((), ""))
    draw_contact_sheet(
        [int(uid) for uid in chosen],
        [entry.name for entry in entries],
        [entry.color for entry in entries],
        family=family(selection),
        pinned=selection.sample,
        key="contact_sheet",
        on_pin=on_pin,
    )


def write_csv(
    uids: np.ndarray, selection: Selection, contents: Contents, answers: SamplePredictions
) -> bytes:
    """A row a sample: what it is, what the model predicted, where it lies in the plot, what a table says."""
    samples, layout = load_samples(selection.run), load_layout(selection, contents)
    rows = [
        {
            "uid": int(uid),
            "path": samples.paths[uid],
            "true": name_label(contents.categories, int(answers.labels[uid])),
            "predicted": contents.outputs[answers.predicted[uid]].name if contents.outputs else "",
            "correct": {1: "yes", 0: "no", -1: ""}[int(answers.correct[uid])],
            "confidence": round(float(answers.confidence[uid]), 4) if contents.outputs else "",
            "margin": round(float(answers.margin[uid]), 4) if contents.outputs else "",
            "layer": selection.layer,
            "embedding": selection.embedding,
            "x": round(float(layout[uid, 0]), 4),
            "y": round(float(layout[uid, 1]), 4),
            **{
                f"column {name}" if name in _OWN else name: value
                for name, value in read_values(selection.run, contents.columns, uid).items()
            },
        }
        for uid in uids
    ]
    return format_table(rows).encode("utf-8-sig")  # the mark tells Excel that it is UTF-8
