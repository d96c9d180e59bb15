"""The same t-SNE from several seeds, and of Gaussians: what of a picture is to be believed."""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import sha256

import streamlit as st

from layerscope.embedding.defined import count_neighbors
from ui.components.embedding_trials import (
    TrialLayout,
    TrialsProgress,
    draw_embedding_trials,
)
from ui.features.playground.address import TrialChoice
from ui.features.playground.cast import call_off, load_linked_samples, pin, write_accuracy
from ui.features.playground.jobs import ask_caution, caution_key, read_subject
from ui.features.techniques import CHARI, KOBAK, WATTENBERG
from ui.library import Contents, load_params
from ui.live.playground import SEEDS, TRIALS, Caution, PlaygroundSubject
from ui.markup import escape_markdown
from ui.queue import Report, State, session_id, shared
from ui.selection import Selection
from ui.similarities import find_repetition
from ui.techniques import cite

_READING = (
    '<p class="said"><b>What does not stay across seeds is chance; what stays may still be the '
    "method's.</b> "
    "The lower row is a Gaussian with the mean and covariance of these features, and no groups. "
    "Clumpiness is Hopkins' statistic: about 0.5 for points strewn at random, towards 1 for clumps. Lower "
    "the perplexity, and t-SNE makes clumps of the Gaussian. See {sources}.</p>"
)
# By what `layerscope.embedding.tsne_trials.explain_clumps` says.
_CLUMPS = {
    "features": "The features clump by themselves: from every seed more than each of {count} Gaussians",
    "method": "Clumps are the method's: a Gaussian, which has no groups, is not told apart by them",
    "none": "Not clumpier than a Gaussian, which has no groups and hardly clumps at this perplexity",
}


def draw_caution(selection: Selection, contents: Contents, choice: TrialChoice) -> None:
    """Those that are compared, once they are asked for.

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
    """Those that are shown, filled as far as the trials have come."""
    known = {(tile.is_gaussian, tile.seed): tile for tile in (found.tiles if found else ())}
    layouts = []
    for is_gaussian in (False, True):
        for each in range(seed, seed + SEEDS):
            tile = known.get((is_gaussian, each))
            figures = (
                ()
                if tile is None
                else (
                    ("KL", f"{tile.kl_divergence:.2f}"),
                    ("kNN", write_accuracy(tile.knn_accuracy)),
                    ("trust", f"{tile.trustworthiness:.2f}"),
                    ("clumps", f"{tile.clumpiness:.2f}"),
                )
            )
            points = None if tile is None else tile.points
            layouts.append(TrialLayout(f"Seed {each}", is_gaussian, points, figures))
    return layouts


def _tell_progress(
    report: Report[Caution] | None,
    found: Caution | None,
    choice: TrialChoice,
    subject: PlaygroundSubject,
) -> TrialsProgress:
    above = f"{subject.layer.key}: the features as they are"
    below = "Gaussians of the same mean and covariance, which have no groups"
    if found is not None and found.clumps:
        below = f"{below}. {_tell_clumps(found)}"
    if found is not None and found.tiles:
        below += f". By chance kNN accuracy is {write_accuracy(found.chance)}"
    if found is not None and found.agreement is not None:
        above += (
            f". Of {found.n_neighbors} nearest neighbours two seeds agree on {found.agreement:.0%}, "
            f"by chance on {found.expected:.0%}"
        )
    above += _tell_umap(subject)
    note, share, action = _tell_state(report, found, choice)
    return TrialsProgress(note, share, action, (above, below))


def _tell_umap(subject: PlaygroundSubject) -> str:
    """The same of UMAP, of as many samples as the pipeline has embedded; empty where it is not known."""
    sizes = load_params().run(subject.run).sizes
    size = next((each for each in sizes if each >= subject.n), sizes[-1])
    again = find_repetition(subject.run, size, 2, subject.layer.key)
    if again is None:
        return ""
    k = count_neighbors(load_params().metrics.n_neighbors, size)
    return (
        f". Of UMAP, {size} samples, two seeds agree on {again.neighbors:.0%} of {k}, "
        f"by chance on {k / (size - 1):.0%}"
    )


def _tell_clumps(found: Caution) -> str:
    """Where clumps come from, with the figures that say so."""
    layouts, gaussians = (
        sorted(tile.clumpiness for tile in found.tiles if tile.is_gaussian == which)
        for which in (False, True)
    )
    return (
        f"{_CLUMPS[found.clumps].format(count=len(gaussians))} ({layouts[0]:.2f} to {layouts[-1]:.2f}; "
        f"{len(gaussians)} Gaussians {gaussians[0]:.2f} to {gaussians[-1]:.2f}; strewn points up to "
        f"{found.strewn:.2f})"
    )


def _tell_state(
    report: Report[Caution] | None, found: Caution | None, choice: TrialChoice
) -> tuple[str, float, str]:
    what = f"Perplexity {choice.perplexity}, random starts"
    if report is None:
        return f"{what}, {TRIALS} runs of a second or less each", -1.0, "run"
    if report.state is State.DONE:
        return f"{what}, {TRIALS} runs", -1.0, ""
    if report.problem:
        return report.problem, -1.0, "run"
    if report.state is State.WAITING:
        return "Getting ready …", 0.0, "stop"
    if found is None and report.total:
        said = f"The network looks at {report.total} pictures: {report.done} by now"
        return said, report.done / report.total, "stop"
    return f"{what}: {report.done} of {TRIALS}", report.done / TRIALS, "stop"
