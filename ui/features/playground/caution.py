"""The same t-SNE from several seeds, and of shuffled features: what of a picture is to be believed."""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import sha256

import streamlit as st

from ui.components.embedding_trials import (
    TrialLayout,
    TrialsProgress,
    draw_embedding_trials,
)
from ui.features.playground.address import TrialChoice
from ui.features.playground.cast import call_off, load_linked_samples, pin, write_accuracy
from ui.features.playground.jobs import ask_caution, caution_key, read_subject
from ui.features.techniques import CHARI, KOBAK, WATTENBERG
from ui.library import Contents
from ui.live.playground import SEEDS, Caution, PlaygroundSubject
from ui.markup import escape_markdown
from ui.queue import Report, State, session_id, shared
from ui.selection import Selection
from ui.techniques import cite

_READING = (
    '<p class="said"><b>What stays across seeds is worth believing; clumps in the lower row are made by '
    "the method.</b> There each feature is shuffled by itself, so that no two samples have anything in "
    "common: lower the perplexity and see what t-SNE makes of it. See {sources}.</p>"
)


def draw_caution(selection: Selection, contents: Contents, choice: TrialChoice) -> None:
    """The six, once they are asked for.

    Raises
    ------
    Unavailable
    InputError
    """
    subject = read_subject(selection.run, contents.layer(selection.layer), choice.n)
    key = caution_key(subject, choice.perplexity, choice.seed)
    call_off({key})
    report: Report[Caution] | None = shared.look(key)
    found = report.result if report is not None else None
    sources = ", ".join(cite(source) for source in (WATTENBERG, KOBAK, CHARI))
    st.html(_READING.format(sources=sources))
    draw_embedding_trials(
        load_linked_samples(contents, choice.n, None if found is None else found.near),
        list_layouts(found, choice.seed),
        _tell_progress(report, found, choice, subject),
        pinned=selection.sample,
        only=selection.only,
        waits=report is not None and report.is_open,
        token=sha256(repr(key).encode()).hexdigest()[:16],
        key="embedding_trials",
        on_pin=lambda uid: pin(contents, uid),
        on_run=lambda run: _run(subject, choice, key, run),
    )


def _run(subject: PlaygroundSubject, choice: TrialChoice, key: Hashable, run: bool) -> None:
    if not run:
        shared.cancel(key, session_id())
        return
    problem = ask_caution(subject, choice.perplexity, choice.seed)
    if problem:
        st.toast(escape_markdown(problem))


def list_layouts(found: Caution | None, seed: int) -> list[TrialLayout]:
    """All six places, filled as far as the trials have come."""
    known = {(tile.shuffled, tile.seed): tile for tile in (found.tiles if found else ())}
    layouts = []
    for shuffled in (False, True):
        for each in range(seed, seed + SEEDS):
            tile = known.get((shuffled, each))
            figures = (
                ()
                if tile is None
                else (
                    ("KL", f"{tile.kl_divergence:.2f}"),
                    ("kNN", write_accuracy(tile.knn_accuracy)),
                    ("trust", f"{tile.trustworthiness:.2f}"),
                )
            )
            points = None if tile is None else tile.points
            layouts.append(TrialLayout(f"Seed {each}", shuffled, points, figures))
    return layouts


def _tell_progress(
    report: Report[Caution] | None,
    found: Caution | None,
    choice: TrialChoice,
    subject: PlaygroundSubject,
) -> TrialsProgress:
    above = f"{subject.layer.key}: the features as they are"
    below = "Shuffled features: the same columns, each in an order of its own"
    if found is not None and found.tiles:
        below += f". By chance kNN accuracy is {write_accuracy(found.chance)}"
    if found is not None and found.agreement is not None:
        above += (
            f". Of {found.n_neighbors} nearest neighbours two seeds agree on {found.agreement:.0%}, "
            f"by chance on {found.expected:.0%}"
        )
    note, share, action = _tell_state(report, found, choice)
    return TrialsProgress(note, share, action, (above, below))


def _tell_state(
    report: Report[Caution] | None, found: Caution | None, choice: TrialChoice
) -> tuple[str, float, str]:
    what = f"Perplexity {choice.perplexity}, random starts"
    if report is None:
        return f"{what}, {2 * SEEDS} runs of a second or so each", -1.0, "run"
    if report.state is State.DONE:
        return f"{what}, {2 * SEEDS} runs", -1.0, ""
    if report.problem:
        return report.problem, -1.0, "run"
    if report.state is State.WAITING:
        return "Getting ready …", 0.0, "stop"
    if found is None and report.total:
        said = f"The network looks at {report.total} pictures: {report.done} by now"
        return said, report.done / report.total, "stop"
    return f"{what}: {report.done} of {2 * SEEDS}", report.done / (2 * SEEDS), "stop"
