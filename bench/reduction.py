"""From pictures to embeddings, the usual recipe and ours in turn: ``make bench``.

The same pictures, the same model and the same settings. The recipe is slow: both do a stated part of the
layers, with every perplexity, and only that part is compared. Each side runs in a process of its own, so
that its memory is its own; sides alternate, and medians are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
_RESULTS = ROOT / "docs" / "bench-reduction.json"
_RUN = "objects-vgg16_slim"
# Of every kind and depth: convolutions, their ReLU, pools, vectors.
_LAYERS = ("features.2", "features.9", "features.16", "features.23", "features.28", "classifier.4")
_PHASES = ("forward", "PCA", "t-SNE", "two components", "store")
_SIDES = ("recipe", "ours")


@dataclass
class Measured:
    """What one side took and gave."""

    seconds: dict[str, float] = field(default_factory=dict)
    bytes: int = 0
    quality: list[dict[str, float]] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def total(self) -> float:
        """Seconds of all phases."""
        return sum(self.seconds.values())

    @contextmanager
    def timing(self, phase: str) -> Iterator[None]:
        """Add what happens inside to a phase."""
        start = time.perf_counter()
        yield
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - start


# --- one side, in a process of its own -------------------------------------------------------


def run_side(side: str, layers: tuple[str, ...], n: int, folder: Path) -> Measured:
    """Do the part, keep what it takes; the embeddings are judged afterwards."""
    from layerscope.models import load_model
    from layerscope.params import read_params
    from layerscope.samples import Samples
    from layerscope.store import store_path

    params = read_params()
    settings = params.run(_RUN)
    samples = Samples(store_path(_RUN, "samples"))
    pictures = samples.pictures(0, n)
    classifier = load_model(settings.model, settings.weights_file)
    measured = Measured()
    do = _run_recipe if side == "recipe" else _run_ours
    scores, points = do(params, classifier, pictures, layers, folder, measured)
    measured.bytes = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    for key in layers:
        for perplexity in params.tsne.perplexity:
            measured.quality.append(
                _judge(scores[key], points[key, perplexity], samples.labels[:n], perplexity)
            )
    return measured


def _run_recipe(
    params: Any,
    classifier: Any,
    pictures: np.ndarray,
    layers: tuple[str, ...],
    folder: Path,
    measured: Measured,
) -> tuple[dict[str, np.ndarray], dict[tuple[str, float], np.ndarray]]:
    from bench import recipe
    from layerscope.activations import pooled_side
    from layerscope.probing import layer_table

    table = {layer.key: layer for layer in layer_table(classifier)}
    factor = params.activations.pool_of(len(pictures))
    scores, points = {}, {}
    for key in layers:
        shape = table[key].shape
        side = pooled_side(shape[-1], factor) if len(shape) == 3 else 1
        with measured.timing("forward"):
            features = recipe.collect(classifier, pictures, key, side)
        with measured.timing("PCA"):
            scores[key] = recipe.reduce(features, params.pca.variance, 0)
        for perplexity in params.tsne.perplexity:
            with measured.timing("t-SNE"):
                points[key, perplexity] = recipe.embed(
                    scores[key],
                    perplexity,
                    early_exaggeration=params.tsne.early_exaggeration,
                    n_iter=params.tsne.n_iter,
                    random_state=params.tsne.random_state,
                    n_jobs=os.cpu_count() or 1,
                )
        with measured.timing("two components"):
            flat = recipe.project(features, 0)
        with measured.timing("store"):
            recipe.save(folder, f"{key}-features", features)
            recipe.save(folder, f"{key}-pca", flat)
            for perplexity in params.tsne.perplexity:
                recipe.save(folder, f"{key}-{perplexity}", points[key, perplexity])
    return scores, points


def _run_ours(
    params: Any,
    classifier: Any,
    pictures: np.ndarray,
    layers: tuple[str, ...],
    folder: Path,
    measured: Measured,
) -> tuple[dict[str, np.ndarray], dict[tuple[str, float], np.ndarray]]:
    from layerscope.activations import forward, pool
    from layerscope.embedding import effective_perplexity, embed_tsne
    from layerscope.neighbors import nearest_neighbors
    from layerscope.parallel import on_all_cores
    from layerscope.probing import layer_table
    from layerscope.reduction import principal_components
    from layerscope.store import writing

    n, settings = len(pictures), params.tsne
    table = tuple(layer for layer in layer_table(classifier) if layer.key in layers)
    factor, step = params.activations.pool_of(n), params.activations.batch_size
    batches: dict[str, list[np.ndarray]] = {key: [] for key in layers}
    with measured.timing("forward"):
        for start in range(0, n, step):
            forward(
                classifier,
                pictures[start : start + step],
                table,
                lambda key, output: batches[key].append(pool(output, factor)),
            )
    features = {key: np.concatenate(each).reshape(n, -1) for key, each in batches.items()}
    with measured.timing("PCA"):
        scores = {
            key: principal_components(features[key], params.pca.variance).scores for key in layers
        }
    with measured.timing("t-SNE"):
        graphs = {
            key: nearest_neighbors(scores[key], params.neighbors.n_neighbors) for key in layers
        }
        tasks = [(key, perplexity) for perplexity in settings.perplexity for key in layers]
        results = on_all_cores(
            _embed,
            (
                (
                    embed_tsne,
                    scores[key],
                    graphs[key],
                    {
                        "perplexity": effective_perplexity(perplexity, n),
                        "early_exaggeration": settings.early_exaggeration,
                        "n_iter": settings.n_iter,
                        "random_state": settings.random_state,
                    },
                )
                for key, perplexity in tasks
            ),
        )
        points = {task: each.points for task, each in zip(tasks, results, strict=True)}
    with measured.timing("two components"):
        flat = {key: scores[key][:, :2] for key in layers}
    with measured.timing("store"), writing(folder / "ours.zarr") as store:
        for key in layers:
            store.add(f"activations/{key}", features[key], ["sample", "feature"])
            store.add(f"pca/{key}", flat[key], ["sample", "component"])
        for (key, perplexity), each in points.items():
            store.add(f"tsne/{perplexity}/{key}", each, ["sample", "component"])
    return scores, points


def _embed(function: Any, scores: np.ndarray, graph: Any, settings: dict[str, Any]) -> Any:
    return function(scores, graph, **settings)


def _judge(
    scores: np.ndarray, points: np.ndarray, labels: np.ndarray, perplexity: float
) -> dict[str, float]:
    """kNN accuracy, trustworthiness, and the divergence by one yardstick: exact neighbours."""
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN

    from layerscope.embedding import effective_perplexity
    from layerscope.metrics.embedding_quality import distance_ranks, trustworthiness
    from layerscope.neighbors import knn_accuracy, nearest_neighbors

    near = nearest_neighbors(points, 10).indices
    effective = effective_perplexity(perplexity, len(scores))
    affinities = PerplexityBasedNN(scores, effective, method="exact", n_jobs=1)
    laid = TSNEEmbedding(
        points.astype(np.float64), affinities, negative_gradient_method="bh", n_jobs=1
    )
    laid.optimize(0, inplace=True)
    return {
        "knn_accuracy": knn_accuracy(near, labels, 10),
        "trustworthiness": trustworthiness(distance_ranks(scores), near),
        "kl_divergence": float(laid.kl_divergence),
    }


# --- both sides ------------------------------------------------------------------------------


def measure_side(side: str, layers: tuple[str, ...], n: int) -> Measured:
    """Run a side in a fresh process, and watch its memory and that of its children."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        arguments = ["--side", side, "--n", str(n), "--layers", *layers, "--output", str(answer)]
        process = subprocess.Popen([sys.executable, "-m", "bench.reduction", *arguments], cwd=ROOT)
        peak = _watch(process)
        if process.returncode:
            raise SystemExit(f"{side} failed")
        found = Measured(**json.loads(answer.read_text()))
    found.peak_mb = peak / 2**20
    return found


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Most bytes that a process and its children held together (proportional set size)."""
    import psutil

    peak = 0

    def look() -> None:
        nonlocal peak
        while process.poll() is None:
            held = 0
            try:
                parent = psutil.Process(process.pid)
                for each in (parent, *parent.children(recursive=True)):
                    held += each.memory_full_info().pss
            except psutil.Error:
                continue
            finally:
                peak = max(peak, held)
                time.sleep(0.1)

    watcher = threading.Thread(target=look)
    watcher.start()
    process.wait()
    watcher.join()
    return peak


def measure_peak() -> float:
    """Multiply-adds a second of a product of matrices in float32, on all cores."""
    import torch

    left = torch.rand(4096, 4096)
    rates = []
    for _ in range(4):
        start = time.perf_counter()
        left @ left
        rates.append(4096**3 / (time.perf_counter() - start))
    return max(rates)


def list_floors(layers: tuple[str, ...], n: int) -> dict[str, float]:
    """Seconds that the arithmetic alone takes at the machine's peak: one pass, the Gram matrices."""
    from layerscope.activations import pooled_shape
    from layerscope.models import load_model
    from layerscope.params import read_params
    from layerscope.probing import layer_table

    params = read_params()
    settings = params.run(_RUN)
    table = layer_table(load_model(settings.model, settings.weights_file))
    factor, peak = params.activations.pool_of(n), measure_peak()
    kinds = {"conv", "dense"}
    adds = n * sum(layer.multiply_adds for layer in table if layer.kind in kinds)
    grams = 0
    for layer in table:
        if layer.key in layers:
            d = int(np.prod(pooled_shape(layer, factor)))
            grams += n * d * min(n, d)
    return {"peak_gmacs": peak / 1e9, "forward": adds / peak, "PCA": grams / peak}


def report(measured: dict[str, list[Measured]], floors: dict[str, float]) -> list[dict[str, Any]]:
    """The table: medians, ratios, and the floor of what is pure arithmetic."""
    rows: list[dict[str, Any]] = []
    print(f"{'':16} {'recipe s':>10} {'ours s':>10} {'ratio':>8} {'floor s':>9}")
    for phase in (*_PHASES, "all"):
        sides = {
            side: median(m.total if phase == "all" else m.seconds[phase] for m in each)
            for side, each in measured.items()
        }
        ratio = sides["recipe"] / max(sides["ours"], 1e-9)
        floor = floors.get(phase)
        rows.append({"phase": phase, **sides, "ratio": round(ratio, 2), "floor": floor})
        written = "" if floor is None else f"{floor:9.2f}"
        print(f"{phase:16} {sides['recipe']:10.2f} {sides['ours']:10.2f} {ratio:8.1f} {written}")
    for name, values in (
        ("peak memory, MB", {s: median(m.peak_mb for m in each) for s, each in measured.items()}),
        ("stored, MB", {s: each[0].bytes / 2**20 for s, each in measured.items()}),
    ):
        print(f"{name:16} {values['recipe']:10.0f} {values['ours']:10.0f}")
        rows.append({"phase": name, **values})
    for name in ("knn_accuracy", "trustworthiness", "kl_divergence"):
        means = {
            side: float(np.mean([row[name] for m in each for row in m.quality]))
            for side, each in measured.items()
        }
        print(f"{name:16} {means['recipe']:10.4f} {means['ours']:10.4f}")
        rows.append({"phase": name, **means})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="samples")
    parser.add_argument("--layers", nargs="+", default=list(_LAYERS), help="the part")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--side", choices=_SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, default=_RESULTS, help="JSON file to write")
    options = parser.parse_args()
    os.chdir(ROOT)
    layers = tuple(options.layers)
    if options.side:
        with tempfile.TemporaryDirectory() as folder:
            found = run_side(options.side, layers, options.n, Path(folder))
        options.output.write_text(json.dumps(asdict(found)))
        return
    print(f"{os.cpu_count()} cores; {options.n} samples of {_RUN}, layers {', '.join(layers)}")
    measured: dict[str, list[Measured]] = {side: [] for side in _SIDES}
    for _ in range(options.repeats):
        for side in _SIDES:
            measured[side].append(measure_side(side, layers, options.n))
            print(f"  {side}: {measured[side][-1].total:.1f} s", flush=True)
    floors = list_floors(layers, options.n)
    rows = report(measured, floors)
    facts = {"cores": os.cpu_count(), "n": options.n, "layers": layers, "run": _RUN, **floors}
    options.output.write_text(json.dumps({**facts, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
