"""What both sides of the trial share: the samples, what is chosen of them, and work that is given up."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from ui.address import change, read_params
from ui.arrays import stamp
from ui.coloring import color_points, describe_predictions, read_predictions
from ui.components.embedding_film import LinkedSamples
from ui.components.points import Coloring
from ui.features.playground.address import TrialChoice, offer_counts, read_trial
from ui.library import Contents, load_params
from ui.live.playground import Plane
from ui.queue import session_id, shared
from ui.selection import read_selection

_ASKED = "trial_asked"  # in the session: keys of work that was asked for


def read_choice(params: Mapping[str, str], contents: Contents) -> tuple[TrialChoice, list[str]]:
    """What the address asks for, and what of it is refused. Raises `InputError`."""
    counts = offer_counts(contents.sizes[-1])
    return read_trial(params, counts, load_params().tsne.random_state)


def family(run: str, n: int) -> str:
    """What has the same samples has the same name."""
    made, _ = stamp(run, "samples")
    return f"{run}/{n}/{made}"


def load_linked_samples(
    contents: Contents, n: int, near: np.ndarray | None = None
) -> LinkedSamples:
    """The first n samples of a run, and each one's nearest (n, k) where these are known.

    Raises
    ------
    Unavailable
    """
    coloring = color_samples(contents, n)
    return LinkedSamples(
        labels=coloring.groups,
        entries=coloring.entries,
        predictions=describe_predictions(contents, n),
        neighbors=np.zeros((n, 0), np.int16) if near is None else near,
        family=family(contents.run, n),
    )


def color_samples(contents: Contents, n: int) -> Coloring:
    """The first n samples by class or, where they have no labels, by the clusters of the layer.

    Raises
    ------
    Unavailable
    """
    params = read_params()
    size = next(size for size in contents.sizes if size >= n)
    color = "true" if contents.categories else "cluster"
    selection = replace(read_selection(params, contents)[0], size=size, color=color)
    selection = replace(selection, cluster=selection.layer)
    coloring = color_points(selection, contents, read_predictions(contents.run, size))
    return replace(coloring, groups=coloring.groups[:n])


def write_accuracy(value: float) -> str:
    """kNN accuracy as it is shown; nothing where it is not defined."""
    return "–" if np.isnan(value) else f"{value:.2f}"


def pin(contents: Contents, uid: int | None) -> None:
    """Choose a sample, or none; the selection grows to a size that has it."""
    params = read_params()
    size = read_selection(params, contents)[0].size
    if uid is not None and uid >= size:
        size = next(each for each in contents.sizes if each > uid)
    change(sample=uid, why=None, against=None, size=size)
    st.session_state["trial_all"] = True


def call_off(wanted: Collection[Hashable]) -> None:
    """Give up what was asked for here and is wanted no more; what other views have asked for goes on."""
    asked = st.session_state.get(_ASKED, frozenset())
    for key in asked:
        if key not in wanted:
            shared.cancel(key, session_id())
    st.session_state[_ASKED] = frozenset(wanted)


def keep_plane(key: Hashable, plane: Plane) -> None:
    """Remember the plane of what is looked at, for the time until the next film has one."""
    st.session_state["trial_plane"] = (key, plane)


def recall_plane(key: Hashable) -> Plane | None:
    """The plane of the last film, if it was of the same samples and layer."""
    of, plane = st.session_state.get("trial_plane", (None, None))
    return plane if of == key else None
