"""t-SNE as work beside the page: the film of one, and six of them that are compared."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

import numpy as np

from layerscope.explanation.method import Cancelled
from layerscope.models.layers import Layer
from ui.features.playground.features import Features, key_of, load_features
from ui.library import load_params
from ui.queue import Publish, session_id, shared

EVERY = 10  # iterations between two frames
SEEDS = 3
_STEPS = np.iinfo(np.int16).max


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
    """One of the six; `points` as `fit` makes them, the rest as in `layerscope.embedding.tsne_trials`."""

    seed: int
    shuffled: bool
    points: np.ndarray
    kl_divergence: float
    trustworthiness: float
    knn_accuracy: float


@dataclass(frozen=True)
class Caution:
    """The six of them, or those that there are by now.

    Attributes
    ----------
    tiles : tuple of TrialTile
        Of the features first, then of shuffled ones.
    chance : float
        Accuracy in the first, if classes are dealt out at random.
    agreement : float or None
        Share of nearest neighbours that two layouts of the features agree on; with two at least.
    expected : float
        The same by chance.
    n_neighbors : int
    near : ndarray of int16, (n, n_neighbors)
        Each sample's nearest among the features.
    """

    tiles: tuple[TrialTile, ...]
    chance: float
    agreement: float | None
    expected: float
    n_neighbors: int
    near: np.ndarray


@dataclass(frozen=True)
class PlaygroundSubject:
    """What is embedded: the first samples of a run at a layer."""

    run: str
    layer: Layer
    n: int
    key: Hashable = field(compare=False)


def read_subject(run: str, layer: Layer, n: int) -> PlaygroundSubject:
    """Raises `Unavailable` and `InputError`."""
    return PlaygroundSubject(run, layer, n, key_of(run, layer.key, n))


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


def film_key(subject: PlaygroundSubject, settings: Settings) -> Hashable:
    """All that a film depends on."""
    tsne, neighbors = load_params().tsne, load_params().metrics.n_neighbors
    return (
        "trial-film",
        subject.key,
        settings,
        tsne.early_exaggeration,
        tsne.n_iter,
        neighbors,
    )


def caution_key(subject: PlaygroundSubject, perplexity: int, seed: int) -> Hashable:
    """All that the six depend on."""
    return "trial-caution", film_key(subject, Settings(perplexity, "random", seed))


def ask_film(subject: PlaygroundSubject, settings: Settings, is_long: bool = False) -> str | None:
    """Have a film made; one line where too much is waiting."""
    tsne, n_neighbors = load_params().tsne, load_params().metrics.n_neighbors

    def work(publish: Publish[Film], cancelled: Callable[[], bool]) -> Film:
        from layerscope.embedding.tsne_trials import count_neighbors, iterate_tsne, judge_layout

        features = _load(subject, publish, cancelled)
        k = count_neighbors(n_neighbors, subject.n)
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
            if cancelled():
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

    return shared.ask(film_key(subject, settings), work, session_id(), is_long)


def ask_caution(subject: PlaygroundSubject, perplexity: int, seed: int) -> str | None:
    """Have the six made; one line where too much is waiting."""
    tsne, n_neighbors = load_params().tsne, load_params().metrics.n_neighbors

    def work(publish: Publish[Caution], cancelled: Callable[[], bool]) -> Caution:
        from layerscope.embedding.tsne_trials import (
            chance_accuracy,
            count_neighbors,
            neighbor_agreement,
            try_tsne,
        )

        features = _load(subject, publish, cancelled)
        k = count_neighbors(n_neighbors, subject.n)
        found = Caution((), 0.0, None, k / (subject.n - 1), k, _find_nearest(features, k))
        publish(0, 2 * SEEDS, found)
        layouts: list[np.ndarray] = []
        for trial in try_tsne(
            features.scores,
            features.labels,
            perplexity=perplexity,
            early_exaggeration=tsne.early_exaggeration,
            n_iter=tsne.n_iter,
            n_neighbors=n_neighbors,
            seeds=range(seed, seed + SEEDS),
        ):
            if cancelled():
                raise Cancelled
            chance = found.chance
            if not found.tiles:
                chance = chance_accuracy(trial.points, features.labels, k, random_state=seed)
            if not trial.shuffled:
                layouts.append(trial.points)
            tile = TrialTile(
                trial.random_state,
                trial.shuffled,
                fit(trial.points)[0],
                trial.kl_divergence,
                trial.trustworthiness,
                trial.knn_accuracy,
            )
            agreement = neighbor_agreement(layouts, k) if len(layouts) > 1 else None
            found = replace(found, tiles=(*found.tiles, tile), chance=chance, agreement=agreement)
            publish(len(found.tiles), 2 * SEEDS, found)
        return found

    return shared.ask(caution_key(subject, perplexity, seed), work, session_id(), True)


def count_frames(n_iter: int) -> int:
    """Frames of a film: the start, then one after every few iterations of both phases."""
    from layerscope.embedding.layouts import EARLY_EXAGGERATION_ITER

    return 1 + -(-EARLY_EXAGGERATION_ITER // EVERY) + -(-n_iter // EVERY)


def _load(
    subject: PlaygroundSubject,
    publish: Publish[Film] | Publish[Caution],
    cancelled: Callable[[], bool],
) -> Features:
    """The features, telling how many pictures the network has seen."""
    return load_features(
        subject.run,
        subject.layer,
        subject.n,
        lambda done, total: publish(done, total, None),
        cancelled,
    )


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
