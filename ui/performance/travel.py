"""Ways to other pages: a set of samples in the Explorer, the explanation of a prediction in Explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from ui.lasso import keep_lassoed
from ui.layouts import family
from ui.performance.scene import PerformanceScene
from ui.selection import Selection

_WAITING = "performance-journey"  # a callback cannot leave the page: the script does, once it runs


def plan_explorer(scene: PerformanceScene, uids: Sequence[int], pinned: int | None = None) -> None:
    """Go to the Explorer with these samples as its set, nothing filtered; and one of them pinned."""
    keep_lassoed([int(uid) for uid in uids], family(scene.selection))
    st.session_state["inspected"] = "set" if pinned is None else "sample"
    seen = _without_filters(scene.selection)
    target = replace(seen, sample=pinned, why=None, against=None, color="true")
    st.session_state[_WAITING] = ("streamlit_app.py", target.to_params())


def plan_explanation(scene: PerformanceScene, uid: int) -> None:
    """Go to Explain with a sample: why the predicted class, and not the true one where they differ."""
    answers = scene.answers
    predicted, target = int(answers.predicted[uid]), int(answers.targets[uid])
    against = target if target not in {-1, predicted} else None
    seen = replace(scene.selection, sample=uid, why=predicted, against=against)
    params = {"source": "sample", "view": "methods"}  # not a picture that was explained before
    st.session_state[_WAITING] = ("pages/Explain.py", seen.to_params() | params)


def depart() -> None:
    """Go where a callback has planned to go, if one has."""
    planned = st.session_state.pop(_WAITING, None)
    if planned is not None:
        page, params = planned
        st.switch_page(page, query_params=params)


def _without_filters(selection: Selection) -> Selection:
    return replace(selection, only=frozenset(), verdict="all", confidence=(0, 100))
