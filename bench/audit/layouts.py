"""Layouts: divergence, and how much of a layer they keep, by co-ranking matrices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from openTSNE import TSNE, TSNEEmbedding
from openTSNE.affinity import PerplexityBasedNN
from scipy.spatial import Delaunay, cKDTree
from scipy.spatial.distance import cdist
from sklearn.manifold import trustworthiness
from sklearn.metrics import pairwise_distances, silhouette_score

from bench.audit.layers import K, list_varied, near, reduce, share_kept, vote
from bench.audit.report import Line
from bench.audit.subject import Subject
from bench.quality import find_divergence
from layerscope.params import Params

_FORMER_ITERATIONS = 500
_BY_RANKS = ("q_local", "q_global", "r_nx")
_CLUMPS = 150  # samples of a t-SNE that is looked at for clumps


@dataclass(frozen=True)
class Kept:
    """What a co-ranking matrix says: see `measure_kept`."""

    q_local: float
    q_global: float
    r_nx: float


def rank(distances: np.ndarray) -> np.ndarray:
    """Of distances (n, n) the rank of each other sample, from 1; 0 for the sample itself."""
    own = distances.astype(np.float64)
    np.fill_diagonal(own, -1)
    return own.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")


def co_rank(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Co-ranking matrix (n - 1, n - 1): how many pairs have rank k in one space and l in the other."""
    n = len(first)
    others = ~np.eye(n, dtype=bool)
    matrix = np.zeros((n - 1, n - 1), dtype=np.int64)
    np.add.at(matrix, (first[others] - 1, second[others] - 1), 1)
    return matrix


def measure_kept(matrix: np.ndarray) -> Kept:
    """Local and global quality (Lee and Verleysen 2009), and the area under R_NX (Lee et al. 2015)."""
    n = len(matrix) + 1
    sizes = np.arange(1, n - 1)
    inside = matrix.cumsum(axis=0).cumsum(axis=1).diagonal()[: n - 2]
    q_nx = inside / (sizes * n)
    split = int(np.argmax(q_nx - sizes / (n - 1))) + 1
    r_nx = ((n - 1) * q_nx - sizes) / (n - 1 - sizes)
    area = float((r_nx / sizes).sum() / (1 / sizes).sum())
    larger = q_nx[split:] if split < len(q_nx) else q_nx[-1:]
    return Kept(float(q_nx[:split].mean()), float(larger.mean()), area)


def find_affinities(scores: np.ndarray, perplexity: float) -> PerplexityBasedNN:
    """openTSNE's, from exact neighbours, at a third of the others at most."""
    most = min(perplexity, (len(scores) - 1) / 3)
    return PerplexityBasedNN(scores, most, method="exact", n_jobs=1)


def list_layouts(params: Params) -> dict[str, tuple[str, str]]:
    """By their name in ``layers.csv`` the store, and the array in it."""
    return {
        "pca": ("pca", "points"),
        **{f"tsne-{p:g}": (f"tsne/{p:g}", "points") for p in params.tsne.perplexity},
        "umap": ("umap", "2d"),
        f"umap-{params.umap.n_components}d": ("umap", f"{params.umap.n_components}d"),
        "densmap": ("densmap", "points"),
        "pacmap": ("pacmap", "points"),
    }


def measure_layout(
    x: np.ndarray, apart: np.ndarray, points: np.ndarray, labels: np.ndarray
) -> dict[str, float]:
    """Figures of one layout, by their names in ``layers.csv``.

    Parameters
    ----------
    x : ndarray, (n, d)
        The layer.
    apart : ndarray, (n, n)
        Its distances.
    points : ndarray, (n, k)
        The layout.
    labels : ndarray of int, (n,)
    """
    points = points.astype(np.float64)
    shown, found = cdist(points, points), near(points)
    ranks = rank(apart)
    kept = measure_kept(co_rank(ranks, rank(shown)))
    return {
        "knn_accuracy": float(vote(found, labels).mean()),
        "neighbors_kept": share_kept(found, ranks.argsort(axis=1)[:, 1 : K + 1]),
        "trustworthiness": trustworthiness(apart, points, n_neighbors=K, metric="precomputed"),
        "continuity": trustworthiness(points, x.astype(np.float64), n_neighbors=K),
        "q_local": kept.q_local,
        "q_global": kept.q_global,
        "r_nx": kept.r_nx,
        "silhouette": float(silhouette_score(shown, labels, metric="precomputed")),
    }


def audit_layouts(subject: Subject) -> Iterator[Line]:
    """Every figure of every layout, at a few layers."""
    n = str(subject.size)
    worst: dict[str, tuple[float, str]] = {}
    means: dict[str, list[dict[str, float]]] = {}
    chosen = list_varied(subject, subject.few)
    for key in chosen:
        (x,) = subject.maps((key, subject.own))
        apart = pairwise_distances(x.astype(np.float64))
        for name, (store, array) in list_layouts(subject.params).items():
            points = subject.store(store).read(f"{n}/{array}", subject.depth(key))
            found = measure_layout(x, apart, points, subject.labels)
            row = subject.table[key, name]
            means.setdefault(name, []).append(found)
            for figure, value in found.items():
                difference = abs(float(row[figure]) - value), f"{name} of {key}"
                worst[figure] = max(worst.get(figure, (0.0, "")), difference)
    told = f"{len(chosen)} layers, {len(means)} layouts"
    for figure, (apart_most, where) in worst.items():
        by = "co-ranking matrices, NumPy" if figure in _BY_RANKS else "scikit-learn"
        yield Line(11, f"{figure}, {told}, most in {where}", difference=apart_most, by=by)
    for name, rows in means.items():
        former, *others = (
            f"{figure} {np.mean([row[figure] for row in rows]):.3f}"
            for figure in ("trustworthiness", "continuity", *_BY_RANKS)
        )
        now = ", ".join((former, *others))
        yield Line(11, f"{name}, mean of {len(rows)} layers", former, now)


def audit_divergence(subject: Subject) -> Iterator[Line]:
    """The divergence of stored t-SNEs, and what more iterations, or fewer, would give."""
    n, worst = str(subject.size), (0.0, "")
    chosen, settings = list_varied(subject, subject.few), subject.params.tsne
    for key in chosen:
        scores, depth = reduce(subject, key), subject.depth(key)
        for perplexity in settings.perplexity:
            store = subject.store(f"tsne/{perplexity:g}")
            found = find_divergence(
                find_affinities(scores, perplexity).P, store.read(f"{n}/points", depth)
            )
            told = float(store.read(f"{n}/kl_divergence")[depth])
            worst = max(worst, (abs(found - told), f"{perplexity:g} of {key}"))
    what = f"KL divergence, {len(chosen)} layers, each perplexity, most in {worst[1]}"
    yield Line(11, what, difference=worst[0], by="openTSNE's affinities, NumPy")
    yield tell_iterations(subject, chosen[len(chosen) // 2], settings.perplexity[0])


def tell_iterations(subject: Subject, key: str, perplexity: float) -> Line:
    """How far a t-SNE is from its end, as it was cut short formerly and as it is stored."""
    settings, scores = subject.params.tsne, reduce(subject, key)
    affinities = find_affinities(scores, perplexity)
    store, depth = subject.store(f"tsne/{perplexity:g}"), subject.depth(key)
    former = TSNE(
        n_iter=_FORMER_ITERATIONS,
        early_exaggeration=settings.early_exaggeration,
        random_state=settings.random_state,
        n_jobs=1,
    ).fit(affinities=affinities, initialization=scores[:, :2] / scores[:, 0].std() * 1e-4)
    points = store.read(f"{subject.size}/points", depth).astype(np.float64)
    further = TSNEEmbedding(points, affinities, negative_gradient_method="bh", n_jobs=1)
    further = further.optimize(_FORMER_ITERATIONS, momentum=0.8)
    cut, now, rest = (
        f"{find_divergence(affinities.P, np.asarray(each)):.4f}"
        for each in (former, points, further)
    )
    return Line(
        11,
        f"KL divergence of {key} at perplexity {perplexity:g}",
        f"{cut} after {_FORMER_ITERATIONS} iterations",
        f"{now} after {store.read(f'{subject.size}/n_iter')[depth]}; {rest} after {_FORMER_ITERATIONS} more",
        by="openTSNE",
    )


def measure_clumps(points: np.ndarray, rng: np.random.Generator) -> float:
    """Hopkins' statistic of a layout (n, 2), with places drawn inside its convex hull by rejection."""
    hull, low, high = Delaunay(points), points.min(axis=0), points.max(axis=0)
    places = rng.uniform(low, high, (100 * len(points), 2))
    places = places[hull.find_simplex(places) >= 0]
    tree = cKDTree(points)
    empty, crowded = tree.query(places)[0], tree.query(points, k=2)[0][:, 1]
    return float((empty**2).mean() / ((empty**2).mean() + (crowded**2).mean()))


def audit_clumps(subject: Subject) -> Iterator[Line]:
    """How t-SNE clumps what has no groups: shuffled components, and a Gaussian of the same covariance."""
    key, n = subject.few[-2], min(_CLUMPS, subject.size)
    scores = reduce(subject, key)[:n]
    rng = np.random.default_rng(0)
    drawn = {
        "the samples": scores,
        "shuffled components": rng.permuted(scores, axis=0),
        "a Gaussian": rng.multivariate_normal(scores.mean(axis=0), np.cov(scores.T), n),
    }
    found = {
        name: measure_clumps(
            np.asarray(TSNE(perplexity=10, n_jobs=1, random_state=0).fit(each)), rng
        )
        for name, each in drawn.items()
    }
    now = ", ".join(
        f"{name} {value:.2f}" for name, value in found.items() if "shuffled" not in name
    )
    former = f"the samples {found['the samples']:.2f}, shuffled components {found['shuffled components']:.2f}"
    yield Line(
        10, f"Hopkins' statistic of t-SNEs of {key}, n = {n}", former, now, by="openTSNE, SciPy"
    )
