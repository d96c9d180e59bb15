"""One t-SNE by every library that is installed, and ours: seconds, and the divergence that each reaches.

Points are generated, so that there may be as many as wanted; each method searches its own neighbours and
makes the same number of iterations. One exact formula judges all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bench.machine import one_thread
from bench.projects import ROOT

Step = Callable[[], np.ndarray]
Row = dict[str, Any]
OURS = "ours, 1 thread"


def draw_clusters(n: int, random_state: int = 0) -> np.ndarray:
    """Ten overlapping clusters in 50 dimensions of falling width, (n, 50) float32."""
    rng = np.random.default_rng(random_state)
    width = 1 / np.sqrt(1 + np.arange(50))
    centers = rng.normal(size=(10, 50)) * 3
    points = (centers[np.arange(n) % 10] + rng.normal(size=(n, 50))) * width
    return np.ascontiguousarray(points - points.mean(axis=0), dtype=np.float32)


def list_tsne(points: np.ndarray, perplexity: float, settings: Any) -> dict[str, Step]:
    """Ours, and those of libraries with one thread and with all; each with its neighbour search."""
    from layerscope.embedding.layouts import embed_tsne
    from layerscope.embedding.neighbors import nearest_neighbors

    def ours() -> np.ndarray:
        with one_thread():
            graph = nearest_neighbors(points, int(3 * perplexity))
            return embed_tsne(
                points,
                graph,
                perplexity=perplexity,
                early_exaggeration=settings.early_exaggeration,
                n_iter=settings.n_iter,
                tolerance=0,  # as many as the others make
                random_state=settings.random_state,
            ).points

    found: dict[str, Step] = {OURS: ours}
    for n_jobs in sorted({1, os.cpu_count() or 1}):
        threads = f"{n_jobs} thread{'s' if n_jobs > 1 else ''}"
        for method, label in (("bh", "Barnes-Hut"), ("fft", "FFT")):
            found[f"openTSNE {label}, {threads}"] = _open_tsne(
                points, perplexity, settings, method, n_jobs
            )
        found[f"scikit-learn Barnes-Hut, {threads}"] = _scikit_learn(
            points, perplexity, settings, n_jobs
        )
    return found


def _open_tsne(
    points: np.ndarray, perplexity: float, settings: Any, method: str, n_jobs: int
) -> Step:
    from openTSNE import TSNE

    return lambda: np.asarray(
        TSNE(
            perplexity=perplexity,
            early_exaggeration=settings.early_exaggeration,
            n_iter=settings.n_iter,
            random_state=settings.random_state,
            negative_gradient_method=method,
            n_jobs=n_jobs,
        ).fit(points)
    )


def _scikit_learn(points: np.ndarray, perplexity: float, settings: Any, n_jobs: int) -> Step:
    from sklearn.manifold import TSNE

    from layerscope.embedding.layouts import EARLY_EXAGGERATION_ITER

    def fit() -> np.ndarray:
        with threadpool_limits(n_jobs):  # its gradient takes all threads that there are
            return TSNE(
                perplexity=perplexity,
                early_exaggeration=settings.early_exaggeration,
                max_iter=EARLY_EXAGGERATION_ITER + settings.n_iter,
                n_iter_without_progress=EARLY_EXAGGERATION_ITER + settings.n_iter,
                init="pca",
                random_state=settings.random_state,
                n_jobs=n_jobs,
            ).fit_transform(points)

    return fit


def measure_tsne(n: int, perplexity: float) -> list[Row]:
    """Seconds and divergence of each, and the ratio to the fastest library's; each is run once.

    What is compiled at the first call is ours only, and is warmed up on fewer points before.
    """
    from bench.quality import find_affinities, find_divergence
    from layerscope.params import read_params

    settings = read_params(ROOT / "params.yaml").tsne
    list_tsne(draw_clusters(300), 10, settings)[OURS]()
    points = draw_clusters(n)
    affinities = find_affinities(points, perplexity)
    rows: list[Row] = []
    for name, embed in list_tsne(points, perplexity, settings).items():
        start = time.perf_counter()
        laid = embed()
        seconds = time.perf_counter() - start
        divergence = find_divergence(affinities, laid)
        rows.append({"method": name, "seconds": seconds, "kl_divergence": divergence, "n": n})
        print(f"t-SNE {n} {name:36} {seconds:8.2f} s  KL {divergence:.4f}", flush=True)
    best = min(row["seconds"] for row in rows if row["method"] != OURS)
    for row in rows:
        row["to_fastest_library"] = row["seconds"] / best
        print(f"{row['method']:36} {row['to_fastest_library']:6.2f} of the fastest library's time")
    return rows
