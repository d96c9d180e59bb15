"""Networks that a picture can be shown to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st

from layerscope.errors import InputError
from ui.arrays import Unavailable, load_predictions
from ui.library import find_source, load_params, name_run
from ui.live import engine
from ui.live.explanations import Network, describe, predict
from ui.live.models import Source, make_source

OF_RUN = "run"


@dataclass(frozen=True)
class ExplainedNetwork:
    """A model to choose.

    Attributes
    ----------
    key : str
        As the address has it.
    name : str
        As people read it.
    """

    key: str
    name: str


# Beside the model of the run: both were trained on photographs, and need no download.
PUBLISHED = ExplainedNetwork("efficientnet_lite0", "efficientnet_lite0, ImageNet")
TRAINED = ExplainedNetwork("vgg16_slim", "vgg16_slim, Imagenette")


def list_networks(run: str, is_sample: bool) -> tuple[ExplainedNetwork, ...]:
    """What a picture can be shown to: a sample to the model of its run only."""
    own = ExplainedNetwork(OF_RUN, f"{name_run(run).rpartition(' / ')[2]}, of the run")
    if is_sample:
        return (own,)
    return (PUBLISHED, TRAINED, own)


def open_network(key: str, run: str) -> Network:
    """What is known of a network. Raises `InputError` in one line where it cannot be had."""
    network = _describe(find_network(key, run))
    if key != OF_RUN:
        return network
    try:  # a run knows more: how deep it takes its model apart, and names that no weights had
        found = load_predictions(run)
    except Unavailable:
        return network
    maps = tuple(layer for layer in found.layers[1:] if len(layer.shape) == 3)
    return replace(network, categories=found.categories, layers=maps or network.layers)


def find_network(key: str, run: str) -> Source:
    """Where a network to choose comes from. Raises `InputError` where it is not known."""
    if key == OF_RUN:
        return find_source(run)
    if key == PUBLISHED.key:
        return make_source(PUBLISHED.key, None)
    if key == TRAINED.key:
        return make_source(TRAINED.key, Path(load_params().training("imagenette").weights))
    raise InputError(f"unknown model {key!r}")


@st.cache_resource(max_entries=16, show_spinner="Reading the model …")
def _describe(source: Source) -> Network:
    return engine.networks.call(describe, source)


def run_network(network: Network, pictures: np.ndarray) -> np.ndarray:
    """Probabilities (N, K) float32 of pictures (N, H, W, C) uint8."""
    return engine.networks.call(predict, network.source, pictures)
