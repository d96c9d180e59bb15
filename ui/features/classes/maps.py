"""Maps of class weight vectors: what is shown, what is asked of the queue, what comes back."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from layerscope.coarse import Coarse
from layerscope.features.class_vectors import (
    ClassMap,
    choose_classes,
    map_by_pca,
    map_by_tsne,
    map_by_umap,
    measure_kept_neighbors,
)
from layerscope.features.kernels import read_class_vectors
from ui.features.classes.choice import ClassChoice
from ui.features.classes.families import find_members
from ui.features.work import identify_model
from ui.library import load_params
from ui.live_model import computing, load_live_model
from ui.queue import Publish

N_NEIGHBORS = 5  # by which a map is judged
_MANY = 200  # classes whose map takes seconds


@dataclass(frozen=True)
class DrawnMap:
    """A map.

    Attributes
    ----------
    found : ClassMap
    kept : float
        Share of the nearest by cosine that are nearest on the map.
    by_chance : float
        The same for points anywhere.
    """

    found: ClassMap
    kept: float
    by_chance: float


def load_class_vectors(run: str) -> np.ndarray:
    """Unwritable, (K, d). Raises `InputError`."""
    return _keep_vectors(run, identify_model(run))


@lru_cache(maxsize=4)
def _keep_vectors(run: str, model: Hashable) -> np.ndarray:
    with computing:  # a pass of a blank picture tells which layer is the last
        vectors = read_class_vectors(load_live_model(run))
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
        settings = (choice.perplexity, tsne.early_exaggeration, tsne.n_iter, tsne.random_state)
    elif choice.method == "umap":
        umap = params.umap
        settings = (umap.n_neighbors, umap.min_dist, umap.random_state)
    return "class map", identify_model(run), choice.method, settings, shown.tobytes()


def is_long(choice: ClassChoice, shown: np.ndarray) -> bool:
    """Whether a map takes seconds: UMAP compiles itself at its first use."""
    return choice.method == "umap" or (choice.method == "tsne" and len(shown) > _MANY)


def make_work(
    vectors: np.ndarray, choice: ClassChoice
) -> Callable[[Publish[DrawnMap], Callable[[], bool]], DrawnMap]:
    """What the queue is to do for the vectors (m, d) that are shown."""
    params = load_params()

    def work(publish: Publish[DrawnMap], cancelled: Callable[[], bool]) -> DrawnMap:
        if choice.method == "pca":
            found = map_by_pca(vectors)
        elif choice.method == "tsne":
            found = map_by_tsne(
                vectors,
                perplexity=choice.perplexity,
                early_exaggeration=params.tsne.early_exaggeration,
                n_iter=params.tsne.n_iter,
                random_state=params.tsne.random_state,
            )
        else:
            found = map_by_umap(
                vectors,
                n_neighbors=params.umap.n_neighbors,
                min_dist=params.umap.min_dist,
                random_state=params.umap.random_state,
            )
        k = min(N_NEIGHBORS, len(vectors) - 1)
        kept = measure_kept_neighbors(vectors, found.points, k)
        return DrawnMap(found, kept, k / (len(vectors) - 1))

    return work


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
