"""The curves of a training, with its recipe."""

from __future__ import annotations

from html import escape

import streamlit as st

from layerscope.errors import InputError
from layerscope.training.curves import TrainingCurves
from ui import markup
from ui.charts import draw_chart
from ui.library import load_params
from ui.markup import Fact
from ui.network.address import FINAL
from ui.network.techniques import CURVES
from ui.network.training_charts import draw_curves
from ui.network.trainings import draw_training_choice, list_trainings, load_curves
from ui.network.view import NetworkView
from ui.shell import show_problem
from ui.techniques import draw_technique

_HEIGHT = 600  # pixels


def draw_training(view: NetworkView) -> list[str]:
    """Draw the training and its recipe at the side, its curves on the stage; refuses nothing."""
    trainings = list_trainings(view.contents.run)
    training = view.choice.training or next(iter(trainings))
    with view.side:
        draw_training_choice(trainings, training)
    with view.stage.container(key="panel-curves"):
        if training == FINAL:
            _tell_untrained(list(trainings)[1:])
            return []
        try:
            curves = load_curves(training)
        except InputError as error:
            show_problem(str(error))
            return []
        draw_chart(draw_curves(curves, _HEIGHT), "curves_chart", fill=True)
    with view.side:
        st.html(markup.heading("Outcome") + markup.facts(_tell_outcome(curves)))
        st.html(markup.heading("Recipe", "params.yaml") + markup.facts(_tell_recipe(training)))
        draw_technique(CURVES)
    return []


def _tell_untrained(others: list[str]) -> None:
    names = " or ".join(f"<b>{escape(name)}</b>" for name in others)
    at_hand = f" Choose the training {names} at the left to see its curves." if others else ""
    st.html(
        '<div class="unavailable"><div class="glyph"></div><h3>This model was not trained here</h3>'
        f"<p>Its weights were published, and their curves are not known.{at_hand}</p></div>"
    )


def _tell_outcome(curves: TrainingCurves) -> list[Fact]:
    minutes, work = (curves.columns[name].sum() / 60 for name in ("seconds", "processor_seconds"))
    last = {name: values[-1] for name, values in curves.columns.items()}
    return [
        Fact("Epochs", str(curves.epochs[-1])),
        Fact("Accuracy", f"{100 * last['val_accuracy']:.1f} %", behind="validation"),
        Fact("Loss", f"{last['val_loss']:.3f}", behind="validation"),
        Fact("Time by the clock", f"{minutes:.0f} min"),
        Fact("Time of processors", f"{work:.0f} min"),
    ]


def _tell_recipe(training: str) -> list[Fact]:
    entry = load_params().training(training)
    recipe = entry.recipe
    return [
        Fact("Pictures of", ", ".join(entry.datasets)),
        Fact("Batch", str(recipe.batch_size)),
        Fact("Learning rate", f"{recipe.learning_rate:g}"),
        Fact("Weight decay", f"{recipe.weight_decay:g}"),
        Fact("Label smoothing", f"{recipe.label_smoothing:g}"),
        Fact("Dropout", f"{recipe.dropout:g}"),
        Fact("Seed", str(recipe.random_state)),
    ]
