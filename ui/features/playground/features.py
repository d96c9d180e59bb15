"""The features of a layer that are embedded: read where they are stored, else computed at once.

A fresh clone has no stored activations. A forward pass of a few hundred pictures, up to the layer, takes
seconds and gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

import numpy as np
import streamlit as st

from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled
from layerscope.models.layers import Layer
from layerscope.runs.samples import Samples
from layerscope.storage.store import Store, store_path
from ui.arrays import Unavailable, explaining, load_array, load_samples, stamp
from ui.library import load_params
from ui.live_model import computing, load_live_model

_BATCH = 25  # pictures; between batches others may use the model
_KEPT = 24  # of some 0.5 MB each
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Features:
    """What is embedded; arrays are unwritable.

    Attributes
    ----------
    scores : ndarray of float32, (n, k)
        Principal components of the layer's features, as many as keep `pca.variance` of it.
    shares : tuple of float or None
        Shares of the variance that the first two have.
    ranks : ndarray of int32, (n, n)
        Of each other sample by its distance in `scores`: nearest 1, itself 0.
    labels : ndarray of int, (n,)
        True classes.
    is_stored : bool
        Whether they were read rather than computed.
    """

    scores: np.ndarray
    shares: tuple[float, float] | None
    ranks: np.ndarray
    labels: np.ndarray
    is_stored: bool


def key_of(run: str, layer: str, n: int) -> Hashable:
    """All that the features depend on. Raises `Unavailable` and `InputError`."""
    params = load_params()
    weights = params.runs[run].weights_file if run in params.runs else None
    changed = weights.stat().st_mtime_ns if weights is not None and weights.is_file() else 0
    stored = tuple(_stamp(run, name) for name in ("components", "activations"))
    made = (stamp(run, "samples"), stamp(run, "predictions"), changed, *stored)
    return run, layer, n, params.pca.variance, params.activations.pool_of(n), made


def _stamp(run: str, name: str) -> Hashable:
    return stamp(run, name) if store_path(run, name).exists() else None


def load_features(
    run: str, layer: Layer, n: int, progress: Progress, cancelled: Callable[[], bool]
) -> Features:
    """The features of the first n samples at a layer, computed once and shared by all sessions.

    Parameters
    ----------
    run : str
    layer : Layer
    n : int
    progress : callable
        Called with the number of pictures seen and with n while they are computed.
    cancelled : callable
        Whether to stop with `Cancelled`.

    Raises
    ------
    Cancelled
    Unavailable
        Where the samples cannot be read.
    InputError
        Where the model cannot be had, or gives what is no number.
    """
    return _keep_features(layer, key_of(run, layer.key, n), run, n, progress, cancelled)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def _keep_features(
    _layer: Layer,
    of: Hashable,
    run: str,
    n: int,
    _progress: Progress,
    _cancelled: Callable[[], bool],
) -> Features:
    from layerscope.embedding.pca import principal_components
    from layerscope.embedding.quality import distance_ranks

    samples = load_samples(run)
    kept = _read_components(run, _layer.key, n)
    if kept is not None:
        scores, shares = kept
    else:
        stored = _read_activations(run, _layer.key, n)
        features = stored
        if features is None:
            features = np.concatenate([*_compute(run, samples, _layer, n, _progress, _cancelled)])
        if not np.isfinite(features).all():
            raise InputError(f"{run}: layer {_layer.key!r} gives values that are no numbers")
        found = principal_components(features, load_params().pca.variance)
        first = found.explained_variance_ratio
        scores, shares = found.scores, (float(first[0]), float(first[1]))
    ranks, labels = distance_ranks(scores), samples.labels[:n].astype(np.int64)
    for each in (scores, ranks, labels):
        each.flags.writeable = False
    is_stored = kept is not None or stored is not None
    return Features(scores, shares, ranks, labels, is_stored)


def _compute(
    run: str,
    samples: Samples,
    layer: Layer,
    n: int,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Iterator[np.ndarray]:
    """A forward pass up to the layer, by batches: (N, d) float16 each."""
    factor = load_params().activations.pool_of(n)
    progress(0, n)
    with computing:
        classifier = load_live_model(run)
        from layerscope.features.layer_features import pool_layer
    for start in range(0, n, _BATCH):
        if cancelled():
            raise Cancelled
        with explaining(run, "samples"):
            pictures = samples.pictures(start, min(start + _BATCH, n))
        with computing:
            yield pool_layer(classifier, pictures, layer, factor)
        progress(min(start + _BATCH, n), n)


def _read_components(
    run: str, layer: str, n: int
) -> tuple[np.ndarray, tuple[float, float] | None] | None:
    """What the stage `pca` kept, of this share of the variance; None where it is not at hand."""
    try:
        store = Store(store_path(run, "components"))
        if store.attributes.get("variance") != load_params().pca.variance:
            return None
        scores = np.asarray(store.read(f"{n}/{layer}"), dtype=np.float32)
    except InputError:
        return None
    if scores.ndim != 2 or len(scores) != n or not np.isfinite(scores).all() or not scores.any():
        return None
    return scores, _read_shares(run, layer, n)


def _read_shares(run: str, layer: str, n: int) -> tuple[float, float] | None:
    try:
        layers = list(Store(store_path(run, "pca")).attributes["layers"])
        first = load_array(run, "pca", f"{n}/explained_variance_ratio")[layers.index(layer)]
        return float(first[0]), float(first[1])
    except (InputError, Unavailable, KeyError, ValueError, TypeError, IndexError):
        return None  # a figure less


def _read_activations(run: str, layer: str, n: int) -> np.ndarray | None:
    """What the stage `activations` kept of the first n samples, (n, d); None where it is not at hand."""
    try:
        store = Store(store_path(run, "activations"))
        name = f"pool{load_params().activations.pool_of(n)}/{layer}"
        features = store.read(name, slice(n))
    except InputError:
        return None
    return features.reshape(n, -1) if len(features) == n else None
