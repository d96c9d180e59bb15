"""Maps of class weight vectors: what is shown, what is asked of the queue, what comes back."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

import numpy as np

from layerscope.coarse import Coarse
from layerscope.features.class_vectors import choose_classes
from ui.features.classes.choice import ClassChoice
from ui.features.classes.families import find_members
from ui.library import find_source, load_params
from ui.live import engine
from ui.live.models import Source
from ui.live.weights import N_NEIGHBORS, DrawnMap, map_classes, read_class_vectors

_MANY = 200  # classes whose map takes seconds


def load_class_vectors(run: str) -> np.ndarray:
    """Unwritable, (K, d). Raises `InputError`."""
    return _keep_vectors(find_source(run))


@lru_cache(maxsize=4)
def _keep_vectors(source: Source) -> np.ndarray:
    vectors = engine.networks.call(read_class_vectors, source)
    vectors.flags.writeable = False
    return vectors


def choose_shown(choice: ClassChoice, n_classes: int, coarse: tuple[Coarse, ...]) -> np.ndarray:
    """Outputs that are on the map, rising."""
    if choice.shown == "drawn":
        return choose_classes(n_classes, random_state=choice.seed)
    if choice.shown == "coarse":
        return find_members(coarse, choice.coarse)
    return np.arange(n_classes)


def key_of(run: str, choice: ClassChoice, shown: np.ndarray) -> Hashable:
    """All that a map depends on."""
    params = load_params()
    settings: tuple[object, ...] = ()
    if choice.method == "tsne":
        tsne = params.tsne
        settings = (choice.perplexity, tsne)
    elif choice.method == "umap":
        umap = params.umap
        settings = (umap.n_neighbors, umap.min_dist, umap.random_state)
    return "class map", find_source(run), choice.method, settings, shown.tobytes()


def is_long(choice: ClassChoice, shown: np.ndarray) -> bool:
    """Whether a map takes seconds: UMAP compiles itself at its first use."""
    return choice.method == "umap" or (choice.method == "tsne" and len(shown) > _MANY)


def make_work(vectors: np.ndarray, choice: ClassChoice, is_long: bool) -> engine.Work[DrawnMap]:
    """What the queue is to do for the vectors (m, d) that are shown."""
    params = load_params()
    return engine.arrays.work(
        map_classes,
        vectors,
        choice.method,
        choice.perplexity,
        params.tsne,
        params.umap,
        is_long=is_long,
    )


def tell_figures(choice: ClassChoice, drawn: DrawnMap) -> tuple[str, list[tuple[str, str]]]:
    """The settings that the map really has, and what was measured of it."""
    facts, umap = drawn.found.facts, load_params().umap
    kept = (f"{N_NEIGHBORS}-NN kept", f"{drawn.kept:.0%}, chance {drawn.by_chance:.0%}")
    if choice.method == "pca":
        return "two components", [("variance", f"{facts['explained_variance']:.1%}"), kept]
    if choice.method == "umap":
        asked = _note_asked(facts["n_neighbors"], umap.n_neighbors)
        return f"n_neighbors {facts['n_neighbors']:.0f}{asked}, min_dist {umap.min_dist:g}", [kept]
    asked = _note_asked(facts["perplexity"], choice.perplexity)
    return f"perplexity {facts['perplexity']:.3g}{asked}", [
        ("KL", f"{facts['kl_divergence']:.2f}"),
        kept,
    ]


def _note_asked(effective: float, asked: float) -> str:
    """What was asked for, where so few classes cannot carry it."""
    return "" if effective == asked else f" ({asked:g} asked)"
