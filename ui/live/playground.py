"""The t-SNE playground: the film of one, several that are compared, and the features they start from.

A fresh clone has no stored activations. A forward pass of a few hundred pictures, up to the layer, takes
seconds and gives the same numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from layerscope.activations.averaging import Averaging
from layerscope.errors import InputError
from layerscope.explanation.method import Cancelled
from layerscope.models.layers import Layer
from layerscope.params import TsneParams
from layerscope.runs.samples import Samples
from layerscope.storage.store import Store, store_path
from ui.live.engine import Publish
from ui.live.models import Source, load
from ui.live.turns import computing

EVERY = 10  # iterations between two frames
SEEDS = 3
GAUSSIANS = 19  # as `layerscope.embedding.tsne_trials` has it, which takes long to import
TRIALS = SEEDS + GAUSSIANS
_STEPS = np.iinfo(np.int16).max
_BATCH = 25  # pictures; between batches others may use the model
_KEPT = 24  # of some 0.5 MB each
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PlaygroundSubject:
    """The features of the first n samples of a run at a layer.

    Attributes
    ----------
    run : str
    layer : Layer
    n : int
    variance : float
        Share of it that the components keep.
    averaging : Averaging
        By which activations are averaged.
    source : Source
    made : hashable
        Changes when any of the run's stores does.
    """

    run: str
    layer: Layer
    n: int
    variance: float
    averaging: Averaging
    source: Source
    made: Hashable


@dataclass(frozen=True)
class Settings:
    """One t-SNE.

    Attributes
    ----------
    perplexity : int
    start : str
        "pca" or "random".
    seed : int
    """

    perplexity: int
    start: str
    seed: int


@dataclass(frozen=True)
class Plane:
    """The first two principal components, and what they keep.

    Attributes
    ----------
    points : ndarray of int16, (n, 2)
        See `fit`.
    knn_accuracy, trustworthiness : float
    shares : tuple of float or None
        Of the variance.
    n_components : int
        Those that are embedded.
    near : ndarray of int16, (n, k)
        Each sample's nearest in all of them.
    is_stored : bool
        Whether the features were read rather than computed.
    """

    points: np.ndarray
    knn_accuracy: float
    trustworthiness: float
    shares: tuple[float, float] | None
    n_components: int
    near: np.ndarray
    is_stored: bool


@dataclass(frozen=True)
class Film:
    """A t-SNE on its way, frame by frame; as long as it runs, what there is of it.

    Attributes
    ----------
    plane : Plane
    frames : tuple of ndarray of int16, (n, 2) each
        See `fit`.
    sides : tuple of float
        The larger side of the box around each frame, in the units of the embedding.
    iterations : tuple of int
    divergences : tuple of float
        Kullback and Leibler's, in nats.
    accuracies, trusts : tuple of float
    perplexity : float
        The effective one.
    """

    plane: Plane
    frames: tuple[np.ndarray, ...] = ()
    sides: tuple[float, ...] = ()
    iterations: tuple[int, ...] = ()
    divergences: tuple[float, ...] = ()
    accuracies: tuple[float, ...] = ()
    trusts: tuple[float, ...] = ()
    perplexity: float = 0.0


@dataclass(frozen=True)
class TrialTile:
    """One t-SNE; `points` as `fit` makes them, the rest as in `layerscope.embedding.tsne_trials`."""

    seed: int
    is_gaussian: bool
    points: np.ndarray
    kl_divergence: float
    trustworthiness: float
    knn_accuracy: float
    clumpiness: float


@dataclass(frozen=True)
class Caution:
    """The t-SNEs that are compared, or those that there are by now.

    Attributes
    ----------
    tiles : tuple of TrialTile
        Of the features first, then of Gaussians, more than are shown.
    chance : float
        Accuracy in the first, if classes are dealt out at random.
    agreement : float or None
        Share of nearest neighbours that two layouts of the features agree on; with two at least.
    expected : float
        The same by chance.
    n_neighbors : int
    near : ndarray of int16, (n, n_neighbors)
        Each sample's nearest among the features.
    strewn : float
        Clumpiness that 95 % of layouts keep below whose points are strewn at random.
    clumps : str
        Where clumps come from, as `layerscope.embedding.tsne_trials.explain_clumps` says; empty before all
        are there.
    """

    tiles: tuple[TrialTile, ...]
    chance: float
    agreement: float | None
    expected: float
    n_neighbors: int
    near: np.ndarray
    strewn: float
    clumps: str = ""


def fit(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Points in steps that fill int16 along the wider axis, about the middle of their box; and its side.

    Parameters
    ----------
    points : ndarray of floats, (n, 2)

    Returns
    -------
    ndarray of int16, (n, 2)
    float
        ``points`` are ``side / 2 / 32767`` times the steps, moved; 0 where all are in one place.
    """
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    side = float((high - low).max())
    half = side / 2 or 1.0
    steps = np.rint((points - (low + high) / 2) / half * _STEPS)
    return steps.astype(np.int16), side


def make_film(
    features: Features,
    settings: Settings,
    tsne: TsneParams,
    n_neighbors: int,
    publish: Publish,
    is_unwanted: Callable[[], bool],
) -> Film:
    """A t-SNE, frame by frame; what there is of it is published."""
    from layerscope.embedding.defined import count_neighbors
    from layerscope.embedding.tsne_trials import iterate_tsne, judge_layout

    k = count_neighbors(n_neighbors, len(features.labels))
    total = count_frames(tsne.n_iter)
    film = Film(_draw_plane(features, k))
    publish(0, total, film)
    for shot in iterate_tsne(
        features.scores,
        perplexity=settings.perplexity,
        early_exaggeration=tsne.early_exaggeration,
        n_iter=tsne.n_iter,
        random_state=settings.seed,
        every=EVERY,
        start="random" if settings.start == "random" else "pca",
    ):
        if is_unwanted():
            raise Cancelled
        trust, accuracy = judge_layout(shot.points, features.ranks, features.labels, k)
        points, side = fit(shot.points)
        film = Film(
            film.plane,
            (*film.frames, points),
            (*film.sides, side),
            (*film.iterations, shot.iteration),
            (*film.divergences, shot.kl_divergence),
            (*film.accuracies, accuracy),
            (*film.trusts, trust),
            shot.perplexity,
        )
        publish(len(film.frames), total, film)
    return film


def make_caution(
    features: Features,
    perplexity: int,
    seed: int,
    tsne: TsneParams,
    n_neighbors: int,
    publish: Publish,
    is_unwanted: Callable[[], bool],
) -> Caution:
    """Several of them: of the features, and of Gaussians; those that there are by now are published."""
    from layerscope.embedding.defined import count_neighbors
    from layerscope.embedding.tsne_trials import (
        chance_accuracy,
        expect_clumpiness,
        explain_clumps,
        neighbor_agreement,
        try_tsne,
    )

    n = len(features.labels)
    k = count_neighbors(n_neighbors, n)
    strewn = expect_clumpiness(n, seed)
    found = Caution((), 0.0, None, k / (n - 1), k, _find_nearest(features, k), strewn)
    publish(0, TRIALS, found)
    layouts: list[np.ndarray] = []
    for trial in try_tsne(
        features.scores,
        features.labels,
        perplexity=perplexity,
        early_exaggeration=tsne.early_exaggeration,
        n_iter=tsne.n_iter,
        n_neighbors=n_neighbors,
        random_state=seed,
        n_seeds=SEEDS,
        n_gaussians=GAUSSIANS,
    ):
        if is_unwanted():
            raise Cancelled
        chance = found.chance
        if not found.tiles:
            chance = chance_accuracy(trial.points, features.labels, k, random_state=seed)
        if not trial.is_gaussian:
            layouts.append(trial.points)
        tile = TrialTile(
            trial.random_state,
            trial.is_gaussian,
            fit(trial.points)[0],
            trial.kl_divergence,
            trial.trustworthiness,
            trial.knn_accuracy,
            trial.clumpiness,
        )
        agreement = neighbor_agreement(layouts, k) if len(layouts) > 1 else None
        found = replace(found, tiles=(*found.tiles, tile), chance=chance, agreement=agreement)
        publish(len(found.tiles), TRIALS, found)
    clumpiness = [tile.clumpiness for tile in found.tiles]
    return replace(found, clumps=explain_clumps(clumpiness[:SEEDS], clumpiness[SEEDS:], strewn))


def count_frames(n_iter: int) -> int:
    """Frames of a film: the start, then one after every few iterations of both phases."""
    from layerscope.embedding.layouts import EARLY_EXAGGERATION_ITER

    return 1 + -(-EARLY_EXAGGERATION_ITER // EVERY) + -(-n_iter // EVERY)


def _draw_plane(features: Features, k: int) -> Plane:
    from layerscope.embedding.tsne_trials import judge_layout

    points = features.scores[:, :2]
    trust, accuracy = judge_layout(points, features.ranks, features.labels, k)
    return Plane(
        fit(points)[0],
        accuracy,
        trust,
        features.shares,
        features.scores.shape[1],
        _find_nearest(features, k),
        features.is_stored,
    )


def _find_nearest(features: Features, k: int) -> np.ndarray:
    """Each sample's k nearest, nearest first, (n, k) int16."""
    return features.ranks.argsort(axis=1)[:, 1 : 1 + k].astype(np.int16)


# --- features --------------------------------------------------------------------------------


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


_kept: OrderedDict[PlaygroundSubject, Features] = OrderedDict()


def load_features(
    subject: PlaygroundSubject, progress: Progress, is_unwanted: Callable[[], bool]
) -> Features:
    """The features, computed once and kept.

    Parameters
    ----------
    subject : PlaygroundSubject
    progress : callable
        Called with the number of pictures seen and with n while they are computed.
    is_unwanted : callable
        Whether to stop with `Cancelled`.

    Raises
    ------
    Cancelled
    InputError
        Where samples or model cannot be had, or the model gives what is no number.
    """
    if subject not in _kept:
        _kept[subject] = _make_features(subject, progress, is_unwanted)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(subject)
    return _kept[subject]


def _make_features(
    subject: PlaygroundSubject, progress: Progress, is_unwanted: Callable[[], bool]
) -> Features:
    from layerscope.embedding.pca import CONSTANT, principal_components
    from layerscope.embedding.quality import distance_ranks

    run, layer, n = subject.run, subject.layer.key, subject.n
    samples = Samples(store_path(run, "samples"))
    kept, stored = _read_components(subject), None
    if kept is not None:
        scores, shares = kept
    else:
        features = stored = _read_activations(subject)
        if features is None:
            features = _compute(subject, samples, progress, is_unwanted)
        if not np.isfinite(features).all():
            raise InputError(f"{run}: layer {layer!r} gives values that are no numbers")
        found = principal_components(features, subject.variance)
        first = found.explained_variance_ratio
        scores, shares = found.scores, (float(first[0]), float(first[1]))
    if not scores.any():
        raise InputError(CONSTANT)
    ranks, labels = distance_ranks(scores), samples.labels[:n].astype(np.int64)
    for each in (scores, ranks, labels):
        each.flags.writeable = False
    is_stored = kept is not None or stored is not None
    return Features(scores, shares, ranks, labels, is_stored)


def _compute(
    subject: PlaygroundSubject,
    samples: Samples,
    progress: Progress,
    is_unwanted: Callable[[], bool],
) -> np.ndarray:
    """What the stage `activations` would store, (n, d) float16, or float32 where that will not do."""
    from layerscope.activations.half import Rounding, round_to_half

    kept: list[np.ndarray] = []
    total: Rounding | None = None
    for batch in _run_forward(subject, samples, progress, is_unwanted):
        half, rounding = round_to_half(batch)
        total = rounding if total is None else total + rounding
        kept.append(half)
    if total is not None and not total.is_harmless:
        kept = [*_run_forward(subject, samples, progress, is_unwanted)]
    return np.concatenate(kept)


def _run_forward(
    subject: PlaygroundSubject,
    samples: Samples,
    progress: Progress,
    is_unwanted: Callable[[], bool],
) -> Iterator[np.ndarray]:
    """A forward pass up to the layer, by batches: (N, d) float32 each."""
    n = subject.n
    progress(0, n)
    classifier = load(subject.source)
    from layerscope.features.layer_features import pool_layer

    for start in range(0, n, _BATCH):
        if is_unwanted():
            raise Cancelled
        pictures = samples.pictures(start, min(start + _BATCH, n))
        with computing:
            found = pool_layer(classifier, pictures, subject.layer, subject.averaging)
        yield found
        progress(min(start + _BATCH, n), n)


def _read_components(
    subject: PlaygroundSubject,
) -> tuple[np.ndarray, tuple[float, float] | None] | None:
    """What the stage `pca` kept, of this share of the variance; None where it is not at hand."""
    n, layer = subject.n, subject.layer.key
    try:
        store = Store(store_path(subject.run, "components"))
        if store.attributes.get("variance") != subject.variance:
            return None
        scores = np.asarray(store.read(f"{n}/{layer}"), dtype=np.float32)
    except InputError:
        return None
    if scores.ndim != 2 or len(scores) != n or not np.isfinite(scores).all() or not scores.any():
        return None
    return scores, _read_shares(subject)


def _read_shares(subject: PlaygroundSubject) -> tuple[float, float] | None:
    try:
        store = Store(store_path(subject.run, "pca"))
        depth = list(store.attributes["layers"]).index(subject.layer.key)
        first = store.read(f"{subject.n}/explained_variance_ratio")[depth]
        return float(first[0]), float(first[1])
    except (InputError, KeyError, ValueError, TypeError, IndexError):
        return None  # a figure less


def _read_activations(subject: PlaygroundSubject) -> np.ndarray | None:
    """What the stage `activations` kept of the first n samples, (n, d); None where it is not at hand."""
    n = subject.n
    try:
        store = Store(store_path(subject.run, "activations"))
        features = store.read(f"{subject.averaging.name}/{subject.layer.key}", slice(n))
    except InputError:
        return None
    return features.reshape(n, -1) if len(features) == n else None
