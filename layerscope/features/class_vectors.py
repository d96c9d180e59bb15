"""The last layer's weight vectors, one a class: which classes the network has drawn together.

A class's logit is the product of its vector with the features in front of it (and a bias), so classes
with similar vectors are those that similar features speak for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerscope.embedding.layouts import effective_perplexity, embed_tsne, embed_umap
from layerscope.embedding.neighbors import nearest_neighbors
from layerscope.embedding.pca import is_constant, principal_components
from layerscope.errors import InputError

SHOWN = 30  # classes that can still be told apart, and named, on one plot


@dataclass(frozen=True)
class ClassMap:
    """Classes in the plane.

    Attributes
    ----------
    points : ndarray of float32, (m, 2)
    facts : dict of str to float
        What else is to be told of the method: ``explained_variance`` (share, of PCA), ``perplexity`` (the
        effective one) and ``kl_divergence`` (nats, of t-SNE), ``n_neighbors`` (effective, of UMAP).
    """

    points: np.ndarray
    facts: dict[str, float]


@dataclass(frozen=True)
class NearestClasses:
    """The classes most like one, most alike first.

    Attributes
    ----------
    indices : ndarray of int64, (k,)
        Into the categories, without the class itself.
    similarities : ndarray of float32, (k,)
        Cosines, in [-1, 1].
    """

    indices: np.ndarray
    similarities: np.ndarray


def find_nearest_classes(vectors: np.ndarray, index: int, k: int) -> NearestClasses:
    """The classes whose vectors point most nearly the same way.

    Parameters
    ----------
    vectors : ndarray of float32, (K, d)
    index : int
        Of the class, from 0 to K - 1.
    k : int
        At most K - 1 are returned. Of equally similar ones the smaller index comes first.

    Raises
    ------
    IndexError
        Where there is no such class.
    """
    if not 0 <= index < len(vectors):
        raise IndexError(f"no class {index} of {len(vectors)}")
    unit = to_unit_length(vectors)
    cosines = np.clip(unit @ unit[index], -1, 1)
    order = np.argsort(-cosines, kind="stable")
    order = order[order != index][:k]
    return NearestClasses(order, cosines[order])


def to_unit_length(vectors: np.ndarray) -> np.ndarray:
    """Rows (m, d) divided by their norm; a row of zeros stays."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)


def choose_classes(n_classes: int, n_chosen: int = SHOWN, *, random_state: int) -> np.ndarray:
    """Classes spread evenly over the order of the outputs, at random within even steps.

    ImageNet's order is taxonomic (fish, birds, reptiles, dogs, ...), then alphabetical for things, so
    that even steps take some of every kind, where free draws would take many dogs.

    Returns
    -------
    ndarray of int64, (min(n_chosen, n_classes),)
        Rising.
    """
    n_chosen = min(n_chosen, n_classes)
    edges = np.arange(n_chosen + 1) * n_classes // n_chosen
    return np.random.default_rng(random_state).integers(edges[:-1], edges[1:])


def find_most_alike(vectors: np.ndarray) -> tuple[int, int]:
    """The two classes whose vectors (m, d) have the largest cosine, m at least two; smaller index first.

    Of equally alike pairs the one that begins first, then the one that ends first.
    """
    unit = to_unit_length(vectors)
    cosines = np.where(np.tri(len(unit), dtype=bool), -np.inf, unit @ unit.T)
    first, second = divmod(int(cosines.argmax()), len(unit))
    return first, second


def measure_kept_neighbors(vectors: np.ndarray, points: np.ndarray, k: int) -> float:
    """How many of a class's nearest by cosine are among its nearest on a map.

    Parameters
    ----------
    vectors : ndarray of float32, (m, d)
    points : ndarray of floats, (m, 2)
    k : int
        Neighbours to look at, from 1 to m - 1. Of equally near ones the smaller indices count.

    Returns
    -------
    float
        Mean share, in [0, 1]; by chance k / (m - 1).
    """
    unit = to_unit_length(vectors)
    planar = np.linalg.norm(points[:, None].astype(np.float64) - points[None], axis=2)
    nearest = []
    for distances in (-(unit @ unit.T), planar):
        distances = distances.astype(np.float64)
        np.fill_diagonal(distances, np.inf)
        nearest.append(np.argsort(distances, axis=1, kind="stable")[:, :k])
    found, shown = nearest
    return float((found[:, :, None] == shown[:, None, :]).any(axis=2).mean())


def map_by_pca(vectors: np.ndarray) -> ClassMap:
    """First two principal components of the vectors (m, d), each scaled to unit length.

    All three maps start from unit length: Euclidean distances then rise as cosines fall, and a map
    agrees with `find_nearest_classes`.

    Raises
    ------
    InputError
        For fewer than three classes, as in the other maps for fewer than seven, and for vectors that all
        point the same way, as those of a head that starts at zero.
    """
    _require(vectors, 3, "PCA")
    found = principal_components(to_unit_length(vectors), 1.0)
    ratio = float(found.explained_variance_ratio[:2].sum())
    return ClassMap(np.ascontiguousarray(found.scores[:, :2]), {"explained_variance": ratio})


def map_by_tsne(
    vectors: np.ndarray,
    *,
    perplexity: float,
    early_exaggeration: float,
    n_iter: int,
    tolerance: float,
    random_state: int,
) -> ClassMap:
    """t-SNE of the vectors (m, d), with a perplexity that so many classes can carry.

    See `map_by_pca` for lengths and errors, `layerscope.embedding.layouts.embed_tsne` for parameters.
    """
    _require(vectors, 7, "t-SNE")
    effective = effective_perplexity(perplexity, len(vectors))
    scores = principal_components(to_unit_length(vectors), 1.0).scores
    found = embed_tsne(
        scores,
        nearest_neighbors(scores, int(3 * effective)),
        perplexity=effective,
        early_exaggeration=early_exaggeration,
        n_iter=n_iter,
        tolerance=tolerance,
        random_state=random_state,
    )
    return ClassMap(found.points, {"perplexity": effective, "kl_divergence": found.kl_divergence})


def map_by_umap(
    vectors: np.ndarray, *, n_neighbors: int, min_dist: float, random_state: int
) -> ClassMap:
    """UMAP of the vectors (m, d), with as many neighbours as there are at most.

    See `map_by_pca` for lengths and errors, `layerscope.embedding.layouts.embed_umap` for parameters.
    """
    _require(vectors, 7, "UMAP")
    effective = min(n_neighbors, len(vectors) - 1)
    scores = principal_components(to_unit_length(vectors), 1.0).scores
    points = embed_umap(
        scores,
        nearest_neighbors(scores, effective),
        n_components=2,
        n_neighbors=effective,
        min_dist=min_dist,
        random_state=random_state,
    )
    return ClassMap(points, {"n_neighbors": effective})


def _require(vectors: np.ndarray, least: int, method: str) -> None:
    if len(vectors) < least:
        raise InputError(f"{method} needs at least {least} classes, not {len(vectors)}")
    if is_constant(to_unit_length(vectors)):
        raise InputError(f"{method} needs different class vectors; all of them point the same way")
