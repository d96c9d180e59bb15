"""What single steps cost: a picture through a model, one t-SNE, one PCA: ``python -m bench.units``.

Pictures: decoded, sent through the model, and both with all nodes averaged over cells, as a worker does
it, in one process with one thread. t-SNE: ours and each library's on the same generated clusters, with
the divergence that each reaches after the same number of iterations, by one exact formula. PCA: of a
layer as large as 7000 samples have.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import chdir
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bench.machine import describe_machine, measure_peak_rate, one_thread
from bench.projects import ROOT
from bench.tsne_libraries import measure_tsne
from layerscope.activations.averaging import Averaging

_RESULTS = ROOT / "docs" / "bench-units.json"
_RUN = "objects-vgg16_slim"
# vgg16 with random weights: what they cost does not depend on their values.
MODELS = {
    "vgg16_slim": ROOT / "weights/rendered/vgg16_slim.safetensors",
    "efficientnet_lite0": None,
    "vgg16": None,
}
_REPEATS = 25
_POOL = Averaging("grid", 7)
PARTS = ("models", "tsne", "pca")
Row = dict[str, Any]
Step = Callable[[], object]


def measure_steps(steps: dict[str, Step], repeats: int) -> dict[str, list[float]]:
    """Seconds of each, in turn; once before, which is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(repeats + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if repeat:
                seconds[name].append(time.perf_counter() - start)
    return seconds


# --- a picture through a model -----------------------------------------------------------------


def load(model: str) -> Any:
    """A classifier of `MODELS`; nothing is downloaded."""
    from layerscope.models.registry import Classifier, inputs_of, load_model
    from layerscope.vision import torchvision

    if model != "vgg16":
        return load_model(model, MODELS[model])
    import torch

    torch.manual_seed(0)
    module = torchvision.models.vgg16(weights=None).eval()
    return Classifier(model, module, inputs_of(model), ())


def list_steps(model: str, samples: Any) -> tuple[dict[str, Step], int]:
    """What is measured of a model, and the number of pictures at once."""
    import torch

    from layerscope.activations.pooling import forward, pool
    from layerscope.models.layer_table import layer_table
    from layerscope.params import read_params

    classifier, n = load(model), read_params(ROOT / "params.yaml").activations.batch_size
    layers, pictures = layer_table(classifier), samples.pictures(0, n)

    def send() -> object:
        with torch.inference_mode():
            return classifier.module(classifier.to_inputs(pictures))

    def collect() -> object:
        found: list[np.ndarray] = []
        forward(
            classifier,
            samples.pictures(0, n),
            layers,
            lambda _key, output: found.extend(pool(output, _POOL)),
        )
        return found

    steps: dict[str, Step] = {
        "decode": lambda: samples.pictures(0, n),
        "forward": send,
        "decode, forward, pool": collect,
    }
    return steps, n


def measure_models(models: Sequence[str], repeats: int) -> list[Row]:
    """Milliseconds a picture: the median, and the ratio to the forward pass alone."""
    from layerscope.runs.samples import Samples
    from layerscope.storage.store import store_path

    with chdir(ROOT):
        samples = Samples(store_path(_RUN, "samples"))
        rows: list[Row] = []
        with one_thread():
            for model in models:
                steps, n = list_steps(model, samples)
                seconds = measure_steps(steps, repeats)
                alone = median(seconds["forward"])
                for name, times in seconds.items():
                    row = {
                        "model": model,
                        "step": name,
                        "ms": round(1000 * median(times) / n, 3),
                        "fastest_ms": round(1000 * min(times) / n, 3),
                        "to_forward": round(median(times) / alone, 3),
                        "batch": n,
                    }
                    rows.append(row)
                    print(
                        f"{model:20} {name:24} {row['ms']:9.2f} ms {row['to_forward']:6.2f}",
                        flush=True,
                    )
    return rows


# --- one PCA -----------------------------------------------------------------------------------


def measure_pca(n: int, d: int) -> list[Row]:
    """Seconds with one thread and with all, beside the product of matrices at the machine's peak."""
    from layerscope.embedding.pca import principal_components
    from layerscope.params import read_params

    variance = read_params(ROOT / "params.yaml").pca.variance
    rng = np.random.default_rng(0)
    # A few hundred directions and noise, as a layer has.
    features = rng.normal(size=(n, 200), scale=3).astype(np.float32) @ rng.normal(
        size=(200, d), scale=0.07
    ).astype(np.float32)
    features += rng.normal(size=(n, d), scale=0.3).astype(np.float32)
    features = features.astype(np.float16)
    floor = n * d * min(n, d) / 2 / measure_peak_rate()
    rows = []

    def run() -> tuple[float, int]:
        start = time.perf_counter()
        kept = principal_components(features, variance).scores.shape[1]
        return time.perf_counter() - start, kept

    for threads in sorted({1, os.cpu_count() or 1}):
        with threadpool_limits(threads):
            seconds, kept = run()
        row = {"n": n, "d": d, "threads": threads, "seconds": seconds, "kept": kept}
        rows.append({**row, "gram_floor": floor})
        print(
            f"PCA {n} x {d}, {threads} threads: {seconds:.2f} s, {kept} components; "
            f"product of matrices at peak, all cores: {floor:.2f} s",
            flush=True,
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--n", type=int, default=7000, help="points of t-SNE and PCA")
    parser.add_argument("--perplexity", type=float, default=30.0)
    parser.add_argument("--d", type=int, default=12_544, help="columns of PCA")
    parser.add_argument("--repeats", type=int, default=_REPEATS, help="of the models' steps")
    parser.add_argument("--output", type=Path, default=_RESULTS, help="JSON file to write")
    options = parser.parse_args()
    content: dict[str, Any] = {
        **describe_machine(),
        "tsne_data": "generated: ten clusters in 50 dimensions",
        "pca_data": "generated: 200 directions and noise, float16",
    }
    with one_thread():
        content["rate_one_thread"] = measure_peak_rate()
    if "models" in options.parts:
        content["models"] = measure_models(options.models, options.repeats)
    if "tsne" in options.parts:
        content["tsne"] = measure_tsne(options.n, options.perplexity)
    if "pca" in options.parts:
        content["pca"] = measure_pca(options.n, options.d)
    options.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
