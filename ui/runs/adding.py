"""The form that a run is added with: what is found is told before anything is written."""

from __future__ import annotations

from html import escape

import streamlit as st

from layerscope.datasets import DATASETS
from layerscope.errors import InputError
from layerscope.models.layers import DEPTHS
from ui.address import change
from ui.library import load_params
from ui.markup import heading
from ui.runs.commands import call, list_options, start_build
from ui.shell import show_problem

NETWORKS = (  # of the registry, which to read takes torch; the first without a download
    *("efficientnet_lite0", "vgg16", "resnet50", "resnet101", "googlenet", "inception_v3"),
    "vgg16_slim",
)
PROBLEM = "runs-problem"  # in the session: why the last click did nothing
_LOOKED = "runs-looked"  # in the session: what was looked at, and what was told of it
_FIRST = (
    ("weights", "Weights", "those that come with the network, or a file"),
    ("sizes", "Samples", "100 and 1,000 where there are as many, or 100,500"),
)
_FURTHER = (
    ("labels", "Table of labels", "labels.csv beside the pictures, or a file"),
    ("vectors", "Vectors of your own", "none, or a file: .npy, .csv, .parquet"),
    ("root", "Folder of the data set", "of one that has a name: where it is looked for"),
    ("name", "Name of the run", "by pictures and network"),
)


def draw_adding() -> None:
    """Draw the form."""
    st.html(heading("Add a run"))
    with st.container(key="run-form"):
        form = _draw_fields()
    options = list_options(form)
    if st.button("Look at it", key="run-look", disabled=not form["pictures"]):
        with st.spinner("Looking at the pictures and the network …"):
            st.session_state[_LOOKED] = options, *_look(options)
    looked, told, problem = st.session_state.get(_LOOKED, (None, "", ""))
    if looked != options:
        st.html(
            '<p class="source">It tells how they are read, and writes nothing.</p>'
            if form["pictures"]
            else '<p class="source">Name pictures: a folder on this machine, an archive, a URL, or a data '
            "set.</p>"
        )
        return
    if problem:
        show_problem(problem)
        return
    lines = "".join(f"<li>{escape(line)}</li>" for line in told.splitlines())
    st.html(f'<ul class="told-lines">{lines}</ul>')
    with st.container(key="run-adding", horizontal=True):
        if st.button("Add and build", key="run-add-build", type="primary"):
            _add(options, is_built=True)
        if st.button("Add only", key="run-add"):
            _add(options, is_built=False)


def _draw_fields() -> dict[str, str]:
    form: dict[str, str | None] = {
        "pictures": st.selectbox(
            "Pictures",
            tuple(DATASETS),
            index=None,
            accept_new_options=True,
            placeholder="A folder, an archive, a URL, or a data set",
            key="run-pictures",
        ),
        "model": st.selectbox(
            "Network",
            NETWORKS,
            accept_new_options=True,
            key="run-model",
            help="Of this list, or timm:<name>. One of your own by a factory is written in params.yaml.",
        ),
    }
    for key, label, told in _FIRST:
        form[key] = st.text_input(label, key=f"run-{key}", placeholder=told)
    with st.expander("More"), st.container(key="run-form-more"):
        form["split"] = st.selectbox(
            "Split",
            ("", "train", "val", "test", "all"),
            format_func=lambda each: each or "by params.yaml; all, where there are none",
            key="run-split",
        )
        form["layers"] = st.selectbox(
            "Layers",
            ("", *DEPTHS),
            format_func=lambda each: each or "blocks, as usual",
            accept_new_options=True,
            key="run-layers",
            help="How deep the network is taken apart, or keys of nodes, separated by commas.",
        )
        for key, label, told in _FURTHER:
            form[key] = st.text_input(label, key=f"run-{key}", placeholder=told)
    return {key: text or "" for key, text in form.items()}


def _look(options: list[str]) -> tuple[str, str]:
    """What adding would tell, or why it would be refused."""
    try:
        return call("add", "--check", *options), ""
    except InputError as error:
        return "", str(error)


def _add(options: list[str], is_built: bool) -> None:
    """Write the run, and show it."""
    before = set(load_params().runs)
    try:
        with st.spinner("Writing params.yaml …"):
            told = call("add", *options)
    except InputError as error:
        show_problem(str(error))
        return
    added = [run for run in load_params().runs if run not in before]
    if not added:
        show_problem(told.splitlines()[-1])  # it is there already
        return
    if is_built:
        try:
            start_build(added)
        except InputError as error:
            st.session_state[PROBLEM] = f"It was added, and is not built yet: {error}"
    st.session_state.pop(_LOOKED)
    change(adding=None, run=added[0])
    st.rerun()
