"""Models that a picture can be shown to, each as a copy of its own that has no hooks of others."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from layerscope.errors import InputError
from layerscope.explanation.task import prepare
from layerscope.models.layer_table import layer_table
from layerscope.models.layers import Layer
from layerscope.models.registry import Classifier
from ui.library import load_params, name_run
from ui.live_model import computing, load_live_model, load_shared_model

if TYPE_CHECKING:
    from torch import Tensor

OF_RUN = "run"
_KEPT = 3
_opening = threading.Lock()


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


@dataclass(frozen=True)
class Opened:
    """A network ready for use.

    Attributes
    ----------
    classifier : Classifier
        Shared by all sessions, never hooked: whoever hooks makes a copy first.
    layers : tuple of Layer
        Those with feature maps.
    mark : str
        What tells it from any other model or other weights.
    """

    classifier: Classifier
    layers: tuple[Layer, ...]
    mark: str


def list_networks(run: str, is_sample: bool) -> tuple[ExplainedNetwork, ...]:
    """What a picture can be shown to: a sample to the model of its run only."""
    own = ExplainedNetwork(OF_RUN, f"{name_run(run).rpartition(' / ')[2]}, of the run")
    if is_sample:
        return (own,)
    return (PUBLISHED, TRAINED, own)


def open_network(key: str, run: str) -> Opened:
    """Load a network, or find it loaded. Raises `InputError` in one line where it cannot be had."""
    shared, mark = _load(key, run)
    with _opening:
        return _prepare(shared, mark)


def _load(key: str, run: str) -> tuple[Classifier, str]:
    params = load_params()
    if key == OF_RUN:
        settings = params.run(run)
        return load_live_model(run), _mark(settings.model, settings.weights_file)
    if key == PUBLISHED.key:
        return load_shared_model(PUBLISHED.key, None), _mark(PUBLISHED.key, None)
    if key == TRAINED.key:
        weights = Path(params.training("imagenette").weights)
        return load_shared_model(TRAINED.key, weights), _mark(TRAINED.key, weights)
    raise InputError(f"unknown model {key!r}")


def _mark(model: str | dict[str, Any], weights: Path | None) -> str:
    changed = weights.stat().st_mtime_ns if weights is not None and weights.is_file() else 0
    return f"{model}/{weights}/{changed}"


@lru_cache(maxsize=_KEPT)
def _prepare(shared: Classifier, mark: str) -> Opened:
    blank = np.zeros((1, shared.input_size, shared.input_size, 3), np.uint8)
    with computing:  # nobody has hooks on the shared one now that the copy would take over
        private = prepare(shared, blank, np.array([0])).classifier
    layers = tuple(layer for layer in layer_table(private)[1:] if len(layer.shape) == 3)
    return Opened(private, layers, mark)


def predict(classifier: Classifier, pictures: np.ndarray) -> np.ndarray:
    """Probabilities (N, K) float32 of pictures (N, S, S, 3) uint8."""
    with torch.no_grad():
        logits: Tensor = classifier.module(classifier.to_inputs(pictures))
        return logits.softmax(dim=1).float().cpu().numpy()
