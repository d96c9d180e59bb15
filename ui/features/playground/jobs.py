"""t-SNE as work beside the page: the film of one, and several that are compared."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from layerscope.models.layers import Layer
from layerscope.storage.store import store_path
from ui.arrays import stamp
from ui.library import find_source, load_params
from ui.live import engine
from ui.live.playground import (
    PlaygroundSubject,
    Settings,
    load_features,
    make_caution,
    make_film,
)
from ui.queue import session_id, shared

T = TypeVar("T")


def read_subject(run: str, layer: Layer, n: int) -> PlaygroundSubject:
    """What is embedded: the first samples of a run at a layer. Raises `Unavailable` and `InputError`."""
    params = load_params()
    stored = tuple(_stamp(run, name) for name in ("components", "activations", "pca"))
    made = (stamp(run, "samples"), stamp(run, "predictions"), *stored)
    averaging = params.activations.averaging_of(n)
    return PlaygroundSubject(run, layer, n, params.pca.variance, averaging, find_source(run), made)


def _stamp(run: str, name: str) -> Hashable:
    return stamp(run, name) if store_path(run, name).exists() else None


def film_key(subject: PlaygroundSubject, settings: Settings) -> Hashable:
    """All that a film depends on."""
    params = load_params()
    tsne = params.playground.shorten(params.tsne)
    return "trial-film", subject, settings, tsne, params.metrics.n_neighbors


def caution_key(subject: PlaygroundSubject, perplexity: int, seed: int) -> Hashable:
    """All that those that are compared depend on."""
    return "trial-caution", film_key(subject, Settings(perplexity, "random", seed))


def _make_work(
    make: Callable[..., T], subject: PlaygroundSubject, *settings: object, is_long: bool
) -> engine.Work[T]:
    """What a network gives of the subject, then what is made of that where there is none."""

    def work(publish: engine.Publish, is_unwanted: Callable[[], bool]) -> T:
        read = engine.networks.work(load_features, subject, is_long=is_long)
        features = read(publish, is_unwanted)
        return engine.arrays.work(make, features, *settings, is_long=is_long)(publish, is_unwanted)

    return work


def ask_film(subject: PlaygroundSubject, settings: Settings, is_long: bool = False) -> str | None:
    """Have a film made; one line where too much is waiting."""
    params = load_params()
    tsne, k = params.playground.shorten(params.tsne), params.metrics.n_neighbors
    work = _make_work(make_film, subject, settings, tsne, k, is_long=is_long)
    return shared.ask(film_key(subject, settings), work, session_id(), is_long)


def ask_caution(subject: PlaygroundSubject, perplexity: int, seed: int) -> str | None:
    """Have those that are compared made; one line where too much is waiting."""
    params = load_params()
    work = _make_work(
        make_caution,
        subject,
        perplexity,
        seed,
        params.playground.shorten(params.tsne),
        params.metrics.n_neighbors,
        is_long=True,
    )
    return shared.ask(caution_key(subject, perplexity, seed), work, session_id(), True)
