"""PCA beside t-SNE as it runs, and the perplexities that were tried."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import streamlit as st

from layerscope.embedding.layouts import EARLY_EXAGGERATION_ITER
from ui.address import change
from ui.components.embedding_film import (
    FilmCaptions,
    Reel,
    TriedLayout,
    draw_embedding_film,
)
from ui.features.playground.address import STARTS, TrialChoice, limit_perplexity
from ui.features.playground.cast import (
    call_off,
    keep_plane,
    load_linked_samples,
    pin,
    recall_plane,
    write_accuracy,
)
from ui.features.playground.jobs import ask_film, film_key, read_subject
from ui.library import Contents, load_params
from ui.live.playground import Film, Plane, PlaygroundSubject, Settings
from ui.queue import Report, State, session_id, shared
from ui.selection import Selection

_LADDER = (2, 5, 10, 30, 50, 90)  # perplexities that are tried by one click
_TRIED, _CLIMBED, _STOPPED = "trial_tried", "trial_ladder", "trial_stopped"  # in the session
_MOST_SUBJECTS, _MOST_TRIED = 6, 24  # that a session remembers


@dataclass(frozen=True)
class Result:
    """What is kept of a film once it is over."""

    points: np.ndarray
    kl_divergence: float
    knn_accuracy: float
    trustworthiness: float


def draw_film(selection: Selection, contents: Contents, choice: TrialChoice) -> None:
    """The film that is chosen, and what was tried before.

    Raises
    ------
    Unavailable
    InputError
    """
    subject = read_subject(selection.run, contents.layer(selection.layer), choice.n)
    settings = Settings(choice.perplexity, choice.start, choice.seed)
    key = film_key(subject, settings)
    rung = _find_rung(subject, choice)
    call_off({key} | ({film_key(subject, rung)} if rung else set()))
    report, problem = _look(subject, settings, key)
    climbing = rung is not None and _climb(subject, rung)
    film = report.result if report is not None else None
    if film is not None:
        keep_plane(subject, film.plane)
    plane = film.plane if film is not None else recall_plane(subject)
    if film is not None and report is not None and report.state is State.DONE:
        _keep_result(subject, settings, film)
    draw_embedding_film(
        load_linked_samples(contents, choice.n, None if plane is None else plane.near),
        _reel(key, plane, film, report),
        _list_tried(subject, settings),
        _caption(subject, settings, plane, report, problem, _offer_ladder(subject, choice, rung)),
        pinned=selection.sample,
        only=selection.only,
        waits=climbing or (report is not None and report.is_open),
        key="embedding_film",
        on_pin=lambda uid: pin(contents, uid),
        on_choose=_go_back,
        on_run=lambda run: _run(key, run),
        on_ladder=lambda: _toggle_ladder(subject, choice),
    )


def _look(
    subject: PlaygroundSubject, settings: Settings, key: Hashable
) -> tuple[Report[Film] | None, str | None]:
    """What is known of the film, which is asked for unless it was stopped by hand; and what hinders it."""
    report = shared.look(key)
    if report is not None or st.session_state.get(_STOPPED) == key:
        return report, None
    problem = ask_film(subject, settings)
    return shared.look(key), problem


def _run(key: Hashable, run: bool) -> None:
    if run:
        st.session_state.pop(_STOPPED, None)
    else:
        st.session_state[_STOPPED] = key
        shared.cancel(key, session_id())


def _reel(
    key: Hashable, plane: Plane | None, film: Film | None, report: Report[Film] | None
) -> Reel:
    curves = {
        "iteration": film.iterations if film else (),
        "kl": film.divergences if film else (),
        "accuracy": [each for each in film.accuracies if each == each] if film else (),
        "trust": film.trusts if film else (),
        "side": film.sides if film else (),
    }
    return Reel(
        token=sha256(repr(key).encode()).hexdigest()[:16],
        plane=None if plane is None else plane.points,
        frames=film.frames if film else (),
        curves=curves,
        complete=report is not None and report.state is State.DONE,
        early=EARLY_EXAGGERATION_ITER,
        last=EARLY_EXAGGERATION_ITER + load_params().playground.n_iter,
    )


def _caption(
    subject: PlaygroundSubject,
    settings: Settings,
    plane: Plane | None,
    report: Report[Film] | None,
    problem: str | None,
    ladder: str,
) -> FilmCaptions:
    figures = []
    if plane is not None:
        if plane.shares is not None:
            figures.append(("variance", f"{sum(plane.shares):.0%}"))
        figures += [
            ("kNN", write_accuracy(plane.knn_accuracy)),
            ("trust", f"{plane.trustworthiness:.2f}"),
        ]
    note, share, action = tell_state(report, problem)
    return FilmCaptions(
        ("PCA", f"{subject.layer.key}, {subject.n} samples"),
        ("t-SNE", f"perplexity {settings.perplexity}{_tell_start(settings)}"),
        tuple(figures),
        note,
        share,
        action,
        ladder,
    )


def _tell_start(settings: Settings) -> str:
    return " from PCA" if settings.start == "pca" else f", random {settings.seed}"


def tell_state(report: Report[Film] | None, problem: str | None) -> tuple[str, float, str]:
    """One line on where the work stands, the share that is done, and what can be done about it."""
    if problem:
        return problem, -1.0, "run"
    if report is None:
        return "Stopped.", -1.0, "run"
    if report.problem:
        return report.problem, -1.0, ""
    if report.state is State.WAITING:
        return "Getting ready …", -1.0, "stop"
    if report.result is None and report.total:
        said = f"The network looks at {report.total} pictures: {report.done} by now"
        return said, report.done / report.total, "stop"
    return "Computing …", -1.0, "stop"


# --- what was tried --------------------------------------------------------------------------


def _results(subject: PlaygroundSubject) -> dict[Settings, Result]:
    """Results of this visit for the same samples and layer, to be added to."""
    known = st.session_state.setdefault(_TRIED, {})
    found = known.pop(subject, {})
    known[subject] = found  # the last one is the one used last
    while len(known) > _MOST_SUBJECTS:
        del known[next(iter(known))]
    return found


def _keep_result(subject: PlaygroundSubject, settings: Settings, film: Film) -> None:
    results = _results(subject)
    results.pop(settings, None)
    results[settings] = Result(
        film.frames[-1], film.divergences[-1], film.accuracies[-1], film.trusts[-1]
    )
    while len(results) > _MOST_TRIED:
        del results[next(iter(results))]


def _list_tried(subject: PlaygroundSubject, shown: Settings) -> list[TriedLayout]:
    """By rising perplexity."""
    results = _results(subject)
    order = sorted(results, key=lambda each: (each.perplexity, each.start, each.seed))
    return [
        TriedLayout(
            write_settings(each),
            str(each.perplexity),
            f"{STARTS[each.start]}, seed {each.seed}",
            results[each].points,
            (
                ("KL", f"{results[each].kl_divergence:.2f}"),
                ("kNN", write_accuracy(results[each].knn_accuracy)),
                ("trust", f"{results[each].trustworthiness:.2f}"),
            ),
            each == shown,
        )
        for each in order
    ]


def write_settings(settings: Settings) -> str:
    """As the browser names them."""
    return f"{settings.perplexity}-{settings.start}-{settings.seed}"


def _go_back(id: str) -> None:
    perplexity, start, seed = id.split("-")
    change(trial_perplexity=perplexity, trial_start=start, trial_seed=seed)
    st.session_state["trial_all"] = True


# --- a ladder of perplexities ----------------------------------------------------------------


def list_rungs(choice: TrialChoice) -> list[Settings]:
    """What is tried by one click: perplexities from low to high, start and seed as they are."""
    most = limit_perplexity(choice.n)
    return [Settings(each, choice.start, choice.seed) for each in _LADDER if each <= most]


def _ladder_of(subject: PlaygroundSubject, choice: TrialChoice) -> Hashable:
    return subject, choice.start, choice.seed


def _find_rung(subject: PlaygroundSubject, choice: TrialChoice) -> Settings | None:
    """The next one to try, while the ladder is climbed."""
    if st.session_state.get(_CLIMBED) != _ladder_of(subject, choice):
        return None
    known = _results(subject)
    return next((each for each in list_rungs(choice) if each not in known), None)


def _climb(subject: PlaygroundSubject, rung: Settings) -> bool:
    """Have one more made, one at a time; whether there is something to wait for."""
    report = shared.look(film_key(subject, rung))
    if report is None:
        if ask_film(subject, rung, is_long=True):
            st.session_state.pop(_CLIMBED, None)
            return False
        return True
    if report.state is State.DONE and report.result is not None:
        _keep_result(subject, rung, report.result)
        return True  # the next comes with the next look
    if report.state is State.FAILED:
        st.session_state.pop(_CLIMBED, None)
        return False
    return True


def _offer_ladder(subject: PlaygroundSubject, choice: TrialChoice, rung: Settings | None) -> str:
    if rung is not None:
        return "Stop trying"
    known = _results(subject)
    left = [each for each in list_rungs(choice) if each not in known]
    values = ", ".join(str(each.perplexity) for each in left)
    return f"Try {values} as well" if left else ""


def _toggle_ladder(subject: PlaygroundSubject, choice: TrialChoice) -> None:
    of = _ladder_of(subject, choice)
    if st.session_state.get(_CLIMBED) == of and _find_rung(subject, choice) is not None:
        st.session_state.pop(_CLIMBED, None)
    else:
        st.session_state[_CLIMBED] = of
