"""The page's parts put together: all runs at the left; one of them, or the form for another, at the right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from html import escape

import streamlit as st

from layerscope.errors import InputError
from layerscope.params import Params, Run
from projects.building import STAGES
from projects.listing import RunStatus, StageStatus, follow, parse_statuses
from projects.state import BuildState, find_run, read_state
from ui.address import change, read_params
from ui.library import is_built, load_params
from ui.markup import escape_markdown, heading
from ui.runs.adding import PROBLEM, draw_adding
from ui.runs.commands import call, find_version, start_build
from ui.shell import draw_link, show_problem
from ui.waiting import wait_for

_KNOWN = "runs-known"  # in the session: the states that were shown last
_MAKES = {
    "prepare": "the samples, decoded",
    "predict": "outputs of the network, and the table of its layers",
    "activations": "every layer of every sample, averaged to one grid",
    "pca": "principal components that keep the variance asked for",
    "neighbors": "exact nearest neighbours in each layer",
    "tsne": "t-SNE of each layer",
    "umap": "UMAP of each layer, in 2 and 15 dimensions",
    "densmap": "densMAP of each layer",
    "pacmap": "PaCMAP of each layer",
    "cam": "Grad-CAM of each sample",
    "channels": "scores of every channel",
    "metrics": "figures of quality, and of how classes come apart",
    "faithfulness": "explanations held against the truth",
}
_STATES = {
    "built": "up to date",
    "not kept": "up to date, but not kept here: it is made again when something needs it",
    "stale": "what it depends on has changed since it was built",
    "missing": "not built yet",
    "running": "at work",
    "waiting": "waits for its turn",
    "unknown": "not looked at while a build has the repository",
}


def draw_runs() -> None:
    """Draw the page."""
    params, build = load_params(), read_state()
    asked = read_params()
    at_work = build if build is not None and build.is_at_work else None
    is_busy = at_work is not None
    chosen = find_run(asked.get("run", ""), params.runs)
    is_adding = "adding" in asked or not params.runs
    if chosen not in params.runs:
        chosen = next(iter(params.runs), "")
    with st.container(key="page-board"):
        left, right = st.columns(2, gap=None)
    with left.container(key="side-panel"):
        entries = st.container(key="runs-list")
        with st.container(key="runs-wait"):
            statuses, is_sure = _read_statuses(params.runs, at_work) if params.runs else ({}, True)
    with entries:
        _draw_list(params, statuses, "" if is_adding else chosen, is_busy)
    with right.container(key="panel-run"):
        if problem := st.session_state.pop(PROBLEM, ""):
            st.html(f'<p class="failure">{escape(problem)}</p>')
        if is_adding:
            draw_adding()
        else:
            _draw_run(chosen, params, statuses.get(chosen), is_sure, build)


def _read_statuses(
    runs: Collection[str], at_work: BuildState | None
) -> tuple[dict[str, RunStatus], bool]:
    """States of all stages; those known last, and False, while they are looked up.

    A build has the repository for itself: it is followed from what was known before.
    """
    known: dict[str, RunStatus] = st.session_state.get(_KNOWN, {})
    if at_work is None or not known.keys() >= set(runs):
        key = ("runs", find_version(at_work), st.session_state.get("runs-again", 0))
        text = wait_for(
            "runs", key, lambda _, stop: call("runs", "--json"), "Looking what is built"
        )
        if text is None:
            return known, False
        known = {status.name: status for status in parse_statuses(text)}
    found = {status.name: status for status in follow(list(known.values()), at_work)}
    st.session_state[_KNOWN] = found
    return found, True


def _draw_list(params: Params, statuses: dict[str, RunStatus], chosen: str, is_busy: bool) -> None:
    st.html(heading("Runs", str(len(params.runs))))
    for number, (run, settings) in enumerate(params.runs.items()):
        with st.container(key=f"run-{'here' if run == chosen else 'entry'}-{number}", gap=None):
            st.button(
                escape_markdown(run),
                key=f"run-pick-{number}",
                type="tertiary",
                width="stretch",
                on_click=change,
                kwargs={"run": run, "adding": None},
            )
            st.html(_describe_entry(settings, statuses.get(run)))
    if not params.runs:
        st.html('<p class="source">There is none yet.</p>')
        return
    with st.container(key="run-actions-all"):
        st.button(
            "Add a run", key="run-new", on_click=change, kwargs={"adding": "1"}, width="stretch"
        )
        if any(map(_count_open, statuses.values())):
            st.button(
                "Build all",
                key="run-build-all",
                on_click=_try,
                args=(start_build, ()),
                width="stretch",
                disabled=is_busy,
            )


def _describe_entry(settings: Run, status: RunStatus | None) -> str:
    sizes = ", ".join(f"{size:,}" for size in settings.sizes)
    if status is None:
        return f'<p class="run-facts">{sizes} samples</p>'
    marks = "".join(f'<i class="{_mark(stage)}"></i>' for stage in status.stages)
    n_bytes = f", {_tell_bytes(status.n_bytes)}" if status.n_bytes else ""
    return (
        f'<p class="run-facts">{sizes} samples{n_bytes}</p>'
        f'<p class="run-marks" title="{escape(_tell_states(status.count()))}">{marks}</p>'
    )


def _mark(stage: StageStatus) -> str:
    return f"is-{stage.state.replace(' ', '-')}"


def _tell_states(count: Counter[str]) -> str:
    return ", ".join(f"{n} {state}" for state, n in count.items())


def _tell_bytes(n: int) -> str:
    if not n:
        return "–"
    if n >= 1e9:
        return f"{n / 1e9:,.1f} GB"
    return f"{n / 1e6:,.1f} MB" if n >= 1e5 else f"{n / 1e3:,.0f} kB"


def _tell_took(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _count_open(status: RunStatus) -> int:
    return sum(stage.state in {"missing", "stale"} for stage in status.stages)


def _try(work: Callable[..., object], *arguments: object) -> None:
    """Do what a click asks for; why it cannot be is shown above the run."""
    try:
        work(*arguments)
    except InputError as error:
        st.session_state[PROBLEM] = str(error)


def _draw_run(
    run: str,
    params: Params,
    status: RunStatus | None,
    is_sure: bool,
    build: BuildState | None,
) -> None:
    is_of_run = build is not None and (not build.runs or run in build.runs)
    is_busy = build is not None and build.is_at_work
    at_work = build if is_busy and is_of_run else None
    st.html(f'<h1 class="run-name">{escape(run)}</h1>')
    st.html(_describe_settings(params.runs[run]))
    if build is not None and build.problem and is_of_run:
        st.html(f'<p class="failure"><b>The last build ended:</b> {escape(build.problem)}</p>')
    with st.container(key="run-actions", horizontal=True, vertical_alignment="center"):
        _draw_actions(run, status, is_sure, at_work, is_busy)
    if status is not None:
        st.html(_write_stages(status))
    with st.expander("Parameters"):
        st.html(_write_parameters(params))


def _draw_actions(
    run: str,
    status: RunStatus | None,
    is_sure: bool,
    at_work: BuildState | None,
    is_busy: bool,
) -> None:
    if at_work is not None:
        st.button(
            "Stopping …" if at_work.is_stopping else "Stop",
            key="run-stop",
            on_click=at_work.stop,
            disabled=at_work.is_stopping,
        )
    else:
        n = _count_open(status) if status and is_sure else 0
        label = "Go on building" if is_built(run) else "Build"
        st.button(
            "Built" if is_sure and not n else label,
            key="run-build",
            type="primary" if n else "secondary",
            on_click=_try,
            args=(start_build, (run,)),
            disabled=not n or is_busy,
        )
    if is_built(run):
        draw_link("Explorer", "Open", run=run)
    if st.button("Rename", key="run-rename", disabled=is_busy):
        _ask_name(run)
    if st.button("Remove", key="run-remove", disabled=is_busy):
        _ask_removal(run, status.n_bytes if status else None)
    if at_work is None and st.button("Look again", key="run-again", type="tertiary"):
        st.session_state["runs-again"] = st.session_state.get("runs-again", 0) + 1
        st.rerun()


def _describe_settings(settings: Run) -> str:
    model = settings.model if isinstance(settings.model, str) else settings.model["factory"]
    layers = settings.layers if isinstance(settings.layers, str) else ", ".join(settings.layers)
    facts = {
        "Pictures": settings.root or settings.dataset,
        "Network": model,
        "Weights": settings.weights,
        "Samples": ", ".join(f"{size:,}" for size in settings.sizes),
        "Split": settings.split,
        "Layers": layers,
        "Table": settings.labels,
        "Vectors": settings.vectors and settings.vectors.file,
    }
    return '<dl class="facts run-settings">{}</dl>'.format(
        "".join(
            f"<dt>{name}</dt><dd title='{escape(text)}'>{escape(text)}</dd>"
            for name, text in facts.items()
            if text
        )
    )


def _write_stages(status: RunStatus) -> str:
    rows = "".join(map(_write_stage, status.stages))
    took = [stage.seconds for stage in status.stages]
    total = None if None in took else sum(filter(None, took))
    return (
        '<table class="stages"><thead><tr><th>Stage</th><th>Makes</th><th>State</th><th>Took</th>'
        f"<th>On disk</th></tr></thead><tbody>{rows}</tbody><tfoot><tr><td>All</td><td></td>"
        f"<td>{escape(_tell_states(status.count()))}</td><td>{_tell_took(total)}</td>"
        f"<td>{_tell_bytes(status.n_bytes)}</td></tr></tfoot></table>"
    )


def _write_stage(stage: StageStatus) -> str:
    name, _, setting = stage.name.partition(" ")
    makes = _MAKES.get(name, "") + (f", perplexity {setting}" if name == "tsne" and setting else "")
    took = _tell_took(stage.seconds)
    why = (
        "" if stage.seconds is not None else ' title="It was not built by a build of this project"'
    )
    return (
        f"<tr><td>{escape(stage.name)}</td><td>{escape(makes)}</td>"
        f'<td title="{_STATES[stage.state]}"><i class="{_mark(stage)}"></i>{stage.state}</td>'
        f"<td{why}>{took}</td><td>{_tell_bytes(stage.n_bytes)}</td></tr>"
    )


def _write_parameters(params: Params) -> str:
    """Settings of the stages, which all runs share."""
    rows = []
    for name in STAGES:
        section = getattr(params, name, None)
        if section is None:
            continue
        told = ", ".join(f"{key} {_tell_value(value)}" for key, value in vars(section).items())
        rows.append(f"<dt>{name}</dt><dd>{escape(told)}</dd>")
    return (
        f'<dl class="facts run-settings">{"".join(rows)}</dl>'
        '<p class="source">They stand in params.yaml, for all runs.</p>'
    )


def _tell_value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


@st.dialog("Rename the run")
def _ask_name(run: str) -> None:
    name = st.text_input("Name", value=run, key="run-new-name")
    st.html('<p class="source">Its arrays go along; nothing is built anew.</p>')
    if st.button(
        "Rename it", key="run-rename-it", type="primary", disabled=name.strip() in {"", run}
    ):
        try:
            with st.spinner("Renaming …"):
                call("rename", "--", run, name.strip())
        except InputError as error:
            show_problem(str(error))
            return
        change(run=name.strip())
        st.rerun()


@st.dialog("Remove the run")
def _ask_removal(run: str, n_bytes: int | None) -> None:
    size = "" if n_bytes is None else f", {_tell_bytes(n_bytes)}"
    st.html(
        f"<p>It takes <b>{escape(run)}</b> out of params.yaml and deletes its arrays{size}. "
        "The pictures stay where they are.</p>"
    )
    if st.button("Remove it", key="run-remove-it", type="primary"):
        try:
            with st.spinner("Removing …"):
                call("remove", "--", run)
        except InputError as error:
            show_problem(str(error))
            return
        change(run=None)
        st.rerun()
