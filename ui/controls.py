"""The View panel: what can be chosen, each choice written to the address."""

from __future__ import annotations

from html import escape

import streamlit as st

from ui import view
from ui.arrays import Unavailable, load_figures
from ui.components.layer_list import draw_layer_list
from ui.library import Contents, is_built, name_run, read_contents
from ui.selection import METHODS, Selection, read_selection, write_selection


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
    """Samples, method, perplexity and layer."""
    _choose("size", "Samples", contents.sizes, selection.size)
    _choose("method", "Method", tuple(METHODS), selection.method, METHODS)
    if selection.method == "tsne" and contents.perplexities:
        _choose("perplexity", "Perplexity", contents.perplexities, selection.perplexity)
        st.html(f'<p class="note">{escape(_explain_perplexity(selection))}</p>')
    st.html('<p class="label"><span>Layer</span><span>kNN accuracy</span></p>')
    accuracy = {
        layer.key: measured["knn_accuracy"]
        for layer in contents.layers
        if "knn_accuracy"
        in (measured := load_figures(selection.run, selection.size, layer.key, "features"))
    }
    with st.container(key="layers"):
        draw_layer_list(
            contents.layers,
            selection.layer,
            accuracy,
            key="layer_list",
            on_pick=lambda key: st.query_params.update(layer=key),
        )


def _choose(
    key: str,
    label: str,
    options: tuple[object, ...],
    chosen: object,
    names: dict[str, str] | None = None,
) -> None:
    """A segmented control that writes its value to the address."""
    st.session_state[key] = chosen
    st.segmented_control(
        label,
        options,
        key=key,
        required=True,
        format_func=lambda option: names[option] if names else str(option),
        on_change=lambda: st.query_params.update({key: str(st.session_state[key])}),
        width="stretch",
    )


def _explain_perplexity(selection: Selection) -> str:
    effective = view.effective_perplexity(selection)
    if view.is_lowered(selection):
        return (
            f"{selection.perplexity} asked for, {effective:g} is what {selection.size} samples "
            "can carry."
        )
    return f"About {selection.perplexity} near neighbours shape each point's place."


def _change_run() -> None:
    """Change the run, and keep of the view what the other run has as well."""
    run = st.session_state["run"]
    st.query_params.pop("sample", None)  # the number means another picture there
    st.query_params["run"] = run
    try:
        kept, _ = read_selection(st.query_params.to_dict(), read_contents(run))
    except Unavailable:
        return  # the page says so
    write_selection(kept)
