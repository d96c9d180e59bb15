"""How weights, activations and gradients of each layer came to be, epoch by epoch."""

from __future__ import annotations

import numpy as np
import streamlit as st

from layerscope.errors import InputError
from layerscope.models.layers import Layer
from layerscope.training.distributions import (
    WEIGHT,
    bound_norms,
    find_moments,
    find_share_below,
)
from ui import markup
from ui.address import change, read_params
from ui.charts import draw_chart, draw_clickable
from ui.controls import choose
from ui.network.address import DRAWINGS, FINAL, QUANTITIES, NetworkChoice
from ui.network.distribution_charts import draw_history, draw_layers, draw_matrix
from ui.network.graphs import wait_for_weights
from ui.network.layer_choice import (
    ShownLayer,
    change_layer,
    draw_layer_choice,
    draw_scale_choice,
    find_layer,
)
from ui.network.scales import find_scale
from ui.network.techniques import FINAL_WEIGHTS, HISTOGRAMS
from ui.network.trainings import draw_training_choice, list_trainings, load_distributions
from ui.network.view import NetworkView
from ui.shell import show_problem
from ui.techniques import draw_technique

_PLAYING = "network_playing"  # the epoch that comes next while they are played
_TICK = 0.8  # seconds an epoch
_FIGURES = {
    "weight": ("Standard deviation", "standard deviation", ".3g", True),
    "bias": ("Standard deviation", "standard deviation", ".3g", True),
    "activation": ("Zeroed by the ReLU", "below zero", ".1%", False),
    "gradient": ("Gradient norm", "norm", ".3g", True),
}


def draw_distributions(view: NetworkView) -> list[str]:
    """Draw the choices at the side and the charts on the stage; returns what was refused."""
    trainings = list_trainings(view.contents.run)
    training = view.choice.training or next(iter(trainings))
    with view.side:
        draw_training_choice(trainings, training)
    if training == FINAL:
        return _draw_final(view)
    try:
        distributions = load_distributions(training)
    except InputError as error:
        with view.stage.container(key="panel-empty"):
            show_problem(str(error))
        return []
    refused = []
    epoch = distributions.last if view.choice.epoch is None else view.choice.epoch
    if epoch > distributions.last:
        refused, epoch = ["epoch"], distributions.last
    layer = find_layer(
        view.selection.layer, view.contents.layers, distributions.layers, view.choice.part
    )
    with view.side:
        choose(
            "quantity", "Values", tuple(QUANTITIES), view.choice.quantity, QUANTITIES.__getitem__
        )
        draw_layer_choice(distributions, layer, view.selection.layer, view.contents.layers)
        choose("drawing", "Epochs as", tuple(DRAWINGS), view.choice.drawing, DRAWINGS.__getitem__)
        draw_scale_choice(view.choice)
        draw_technique(HISTOGRAMS)
    shown = ShownLayer(distributions, layer, view.contents.layers)
    playing = _PLAYING in st.session_state
    with view.stage:
        st.fragment(_draw_epochs, run_every=_TICK if playing else None)(shown, view.choice, epoch)
    return refused


# --- a training ------------------------------------------------------------------------------


def _draw_epochs(shown: ShownLayer, choice: NetworkChoice, epoch: int) -> None:
    """All charts of a training: a fragment, drawn again and again while epochs are played."""
    last = shown.distributions.last
    epoch = _advance(int(read_params().get("epoch", epoch)), last)
    left, right = st.columns(2, gap=None)
    quantity = choice.quantity
    _, deviation = find_moments(*shown.distributions.of(quantity, shown.layer))
    with left.container(key="panel-history"):
        st.html(_tell_layer(shown, quantity, epoch))
        own = find_scale(choice.scale, deviation)
        draw_chart(
            draw_history(shown.distributions, quantity, shown.layer, epoch, own, choice.drawing),
            "history_chart",
            fill=True,
        )
    with left.container(key="panel-figures"):
        _draw_figures(shown, quantity)
    with right.container(key="panel-layers"):
        _draw_player(epoch, last)
        q = shown.distributions.quantities.index(quantity)
        _, all_deviations = find_moments(
            shown.distributions.counts[:, q], shown.distributions.ranges[:, q]
        )
        draw_chart(
            draw_layers(
                shown.distributions,
                quantity,
                epoch,
                shown.layer,
                shown.labels,
                shown.kinds,
                find_scale(choice.scale, all_deviations),
                max(500, 34 * len(shown.labels)),
            ),
            "layers_chart",
            fill=True,
        )


def _advance(epoch: int, last: int) -> int:
    """The epoch to show; while they are played, the one that comes next."""
    if _PLAYING not in st.session_state:
        return min(epoch, last)
    epoch = st.session_state[_PLAYING]
    change(epoch=epoch if epoch < last else None)
    if epoch >= last:
        del st.session_state[_PLAYING]
        st.rerun()
    st.session_state[_PLAYING] = epoch + 1
    return epoch


def _draw_player(epoch: int, last: int) -> None:
    """The epochs on a slider, and a button that lets them pass."""
    playing = _PLAYING in st.session_state

    def stop() -> None:
        st.session_state.pop(_PLAYING, None)

    def move() -> None:
        stop()
        change(epoch=st.session_state["epoch_slider"])

    def play() -> None:
        if playing:
            stop()
        else:
            st.session_state[_PLAYING] = 0 if epoch == last else epoch + 1

    with st.container(key="player", horizontal=True, gap=None, vertical_alignment="bottom"):
        pressed = st.button("Stop" if playing else "Play", key="play_epochs", on_click=play)
        st.session_state["epoch_slider"] = epoch
        st.slider("All layers after epoch", 0, last, key="epoch_slider", on_change=move)
    if pressed:
        st.rerun()  # the clock of this fragment is set where it is called


def _tell_layer(shown: ShownLayer, quantity: str, epoch: int) -> str:
    """The chosen layer in figures, after the chosen epoch."""
    counts, ranges = shown.distributions.of(quantity, shown.layer)
    one = counts[epoch], ranges[epoch]
    mean, deviation = find_moments(*one)
    figures = [("mean", f"{mean:.2g}"), ("sd", f"{deviation:.2g}")]
    if quantity == "activation":
        figures = [figures[1], ("below zero", f"{100 * find_share_below(*one):.1f} %")]
    elif quantity == "gradient":
        low, _, high = bound_norms(*one)
        figures = [figures[1], ("norm", f"{low:.2g} to {high:.2g}")]
    figures = [(name, text.replace("-", "−")) for name, text in figures]
    when = f"epoch {epoch}" if epoch else "before training"
    return markup.plot_head(f"{QUANTITIES[quantity]} of {shown.layer}", when, figures)


def _draw_figures(shown: ShownLayer, quantity: str) -> None:
    """A figure of each layer and epoch; a click goes there."""
    title, name, form, is_log = _FIGURES[quantity]
    q = shown.distributions.quantities.index(quantity)
    counts, ranges = shown.distributions.counts[:, q], shown.distributions.ranges[:, q]
    if quantity in {"weight", "bias"}:
        figures = find_moments(counts, ranges)[1]
    elif quantity == "gradient":
        figures = bound_norms(counts, ranges)[1]
    else:
        figures = find_share_below(counts, ranges)
        rectified = [_is_rectified(key, shown.layers) for key in shown.distributions.layers]
        figures = np.where(rectified, figures, np.nan)
    st.html(markup.heading(title, "by layer and epoch; click a cell to go there"))

    def pick(point: dict) -> None:
        where = point.get("pointNumber")
        if not isinstance(where, list) or len(where) != 2:
            return
        row, column = where
        layers, last = shown.distributions.layers, shown.distributions.last
        if row in range(len(layers)) and column in range(last + 1):
            st.session_state.pop(_PLAYING, None)
            change(epoch=column)
            change_layer(layers[row], shown.layers)

    draw_clickable(
        draw_matrix(figures.T, shown.labels, name, form, is_log, 270), f"figures_{quantity}", pick
    )


def _is_rectified(key: str, layers: tuple[Layer, ...]) -> bool:
    """Whether an activation function follows a layer."""
    order = [layer.key for layer in layers]
    if key not in order or order.index(key) + 1 == len(order):
        return False
    return layers[order.index(key) + 1].kind == "relu"


# --- a model that was not trained here -------------------------------------------------------


def _draw_final(view: NetworkView) -> list[str]:
    """Weights as they are, layer by layer."""
    with view.stage.container(key="panel-final"):
        distributions = wait_for_weights(view.contents)
        if distributions is None:
            return []
        layer = find_layer(
            view.selection.layer, view.contents.layers, distributions.layers, view.choice.part
        )
        shown = ShownLayer(distributions, layer, view.contents.layers)
        _, deviation = find_moments(*distributions.at(0, WEIGHT))
        st.html(
            '<p class="untrained"><b>This model was not trained here</b>, so there is no history of its '
            "activations and gradients. These are its weights as they are; choose a training at the left "
            "to watch one.</p>"
        )
        st.html(_tell_layer(shown, WEIGHT, 0).replace("before training", "as they are"))
        draw_chart(
            draw_layers(
                distributions,
                WEIGHT,
                0,
                layer,
                shown.labels,
                shown.kinds,
                find_scale(view.choice.scale, deviation),
                max(420, 22 * len(distributions.layers) + 60),
            ),
            "layers_chart",
        )
    with view.side:
        draw_layer_choice(distributions, layer, view.selection.layer, view.contents.layers)
        draw_scale_choice(view.choice)
        draw_technique(FINAL_WEIGHTS)
    return []
