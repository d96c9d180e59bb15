"""What a second worker gives: stages on a Dask cluster of one and of two processes, in turn.

Each worker has one thread. Both clusters stay up and have imported and compiled what stages need, so that
only the work is compared; they take turns stage by stage. What stages write must be the same, byte for
byte, whoever wrote it; the stages are also run once without a cluster, and must write that too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, chdir
from functools import partial
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

from bench.machine import describe_machine
from bench.projects import ROOT, write_params
from layerscope.names import name_run
from layerscope.params import Params, read_params

DATASET, MODEL = "objects", "vgg16_slim"
WEIGHTS = "weights/rendered/vgg16_slim.safetensors"
RUN = name_run(DATASET, MODEL)
PERPLEXITY = "30"
WORKERS = (1, 2)
MEASURED = ("activations", "tsne", "pca", "umap", "cam")
# What each stage writes, below the run's folder.
STORES = {
    "activations": ("activations",),
    "pca": ("components", "pca"),
    "neighbors": ("neighbors", "nearest"),
    "tsne": (f"tsne/{PERPLEXITY}",),
    "umap": ("umap",),
    "cam": ("cam",),
}
_RESULTS = ROOT / "docs" / "bench-scaling.json"


def list_stages() -> dict[str, Callable[[], None]]:
    """Each stage's work, in the order in which they need each other."""
    from stages import activations, cam, neighbors, pca, tsne, umap

    return {
        "activations": partial(activations.main, RUN),
        "pca": partial(pca.main, RUN),
        "neighbors": partial(neighbors.main, RUN),
        "tsne": partial(tsne.main, RUN, PERPLEXITY),
        "umap": partial(umap.main, RUN),
        "cam": partial(cam.main, RUN),
    }


def digest_stores(stage: str) -> dict[str, str]:
    """Every file that a stage wrote, by its path, with a digest of its bytes."""
    from layerscope.storage.store import store_path

    return {
        file.as_posix(): sha256(file.read_bytes()).hexdigest()
        for name in STORES[stage]
        for file in sorted(store_path(RUN, name).rglob("*"))
        if file.is_file()
    }


def warm_up(params: Params) -> None:
    """Import what stages need, read the model, have compiled what is compiled: on a few points."""
    import numpy as np

    from layerscope.activations.pooling import forward
    from layerscope.embedding.layouts import embed_tsne, embed_umap
    from layerscope.embedding.neighbors import nearest_neighbors
    from layerscope.embedding.pca import principal_components
    from layerscope.runs.blocks import load_classifier
    from stages import activations, cam, neighbors, pca, tsne, umap  # noqa: F401

    classifier = load_classifier(params.run(RUN), params.device)
    side = classifier.inputs.size[0]
    blank = np.zeros((params.activations.batch_size, side, side, 3), np.uint8)
    forward(classifier, blank, (), lambda *_: None)
    points = np.random.default_rng(0).normal(size=(60, 20)).astype(np.float32)
    scores = principal_components(points, 0.9).scores
    graph = nearest_neighbors(scores, 30)
    embed_tsne(
        scores, graph, perplexity=5, early_exaggeration=12, n_iter=2, tolerance=0, random_state=0
    )
    for n_components in (2, 15):
        embed_umap(
            scores,
            graph,
            n_components=n_components,
            n_neighbors=15,
            min_dist=0.1,
            random_state=0,
        )


def start_cluster(n_workers: int, params: Params, stack: ExitStack) -> str:
    """The address of a cluster with that many warm workers, which ends with the stack."""
    from distributed import Client

    from layerscope.parallel import start_workers

    cluster = stack.enter_context(start_workers(n_workers))
    with Client(cluster) as client:
        client.run(warm_up, params)
    return cluster.scheduler_address


def run_stage(work: Callable[[], None], folder: Path, n: int, scheduler: str) -> float:
    """Seconds that a stage takes on a scheduler."""
    write_params(
        folder, dataset=DATASET, model=MODEL, weights=WEIGHTS, sizes=[n], scheduler=scheduler
    )
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def find_differences(first: dict[str, str], second: dict[str, str]) -> list[str]:
    """Files that are not the same on both sides, or only on one."""
    return sorted(
        path for path in first.keys() | second.keys() if first.get(path) != second.get(path)
    )


def measure(
    folder: Path, n: int, repeats: int
) -> tuple[dict[str, dict[int, list[float]]], list[str]]:
    """Seconds by stage and number of workers, and the files that came out different."""
    from stages import predict, prepare

    stages, different = list_stages(), set()
    with chdir(folder), ExitStack() as stack:
        for make in (prepare.main, predict.main):
            run_stage(partial(make, RUN), folder, n, "local")
        expected = {}
        for stage, work in stages.items():
            run_stage(work, folder, n, "local")
            expected[stage] = digest_stores(stage)
        params = read_params()
        addresses = {workers: start_cluster(workers, params, stack) for workers in WORKERS}
        seconds: dict[str, dict[int, list[float]]] = {
            stage: {workers: [] for workers in WORKERS} for stage in MEASURED
        }
        for repeat in range(repeats):
            for stage in MEASURED:
                for workers in WORKERS if repeat % 2 == 0 else WORKERS[::-1]:
                    taken = run_stage(stages[stage], folder, n, addresses[workers])
                    seconds[stage][workers].append(taken)
                    print(f"  {stage}, {workers} workers: {taken:.2f} s", flush=True)
                    different |= {*find_differences(expected[stage], digest_stores(stage))}
    return seconds, sorted(different)


def compare(seconds: dict[str, dict[int, list[float]]]) -> list[dict[str, Any]]:
    """Rows of the table: medians, speed-up over one worker, and that by the number of workers."""
    rows: list[dict[str, Any]] = []
    for stage, by_workers in seconds.items():
        alone = median(by_workers[WORKERS[0]])
        for workers, times in by_workers.items():
            speedup = alone / median(times)
            rows.append(
                {
                    "stage": stage,
                    "workers": workers,
                    "seconds": round(median(times), 3),
                    "speedup": round(speedup, 3),
                    "efficiency": round(speedup / workers, 3),
                }
            )
    return rows


def write_table(rows: Sequence[dict[str, Any]]) -> str:
    """The table, as text."""
    lines = [f"{'stage':12} {'workers':>8} {'seconds':>9} {'speed-up':>9} {'efficiency':>11}"]
    lines += [
        f"{row['stage']:12} {row['workers']:8} {row['seconds']:9.2f} {row['speedup']:9.2f}"
        f" {row['efficiency']:11.2f}"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="samples")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=_RESULTS, help="JSON file to write")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_params(folder, dataset=DATASET, model=MODEL, weights=WEIGHTS, sizes=[options.n])
        seconds, different = measure(folder, options.n, options.repeats)
    rows = compare(seconds)
    print(write_table(rows))
    told = ", ".join(different) or "none: the same bytes whatever the number of workers"
    print(f"files that differ: {told}")
    content = {
        **describe_machine(),
        "run": RUN,
        "n": options.n,
        "repeats": options.repeats,
        "rows": rows,
        "same_bytes": not different,
        "different": different,
    }
    options.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    if different:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
