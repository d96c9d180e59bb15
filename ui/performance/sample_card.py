"""One sample of a cell: its picture, its true and predicted class, and ways to look further."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from ui import markup
from ui.arrays import Stamp, explaining, load_samples, stamp
from ui.markup import Fact, embed_pixels, facts
from ui.memory import keep
from ui.performance.scene import PerformanceScene
from ui.performance.travel import plan_explanation, plan_explorer

_SIDE = 140  # pixels of a picture


def load_picture(run: str, uid: int) -> str:
    """A sample's picture as a data URL. Raises `Unavailable`."""
    samples = load_samples(run)
    with explaining(run, "samples"):
        return _keep_picture(samples, uid, (run, stamp(run, "samples")))


@keep
def _keep_picture(_samples: object, uid: int, made: tuple[str, Stamp]) -> str:
    return embed_pixels(_samples.picture(uid), _SIDE)  # type: ignore[attr-defined]


def draw_sample_card(uid: int, scene: PerformanceScene) -> None:
    """Draw the card. Raises `Unavailable`."""
    answers = scene.answers
    predicted, label = int(answers.predicted[uid]), int(answers.labels[uid])
    second = int(np.argsort(-answers.probabilities[uid], kind="stable")[1:2].sum())
    verdict = "right" if answers.correct[uid] else "wrong" if answers.named[uid] else ""
    rows = [
        Fact("True", scene.name_class(label)),
        Fact(
            "Predicted", scene.name_output(predicted), verdict, "", f"{answers.confidence[uid]:.3f}"
        ),
    ]
    if answers.probabilities.shape[1] > 1:
        runner_up = f"{answers.probabilities[uid, second]:.3f}"
        rows.append(Fact("Second", scene.name_output(second), "", "", runner_up))
    if answers.named[uid] and answers.targets[uid] not in {predicted, second}:
        right = answers.probabilities[uid, answers.targets[uid]]
        rows.append(Fact("True class", scene.name_class(label), "", "", f"{right:.3f}"))
    picture = load_picture(scene.selection.run, uid)
    with st.container(key="sample-card"):
        st.html(markup.heading(f"Sample {uid:04d}"))
        shown = f'<img src="{picture}" alt="{escape(scene.name_class(label))}">'
        st.html(f'<div class="card">{shown}{facts(rows)}</div>')
        with st.container(key="sample-actions", horizontal=True, gap="small"):
            st.button(
                "Why? Explain it",
                key="card_why",
                type="tertiary",
                on_click=lambda: plan_explanation(scene, uid),
            )
            st.button(
                "Pin it in Explorer",
                key="card_pin",
                type="tertiary",
                on_click=lambda: plan_explorer(scene, [uid], uid),
            )
