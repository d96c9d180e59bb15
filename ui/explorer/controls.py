"""The View panel: what can be chosen, each choice written to the address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from ui.arrays import Unavailable
from ui.explorer import view
from ui.explorer.coloring import cluster_layer
from ui.library import Contents, is_built, name_run, read_contents
from ui.selection import (
    COLORS,
    METHODS,
    VERDICTS,
    Selection,
    change,
    offers,
    read_selection,
    write_range,
    write_selection,
)


def draw_run_choice(run: str, runs: tuple[str, ...]) -> None:
    """The list of runs; those that are not built say so."""
    st.session_state["run"] = run
    st.selectbox(
        "Run",
        runs,
        key="run",
        format_func=lambda each: name_run(each) + ("" if is_built(each) else " (not built)"),
        on_change=_change_run,
    )


def draw_view_choices(selection: Selection, contents: Contents) -> None:
    """Samples, method and perplexity."""
    choose("size", "Samples", contents.sizes, selection.size, on_change=change_size)
    choose("method", "Method", tuple(METHODS), selection.method, METHODS.__getitem__)
    if selection.method == "tsne" and contents.perplexities:
        choose("perplexity", "Perplexity", contents.perplexities, selection.perplexity)
        st.html(f'<p class="note">{escape(_explain_perplexity(selection))}</p>')


def draw_color_choices(selection: Selection, contents: Contents) -> None:
    """What the points are coloured by, and which of them are filtered out."""
    select("color", "Colour by", offers(contents), selection.color, COLORS.__getitem__)
    if selection.color == "cluster":
        keys = [layer.key for layer in contents.layers]
        select("cluster", "Clusters of", keys, cluster_layer(selection, contents), str)
    choose("verdict", "Predictions", tuple(VERDICTS), selection.verdict, VERDICTS.__getitem__)
    st.session_state["confidence"] = selection.confidence
    st.slider(
        "Confidence",
        0,
        100,
        key="confidence",
        format="%d %%",
        on_change=lambda: change(confidence=write_range(st.session_state["confidence"])),
    )


def choose(
    key: str,
    label: str,
    options: tuple[object, ...],
    chosen: object,
    name: Callable[..., str] = str,
    on_change: Callable[[], None] | None = None,
) -> None:
    """A segmented control that writes its value to the address."""
    st.session_state[key] = chosen
    st.segmented_control(
        label,
        options,
        key=key,
        required=True,
        format_func=name,
        on_change=on_change or (lambda: change(**{key: st.session_state[key]})),
        width="stretch",
    )


def select(
    key: str, label: str, options: Sequence[str], chosen: str, name: Callable[[str], str]
) -> None:
    """A list to choose from; what the legend kept was of the colouring before."""
    st.session_state[key] = chosen
    st.selectbox(
        label,
        options,
        key=key,
        format_func=name,
        on_change=lambda: change(**{key: st.session_state[key]}, only=None),
    )


def _explain_perplexity(selection: Selection) -> str:
    effective = view.effective_perplexity(selection)
    if view.is_lowered(selection):
        return (
            f"{selection.perplexity} asked for, {effective:g} is what {selection.size} samples "
            "can carry."
        )
    return f"About {selection.perplexity} near neighbours shape each point's place."


def change_size() -> None:
    """Change the number of samples; a sample that is not among them is let go."""
    size = int(st.session_state["size"])
    sample = st.query_params.get("sample", "")
    change(size=size, only=None)
    if sample.isdigit() and int(sample) >= size:
        change(sample=None)


def _change_run() -> None:
    """Change the run, and keep of the view what the other run has as well."""
    run = st.session_state["run"]
    # A number means another picture there, and another class.
    change(sample=None, only=None, why=None, against=None, channel=None, run=run)
    try:
        kept, _ = read_selection(st.query_params.to_dict(), read_contents(run))
    except Unavailable:
        return  # the page says so
    write_selection(kept)
