"""A network's weights: filters, figures of each layer, the vectors of classes and maps of these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from layerscope.features.class_vectors import (
    ClassMap,
    map_by_pca,
    map_by_tsne,
    map_by_umap,
    measure_kept_neighbors,
)
from layerscope.features.weight_figures import WeightFigures
from layerscope.params import TsneParams, UmapParams
from ui.live.engine import Publish
from ui.live.models import Source, load
from ui.live.turns import computing

N_NEIGHBORS = 5  # by which a map of classes is judged


@dataclass(frozen=True)
class Weighted:
    """The layers of a network that have weights.

    Attributes
    ----------
    name : str
        Of the network.
    figures : tuple of WeightFigures
        Of each convolution and dense layer, in the model's order.
    colored : str or None
        Key of the first convolution, where it reads red, green and blue.
    """

    name: str
    figures: tuple[WeightFigures, ...]
    colored: str | None


@dataclass(frozen=True)
class Filters:
    """Some filters of a layer, see `layerscope.features.kernels.Slices`; read as colours they have R = 1.

    Attributes
    ----------
    tiles : ndarray of uint8, (R, F, h, w) or (R, F, h, w, 3)
    weights : ndarray of float32, (R, F, h, w) or (R, F, 3, h, w)
    inputs : ndarray of int64, (R, F)
        -1 where colours are read.
    """

    tiles: np.ndarray
    weights: np.ndarray
    inputs: np.ndarray


def describe(source: Source, publish: Publish, is_unwanted: Callable[[], bool]) -> Weighted:
    """Figures of all layers with weights."""
    from layerscope.features.kernels import describe_network, reads_colors

    classifier = load(source)
    figures = describe_network(
        classifier, lambda done, total: publish(done, total, None), is_unwanted
    )
    colored = [each.key for each in figures if reads_colors(classifier, each.key)]
    return Weighted(classifier.name, figures, colored[0] if colored else None)


def cut_colors(source: Source, key: str, columns: np.ndarray) -> Filters:
    """Filters of the first convolution as they are: RGB in, RGB out."""
    from layerscope.features.kernels import draw_first_filters, read_kernel

    classifier = load(source)
    weights = read_kernel(classifier, key)[None, columns]
    tiles = draw_first_filters(classifier)[None, columns]
    return Filters(tiles, weights, np.full((1, len(columns)), -1))


def cut_slices(
    source: Source,
    key: str,
    rows: np.ndarray,
    columns: np.ndarray,
    limit: float,
    window: tuple[int, int],
) -> Filters:
    """Filters by what they read; parameters as of `layerscope.features.kernels.draw_slices`."""
    from layerscope.features.kernels import draw_slices

    found = draw_slices(load(source), key, rows, columns, limit=limit, window=window)
    return Filters(found.tiles, found.weights, found.inputs)


def read_class_vectors(source: Source) -> np.ndarray:
    """The last layer's weights, (K, d) float32. Raises `InputError` where there is no such layer."""
    from layerscope.features.kernels import read_class_vectors

    classifier = load(source)
    with computing:  # a pass of a blank picture tells which layer is the last
        return read_class_vectors(classifier)


# --- maps of classes -------------------------------------------------------------------------


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


def map_classes(
    vectors: np.ndarray,
    method: str,
    perplexity: float,
    tsne: TsneParams,
    umap: UmapParams,
    _publish: Publish,
    _is_unwanted: Callable[[], bool],
) -> DrawnMap:
    """A map by "pca", "tsne" or "umap" of the vectors (m, d) that are shown."""
    if method == "pca":
        found = map_by_pca(vectors)
    elif method == "tsne":
        found = map_by_tsne(
            vectors,
            perplexity=perplexity,
            early_exaggeration=tsne.early_exaggeration,
            n_iter=tsne.n_iter,
            tolerance=tsne.tolerance,
            random_state=tsne.random_state,
        )
    else:
        found = map_by_umap(
            vectors,
            n_neighbors=umap.n_neighbors,
            min_dist=umap.min_dist,
            random_state=umap.random_state,
        )
    k = min(N_NEIGHBORS, len(vectors) - 1)
    kept = measure_kept_neighbors(vectors, found.points, k)
    return DrawnMap(found, kept, k / (len(vectors) - 1))
