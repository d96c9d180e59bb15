"""t-SNE of few samples: as it runs, from several seeds, of a Gaussian; and how to judge it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np

from layerscope.embedding.defined import count_neighbors
from layerscope.embedding.layouts import EARLY_EXAGGERATION_ITER, effective_perplexity
from layerscope.embedding.quality import distance_ranks, judge_neighbors, trustworthiness
from layerscope.embedding.repetition import count_shared
from layerscope.errors import InputError

if TYPE_CHECKING:
    from openTSNE import TSNEEmbedding

_MOMENTUM = 0.8  # in both phases (Belkina et al. 2019)
_LEAST = 7  # samples, which carry a perplexity of two
_RANK = 1e-6  # of the largest singular value: smaller ones are rounding
GAUSSIANS = 19  # so that one of twenty is the clumpiest by chance once in twenty times
_LAYOUTS = 100  # of strewn points
_PLACES = 20  # random ones for each sample


@dataclass(frozen=True)
class Snapshot:
    """An embedding on its way.

    Attributes
    ----------
    iteration : int
        Those done so far; the first `EARLY_EXAGGERATION_ITER` of them exaggerate.
    points : ndarray of float32, (n, 2)
    kl_divergence : float
        In nats, without exaggeration. Comparable between runs of one perplexity only.
    perplexity : float
        The effective one.
    """

    iteration: int
    points: np.ndarray
    kl_divergence: float
    perplexity: float


@dataclass(frozen=True)
class TsneTrial:
    """One t-SNE of several that are compared.

    Attributes
    ----------
    random_state : int
    is_gaussian : bool
        Whether it saw a Gaussian in place of the features: see `draw_gaussian`.
    points : ndarray of float32, (n, 2)
    perplexity : float
        The effective one.
    kl_divergence : float
        In nats.
    trustworthiness : float
        Towards the features that it saw: 1 where no neighbour in the embedding is a stranger there.
    knn_accuracy : float
        Leave-one-out, of the true classes in the embedding, in [0, 1].
    clumpiness : float
        See `measure_clumpiness`.
    """

    random_state: int
    is_gaussian: bool
    points: np.ndarray
    perplexity: float
    kl_divergence: float
    trustworthiness: float
    knn_accuracy: float
    clumpiness: float


def iterate_tsne(
    features: np.ndarray,
    *,
    perplexity: float,
    early_exaggeration: float,
    n_iter: int,
    random_state: int,
    every: int,
    start: Literal["pca", "random"] = "pca",
) -> Iterator[Snapshot]:
    """Run t-SNE and hand out the embedding every few iterations; whoever stops asking stops it.

    Continuing openTSNE's own optimisation keeps its momentum and gains, so that the last embedding is
    the one of an uninterrupted run, but for rounding: each part exaggerates and takes it back. The
    gradient is exact: early exaggeration draws few samples together to a speck, where that of Barnes
    and Hut takes them for one and its divergence is far off.

    Parameters
    ----------
    features : ndarray of floats, (n, d)
        Of a small sample: exact neighbours, all in this thread. Principal components will do.
    perplexity : float
        At least 1. Where n cannot carry it, the effective one is used and told in the snapshots.
    early_exaggeration, n_iter, random_state
        As `layerscope.embedding.layouts.embed_tsne` takes them.
    every : int
        Iterations between snapshots, at least 1; the end of each phase is always one.
    start : {"pca", "random"}
        ``pca``, from which all seeds come to much the same, or ``random``, from which each goes its
        own way (Kobak and Berens 2019).

    Yields
    ------
    Snapshot
        First the start, last the result.

    Raises
    ------
    InputError
        For fewer than seven samples or two columns, features that are all equal or not finite, a
        perplexity below 1.
    """
    effective = _check(features, perplexity)
    embedding = _begin(features, effective, start, random_state)
    phases = ((EARLY_EXAGGERATION_ITER, early_exaggeration), (n_iter, 1))
    embedding.optimize(0, inplace=True, momentum=_MOMENTUM)  # measures the divergence of the start
    done = 0
    yield _take(embedding, done, effective)
    for length, exaggeration in phases:
        for left in range(length, 0, -every):
            steps = min(every, left)
            embedding.optimize(steps, inplace=True, exaggeration=exaggeration, momentum=_MOMENTUM)
            done += steps
            yield _take(embedding, done, effective)


def draw_gaussian(features: np.ndarray, random_state: int) -> np.ndarray:
    """As many samples from a Gaussian, with exactly the mean and covariance of these.

    Left singular vectors of the centred features are replaced by random ones (Langsrud 2005, rotation
    tests). If samples are those of a Gaussian, the result is distributed as they are; whatever else they
    have, as groups, is gone.

    Parameters
    ----------
    features : ndarray of floats, (n, d)
    random_state : int

    Returns
    -------
    ndarray of float64, (n, d)
    """
    mean = features.mean(axis=0, dtype=np.float64)
    left, values, right = np.linalg.svd(features - mean, full_matrices=False)
    kept = min(len(left) - 1, int((values > _RANK * values[0]).sum()))
    noise = np.random.default_rng(random_state).normal(size=(len(left), kept))
    turned, triangle = np.linalg.qr(noise - noise.mean(axis=0))
    turned *= np.sign(np.diag(triangle))  # else directions would not be uniform (Mezzadri 2007)
    return (turned * values[:kept]) @ right[:kept] + mean


def measure_clumpiness(points: np.ndarray, random_state: int) -> float:
    """Hopkins' statistic of a layout: about 0.5 where points are strewn at random, towards 1 if they clump.

    Squared distances from random places within the layout's convex hull to the nearest sample, by their sum
    with those from each sample to the nearest other (Hopkins and Skellam 1954; Cross and Jain 1982).

    Parameters
    ----------
    points : ndarray, (n, 2)
    random_state : int
        Of the places.

    Returns
    -------
    float
        In (0, 1); NaN where all points are on a line.
    """
    from scipy.spatial import Delaunay, QhullError, cKDTree

    points = points.astype(np.float64)
    try:
        corners = points[Delaunay(points).simplices]  # (triangles, 3, 2), which fill the hull
    except QhullError:
        return float("nan")
    sides = corners[:, 1:] - corners[:, :1]
    areas = np.abs(np.linalg.det(sides))
    rng = np.random.default_rng(random_state)
    count = _PLACES * len(points)
    chosen = corners[rng.choice(len(corners), count, p=areas / areas.sum())]
    places = (rng.dirichlet(np.ones(3), count)[:, :, None] * chosen).sum(axis=1)
    tree = cKDTree(points)
    empty = (tree.query(places)[0] ** 2).mean()
    crowded = (tree.query(points, k=2)[0][:, 1] ** 2).mean()
    return float(empty / (empty + crowded))


def expect_clumpiness(n: int, random_state: int) -> float:
    """What 95 % of layouts keep below whose n points are strewn on a disc, each for itself."""
    rng = np.random.default_rng(random_state)
    found = []
    for _ in range(_LAYOUTS):
        radius, angle = np.sqrt(rng.random(n)), 2 * np.pi * rng.random(n)
        points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
        found.append(measure_clumpiness(points, random_state))
    return float(np.quantile(found, 0.95))


def explain_clumps(
    layouts: Sequence[float], gaussians: Sequence[float], strewn: float
) -> Literal["features", "method", "none"]:
    """Where the clumps of a t-SNE come from.

    Parameters
    ----------
    layouts : sequence of float
        Clumpiness of the layouts of the features, from several seeds.
    gaussians : sequence of float
        Of those of Gaussians.
    strewn : float
        Of points strewn at random: see `expect_clumpiness`.

    Returns
    -------
    str
        ``features`` where every layout is clumpier than every Gaussian's: of 19, a Gaussian would be so one
        time in 20 (Besag and Diggle 1977). Otherwise ``method`` where Gaussians, which have no groups, clump
        on average more than points that are strewn, and ``none`` where they do not.
    """
    if min(layouts) > max(gaussians):
        return "features"
    return "method" if float(np.mean(gaussians)) > strewn else "none"


def try_tsne(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    perplexity: float,
    early_exaggeration: float,
    n_iter: int,
    n_neighbors: int = 10,
    random_state: int = 0,
    n_seeds: int = 3,
    n_gaussians: int = GAUSSIANS,
) -> Iterator[TsneTrial]:
    """The same t-SNE from several random starts: of the features first, then of Gaussians.

    Parameters
    ----------
    features : ndarray of floats, (n, d)
    labels : ndarray of int, (n,)
        From 0.
    perplexity, early_exaggeration, n_iter
        See `iterate_tsne`, also for what is raised.
    n_neighbors : int
        Of trustworthiness and accuracy; fewer where there are fewer than twice as many samples.
    random_state : int
        The first seed, of the starts and of the Gaussians; the others follow it.
    n_seeds, n_gaussians : int
        How many of the features, and how many Gaussians, each a draw of its own.

    Yields
    ------
    TsneTrial
        As soon as each is ready.
    """
    k = count_neighbors(n_neighbors, len(features))
    for is_gaussian, count in ((False, n_seeds), (True, n_gaussians)):
        for seed in range(random_state, random_state + count):
            seen = draw_gaussian(features, seed) if is_gaussian else features
            *_, last = iterate_tsne(
                seen,
                perplexity=perplexity,
                early_exaggeration=early_exaggeration,
                n_iter=n_iter,
                random_state=seed,
                every=max(n_iter, EARLY_EXAGGERATION_ITER),
                start="random",
            )
            trust, accuracy = judge_layout(last.points, distance_ranks(seen), labels, k)
            yield TsneTrial(
                seed,
                is_gaussian,
                last.points,
                last.perplexity,
                last.kl_divergence,
                trust,
                accuracy,
                measure_clumpiness(last.points, seed),
            )


def nearest_in_plane(points: np.ndarray, k: int) -> np.ndarray:
    """Each sample's k nearest others, nearest first, of few samples in few dimensions.

    By all differences, in this thread: for a film with a hundred frames, threads of a linear algebra
    library would take longer to meet than to compute.

    Parameters
    ----------
    points : ndarray, (n, 2)
    k : int
        At most n - 1.

    Returns
    -------
    ndarray of int64, (n, k)
    """
    distances = np.zeros((len(points), len(points)))
    for axis in points.T.astype(np.float64):
        distances += np.subtract.outer(axis, axis) ** 2
    np.fill_diagonal(distances, np.inf)
    return distances.argsort(axis=1, kind="stable")[:, :k]


def judge_layout(
    points: np.ndarray, ranks: np.ndarray, labels: np.ndarray, k: int
) -> tuple[float, float]:
    """Trustworthiness of a layout, and leave-one-out accuracy of the k nearest in it.

    Parameters
    ----------
    points : ndarray, (n, 2)
    ranks : ndarray of int, (n, n)
        Of the features: see `layerscope.embedding.quality.distance_ranks`.
    labels : ndarray of int, (n,)
    k : int
        Less than n / 2.

    Returns
    -------
    tuple of float
        The first 1 where no neighbour in the layout is a stranger in the features (Venna and Kaski
        2001), the second in [0, 1], or NaN: see `layerscope.embedding.quality.judge_neighbors`.
    """
    near = nearest_in_plane(points, k)
    return trustworthiness(ranks, near), judge_neighbors(near, labels, k)


def chance_accuracy(
    points: np.ndarray,
    labels: np.ndarray,
    k: int,
    *,
    n_permutations: int = 200,
    random_state: int = 0,
) -> float:
    """The accuracy of the k nearest in a layout where classes are dealt out at random.

    Leaving a sample out leaves one fewer of its class among the voters: chance is a little less than
    one in as many as there are classes, which is why it is measured.

    Parameters
    ----------
    points : ndarray, (n, 2)
    labels : ndarray of int, (n,)
    k : int
    n_permutations : int
        Times that classes are dealt out.
    random_state : int
    """
    near = nearest_in_plane(points, k)
    rng = np.random.default_rng(random_state)
    dealt = (rng.permutation(labels) for _ in range(n_permutations))
    return float(np.mean([judge_neighbors(near, each, k) for each in dealt]))


def neighbor_agreement(layouts: Sequence[np.ndarray], k: int) -> float:
    """The share of k nearest neighbours that two layouts of the same samples agree on.

    Parameters
    ----------
    layouts : sequence of ndarray, each (n, 2)
        At least two; all pairs are averaged.
    k : int

    Returns
    -------
    float
        In [0, 1]; by chance k / (n - 1).

    Raises
    ------
    InputError
        For fewer than two.
    """
    if len(layouts) < 2:
        raise InputError("agreement needs two layouts at least")
    near = [nearest_in_plane(points, k) for points in layouts]
    return float(np.mean([count_shared(*pair) for pair in combinations(near, 2)]))


def _check(features: np.ndarray, perplexity: float) -> float:
    """The effective perplexity, of features and a perplexity that t-SNE can work with."""
    n, d = features.shape
    if n < _LEAST or d < 2:
        raise InputError(f"t-SNE needs at least {_LEAST} samples of 2 features, not {n} of {d}")
    if not np.isfinite(features).all() or not np.ptp(features, axis=0).any():
        raise InputError("these features are all equal or not finite; choose another layer")
    if not perplexity >= 1:  # nan too
        raise InputError(f"perplexity {perplexity:g} is less than 1; choose a larger one")
    return effective_perplexity(perplexity, n)


def _begin(features: np.ndarray, perplexity: float, start: str, random_state: int) -> TSNEEmbedding:
    from openTSNE import TSNEEmbedding, initialization
    from openTSNE.affinity import PerplexityBasedNN

    from layerscope.embedding.tsne_gradient import find_gradient

    if start == "pca":
        first = initialization.pca(features, random_state=random_state)
    else:
        first = initialization.random(len(features), random_state=random_state)
    return TSNEEmbedding(
        first,
        PerplexityBasedNN(features, perplexity, method="exact", n_jobs=1),
        negative_gradient_method=find_gradient,
        n_jobs=1,
        random_state=random_state,
        learning_rate="auto",
    )


def _take(embedding: TSNEEmbedding, iteration: int, perplexity: float) -> Snapshot:
    points = np.array(embedding, dtype=np.float32)
    return Snapshot(iteration, points, float(embedding.kl_divergence), perplexity)
