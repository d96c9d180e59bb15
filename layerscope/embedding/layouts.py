"""Two- and fifteen-dimensional embeddings of one layer."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from layerscope.embedding.neighbors import Neighbors
from layerscope.errors import InputError

if TYPE_CHECKING:
    from openTSNE import TSNEEmbedding

EARLY_EXAGGERATION_ITER = 250
_LOOK_EVERY = 100  # iterations of t-SNE


@dataclass(frozen=True)
class TsneEmbedding:
    """
    Attributes
    ----------
    points : ndarray of float32, (n, 2)
        All in one place where the samples are: see `layerscope.embedding.pca.is_constant`.
    kl_divergence : float
        Of the final embedding, in nats; nan where the samples are all in one place.
    n_iter : int
        Iterations that were made behind the early exaggeration; 0 where there is nothing to lay out.
    """

    points: np.ndarray
    kl_divergence: float
    n_iter: int


def effective_perplexity(perplexity: float, n_samples: int) -> float:
    """The perplexity that a number of samples can carry: at most a third of the other samples.

    Perplexity is about the number of neighbours that each point attends to; t-SNE looks at three
    times as many (van der Maaten 2014).
    """
    return float(min(perplexity, (n_samples - 1) / 3))


def embed_tsne(
    scores: np.ndarray,
    neighbors: Neighbors,
    *,
    perplexity: float,
    early_exaggeration: float,
    n_iter: int,
    tolerance: float,
    random_state: int,
) -> TsneEmbedding:
    """t-SNE by openTSNE's optimiser and the exact gradient, from a stored neighbour graph.

    Parameters
    ----------
    scores : ndarray of float32, (n, d)
        Principal components, for the initial layout (Kobak and Berens 2019).
    neighbors : Neighbors
        At least three times the perplexity, or all other samples.
    perplexity : float
        One that the size carries: see `effective_perplexity`.
    early_exaggeration, n_iter, random_state
        As in openTSNE; 250 iterations of early exaggeration come before the `n_iter`, which are the most.
    tolerance : float
        Share of the divergence that 100 iterations have to gain, or they are the last: see `descend`.

    Notes
    -----
    One thread: a layer per core is nearly twice as fast as two cores on one layer, and a single
    thread makes the result repeatable to the last bit. 1000 samples take 0.14, 0.14 and 0.19 s at perplexity
    10, 30 and 90, where openTSNE's Barnes-Hut gradient takes 1.3, 1.4 and 2.0 s; over twelve layers the
    divergence is lower by 1.4 % in the mean.
    """
    if not scores.any():
        return TsneEmbedding(np.zeros((len(scores), 2), dtype=np.float32), float("nan"), 0)
    from openTSNE import TSNEEmbedding, initialization
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    from layerscope.embedding.tsne_gradient import choose_gradient

    wanted = min(int(3 * perplexity), len(scores) - 1)
    available = neighbors.indices.shape[1]
    if available < wanted:
        raise InputError(
            f"params.yaml: perplexity {perplexity:g} needs {wanted} neighbours but "
            f"neighbors.n_neighbors keeps {available}; raise it to {wanted}"
        )
    graph = PrecomputedNeighbors(
        neighbors.indices[:, :wanted].astype(np.int64),
        neighbors.distances[:, :wanted].astype(np.float64),
    )
    affinities = PerplexityBasedNN(knn_index=graph, perplexity=perplexity, n_jobs=1)
    start = initialization.rescale(_start(scores, 2, random_state).astype(np.float64))
    embedding = TSNEEmbedding(
        start,
        affinities,
        negative_gradient_method=choose_gradient(affinities.P),
        n_jobs=1,
        random_state=random_state,
        learning_rate="auto",
    )
    embedding = embedding.optimize(
        EARLY_EXAGGERATION_ITER, exaggeration=early_exaggeration, momentum=0.8
    )
    embedding, made = descend(embedding, n_iter, tolerance)
    return TsneEmbedding(
        np.asarray(embedding, dtype=np.float32), float(embedding.kl_divergence), made
    )


def descend(embedding: TSNEEmbedding, n_iter: int, tolerance: float) -> tuple[TSNEEmbedding, int]:
    """Optimise until the divergence stands still.

    Parameters
    ----------
    embedding : openTSNE.TSNEEmbedding
    n_iter : int
        The most.
    tolerance : float
        Of the divergence: where 100 iterations lower it by no more than this share, no more are made.

    Returns
    -------
    embedding : openTSNE.TSNEEmbedding
    n_iter : int
        How many were made: all of them where it still falls.
    """
    made, before = 0, float("inf")
    while made < n_iter:
        step = min(_LOOK_EVERY, n_iter - made)
        embedding, made = embedding.optimize(step, momentum=0.8), made + step
        now = float(embedding.kl_divergence)
        if before - now <= tolerance * now:
            break
        before = now
    return embedding, made


def embed_umap(
    scores: np.ndarray,
    neighbors: Neighbors,
    *,
    n_components: int,
    n_neighbors: int,
    min_dist: float,
    random_state: int,
    init: np.ndarray | None = None,
    dens_lambda: float | None = None,
) -> np.ndarray:
    """UMAP (McInnes, Healy and Melville 2018) from a stored neighbour graph.

    Parameters
    ----------
    scores : ndarray of float32, (n, d)
    neighbors : Neighbors
    n_components, n_neighbors, min_dist, random_state
        As in umap-learn; fewer neighbours where there are fewer samples.
    init : ndarray, (n, n_components), optional
        Where to start; principal components by default, and where all of `init` is one place.
    dens_lambda : float, optional
        Weight of the density that the layer has around each sample: densMAP (Narayan, Berger and Cho 2021).

    Returns
    -------
    ndarray of float32, (n, n_components)
        All in one place where the samples are: see `layerscope.embedding.pca.is_constant`.
    """
    if not scores.any():
        return np.zeros((len(scores), n_components), dtype=np.float32)
    if init is not None and not init.any():
        init = None
    UMAP = _umap()
    n = len(scores)
    k = min(n_neighbors, n - 1)
    itself = np.arange(n, dtype=np.int32)[:, None]  # umap-learn counts a point as its own first
    indices = np.hstack([itself, neighbors.indices[:, : k - 1]])
    distances = np.hstack([np.zeros((n, 1), np.float32), neighbors.distances[:, : k - 1]])
    model = UMAP(
        n_components=n_components,
        n_neighbors=k,
        min_dist=min_dist,
        random_state=random_state,
        n_jobs=1,
        init=_start(scores, n_components, random_state) if init is None else init,
        precomputed_knn=(indices, distances, None),
        densmap=dens_lambda is not None,
        dens_lambda=dens_lambda or 0.0,
    )
    with warnings.catch_warnings():
        # It asks for the search index, which only a later `transform` would use.
        warnings.filterwarnings("ignore", message="precomputed_knn\\[2\\]|.*transform.*")
        points = model.fit_transform(scores)
    return np.asarray(points, dtype=np.float32)


def embed_pacmap(
    scores: np.ndarray,
    *,
    n_neighbors: int,
    mn_ratio: float,
    fp_ratio: float,
    random_state: int,
) -> np.ndarray:
    """PaCMAP (Wang, Huang, Rudin and Shaposhnik 2021): near, mid-near and further pairs.

    Parameters
    ----------
    scores : ndarray of float32, (n, d)
        It looks for near pairs itself.
    n_neighbors, mn_ratio, fp_ratio, random_state
        As in pacmap, whose names are `MN_ratio` and `FP_ratio`: pairs of each kind for each near one.

    Returns
    -------
    ndarray of float32, (n, 2)
        All in one place where the samples are: see `layerscope.embedding.pca.is_constant`.
    """
    if not scores.any():
        return np.zeros((len(scores), 2), dtype=np.float32)
    from pacmap import PaCMAP

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Warning: random state is set to")
        model = PaCMAP(
            n_components=2,
            n_neighbors=n_neighbors,
            MN_ratio=mn_ratio,
            FP_ratio=fp_ratio,
            random_state=random_state,
            apply_pca=False,
        )
        points = model.fit_transform(scores, init="pca")
    return np.asarray(points, dtype=np.float32)


@cache
def _umap() -> type:
    """umap-learn's class, what it compiles being kept on disk for the next process.

    Compilation takes four seconds of every process's first embedding, where one of 1000 samples takes 0.7.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # its parametric variant wants TensorFlow
        from umap import UMAP, layouts, umap_
    for module, name in (
        (umap_, "smooth_knn_dist"),
        (umap_, "compute_membership_strengths"),
        (layouts, "_nb_optimize_layout_euclidean_single_epoch"),
    ):
        compiled: Any = getattr(module, name, None)
        if hasattr(
            compiled, "enable_caching"
        ):  # else, in another version, time is lost and no more
            compiled.enable_caching()
    return UMAP


def _start(scores: np.ndarray, n_components: int, random_state: int) -> np.ndarray:
    """The first components, and noise as wide where there are fewer or where one is flat.

    Both libraries divide by the range of columns: without any, they would start from NaN.
    """
    start = np.zeros((len(scores), n_components), dtype=np.float32)
    kept = min(n_components, scores.shape[1])
    start[:, :kept] = scores[:, :kept]
    flat = np.ptp(start, axis=0) == 0
    width = float(start.std()) or 1.0
    noise = np.random.default_rng(random_state).normal(scale=width, size=start.shape)
    return np.where(flat, noise, start).astype(np.float32)
