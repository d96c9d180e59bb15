"""The set of samples that a lasso has caught: who they are, all at a glance, and as a table to keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from layerscope.storage.files import format_table
from ui import markup
from ui.address import change
from ui.arrays import explaining, load_samples
from ui.coloring import SamplePredictions, read_predictions
from ui.components.contact_sheet import draw_contact_sheet
from ui.components.points import PlotChoices
from ui.layouts import family, load_layout
from ui.library import Contents
from ui.palette import mark_class
from ui.selection import Selection, write_entries


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
    """Class counts, a contact sheet, and a download.

    Raises
    ------
    Unavailable
        Where samples or predictions cannot be read.
    """
    answers = read_predictions(selection.run, selection.size)
    chosen = np.asarray(uids)
    labels = answers.labels[chosen]
    names = [category.name for category in contents.categories]
    counts = np.bincount(labels, minlength=len(names))
    right = int((answers.correct[chosen] == 1).sum())
    with st.container(key="lasso-head", horizontal=True, gap=None):
        said = f"{right} predicted correctly" if contents.outputs else ""
        st.html(markup.heading(f"Set of {len(chosen)}", said))
    present = [int(label) for label in np.argsort(-counts, kind="stable") if counts[label]]
    st.html(
        markup.counts((names[label], int(counts[label]), mark_class(label)[0]) for label in present)
    )
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
        [names[label] for label in labels],
        [mark_class(int(label))[0] for label in labels],
        family=family(selection),
        pinned=selection.sample,
        key="contact_sheet",
        on_pin=on_pin,
    )


def write_csv(
    uids: np.ndarray, selection: Selection, contents: Contents, answers: SamplePredictions
) -> bytes:
    """A row a sample: what it is, what the model predicted, and where it lies in the plot."""
    samples, layout = load_samples(selection.run), load_layout(selection, contents)
    rows = [
        {
            "uid": int(uid),
            "path": samples.paths[uid],
            "true": contents.categories[answers.labels[uid]].name,
            "predicted": contents.outputs[answers.predicted[uid]].name if contents.outputs else "",
            "correct": {1: "yes", 0: "no", -1: ""}[int(answers.correct[uid])],
            "confidence": round(float(answers.confidence[uid]), 4) if contents.outputs else "",
            "margin": round(float(answers.margin[uid]), 4) if contents.outputs else "",
            "layer": selection.layer,
            "embedding": selection.embedding,
            "x": round(float(layout[uid, 0]), 4),
            "y": round(float(layout[uid, 1]), 4),
        }
        for uid in uids
    ]
    return format_table(rows).encode("utf-8-sig")  # the mark tells Excel that it is UTF-8
