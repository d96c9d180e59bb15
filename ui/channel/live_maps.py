"""The full-resolution activation of one sample at one layer: from the cache on disk, else computed."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from pathlib import Path

import numpy as np

from layerscope.activations.cache import Activation, ActivationCache
from layerscope.errors import InputError
from layerscope.models.layers import GIVEN, INPUT, PROBABILITIES, Layer
from ui.arrays import explaining, load_predictions, load_samples, stamp
from ui.library import find_source, load_params
from ui.live import engine
from ui.live.maps import find_maps

_FOLDER = Path(".cache", "activations")
_KEPT_BYTES = 40 << 20  # all layers of the last sample stay in memory if they fit: vgg16_slim's do


def load_maps(run: str, layer: Layer, uid: int) -> np.ndarray:
    """What a layer makes of a sample.

    Parameters
    ----------
    run : str
    layer : Layer
    uid : int
        Of a sample of the run.

    Returns
    -------
    ndarray of float32, (C, H, W) or (C,)
        Of the input the pixels in [0, 1]; both ends of the model need no model.

    Raises
    ------
    Unavailable
        Where samples or predictions cannot be read.
    InputError
        Where the model cannot be had, or is not the one that the arrays were made with.
    """
    if layer.key == INPUT:
        with explaining(run, "samples"):
            return load_samples(run).picture(uid).transpose(2, 0, 1).astype(np.float32) / 255
    if layer.key == PROBABILITIES:
        with explaining(run, "predictions"):
            return load_predictions(run).probabilities[uid]
    if layer.key == GIVEN:
        with explaining(run, "predictions"):
            return load_predictions(run).given(uid, uid + 1)[0]
    cache = ActivationCache(_FOLDER, load_params().app.activation_cache_mb * 2**20)
    made, inode = stamp(run, "predictions")
    key = Activation(run, f"{made:x}-{inode:x}", uid, layer.key)
    kept = cache.read(key)
    if kept is not None and kept.shape == layer.shape:
        return kept
    found = _compute(run, layer, uid, key.weights)
    if found.shape != layer.shape:
        raise InputError(
            f"{run}: layer {layer.key!r} has another shape in the model than in its arrays; "
            "run `dvc repro`"
        )
    if not np.isfinite(found).all():
        raise InputError(f"{run}: layer {layer.key!r} gives values that are no numbers")
    cache.write(key, found)
    return found


def _compute(run: str, layer: Layer, uid: int, weights: str) -> np.ndarray:
    """One layer, or all of them at once where they are small enough to be kept for the next click."""
    inner = [
        each
        for each in load_predictions(run).layers
        if each.key not in {INPUT, PROBABILITIES, GIVEN}
    ]
    if 4 * sum(prod(each.shape) for each in inner) <= _KEPT_BYTES:
        return _forward_all(run, uid, weights, tuple(inner))[layer.key]
    return _forward(run, uid, (layer,))[layer.key]


@lru_cache(maxsize=1)
def _forward_all(
    run: str, uid: int, weights: str, layers: tuple[Layer, ...]
) -> dict[str, np.ndarray]:
    return _forward(run, uid, layers)


def _forward(run: str, uid: int, layers: tuple[Layer, ...]) -> dict[str, np.ndarray]:
    """A forward pass up to the last of some layers."""
    with explaining(run, "samples"):
        picture = load_samples(run).picture(uid)
    return engine.networks.call(find_maps, find_source(run), picture, layers)
