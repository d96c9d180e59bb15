"""What the whole of ImageNet would take, from what was measured: ``python -m bench.plan``.

Reads ``docs/bench-stages.json`` (7000 samples, `vgg16_slim`) and ``docs/bench-units.json``, and prints the
tables of ``docs/imagenet.md``. Whatever grows with the samples is scaled by their number, what grows with
pairs of samples by its square; sizes of arrays follow from the layers' shapes. Nothing here was run.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from typing import Any

from bench.projects import ROOT
from bench.units import load

SAMPLES = 1_281_167  # of ImageNet's training set
_MEASURED = "objects-vgg16_slim 100,1000,7000"
_N = 7000
_POOL = 8
_COMPRESSED = 0.76  # of a layer's float16 values, as measured with 1000 samples
_NEIGHBORS = 270
_COMPONENTS = 256  # kept of each layer, once PCA is no longer exact
_PASSES = 2  # over the data, of a randomised PCA (Halko, Martinsson and Tropp 2011)
_GIGA = 1e9


@dataclass(frozen=True)
class Costs:
    """Measured unit costs.

    Attributes
    ----------
    stages : dict
        Processor seconds of each stage at 7000 samples of `vgg16_slim`.
    forward : dict
        By model, milliseconds of one thread for a picture: decoded, sent through, averaged over cells.
    rate : float
        Multiply-adds a second of one thread, in products of matrices.
    picture_bytes : float
    """

    stages: dict[str, float]
    forward: dict[str, float]
    rate: float
    picture_bytes: float


def read_costs() -> Costs:
    """From the results of the other benchmarks."""
    rows = json.loads((ROOT / "docs/bench-stages.json").read_text(encoding="utf-8"))["runs"][
        _MEASURED
    ]
    units = json.loads((ROOT / "docs/bench-units.json").read_text(encoding="utf-8"))
    stored = next(row["stored_mb"] for row in rows if row["stage"] == "prepare")
    return Costs(
        {row["stage"]: row["processor_seconds"] for row in rows},
        {
            row["model"]: row["ms"]
            for row in units["models"]
            if row["step"] == "decode, forward, pool"
        },
        units["rate_one_thread"],
        stored * 2**20 / _N,
    )


def list_widths(model: str) -> list[int]:
    """Values that are kept of one sample, layer by layer."""
    from layerscope.activations.averaging import Averaging
    from layerscope.activations.pooling import pooled_shape
    from layerscope.models.layer_table import layer_table

    cells = Averaging("pool", _POOL)
    return [math.prod(pooled_shape(layer, cells)) for layer in layer_table(load(model))]


def list_bytes(widths: list[int], n: int, costs: Costs, outputs: int) -> dict[str, float]:
    """Bytes of each store."""
    layers = len(widths)
    return {
        "samples": n * costs.picture_bytes,
        "predictions": 4 * n * outputs,
        "activations": 2 * n * sum(widths) * _COMPRESSED,
        "components": 4 * n * sum(min(width, _COMPONENTS) for width in widths),
        "neighbors": 8 * n * _NEIGHBORS * layers,
        "embeddings": 4 * n * layers * (3 * 2 + 2 + 15),
    }


def list_hours(model: str, widths: list[int], n: int, costs: Costs) -> dict[str, float]:
    """Processor hours of each stage as it is, and of PCA as it would have to be."""
    linear, pairs = n / _N / 3600, (n / _N) ** 2 / 3600
    forward = n * costs.forward[model] / 1000 / 3600
    slow = costs.forward[model] / costs.forward["vgg16_slim"]
    tsne = sum(taken for stage, taken in costs.stages.items() if stage.startswith("tsne"))
    return {
        "prepare": costs.stages["prepare"] * linear,
        "predict, activations, channels": 3 * forward,
        "cam": costs.stages["cam"] * linear * slow,
        "PCA, exact, over covariances": sum(n * width**2 / 2 + 4 / 3 * width**3 for width in widths)
        / costs.rate
        / 3600,
        f"PCA, randomised, {_COMPONENTS} components": sum(
            2 * _PASSES * n * width * min(width, _COMPONENTS) for width in widths
        )
        / costs.rate
        / 3600,
        "neighbors, exact": costs.stages["neighbors"] * pairs,
        "tsne, exact": tsne * pairs,
        "umap": costs.stages["umap"] * linear,
        "metrics": costs.stages["metrics"] * pairs,
    }


def write_table(title: str, columns: dict[str, dict[str, float]], unit: str) -> str:
    """A table in Markdown, a column a model."""
    lines = [f"| {title} | " + " | ".join(f"`{name}`" for name in columns) + " |"]
    lines.append("| --- |" + " --- |" * len(columns))
    for row in next(iter(columns.values())):
        values = " | ".join(
            f"{float(f'{column[row]:.3g}'):,g} {unit}" for column in columns.values()
        )
        lines.append(f"| {row} | {values} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    n = parser.parse_args().samples
    costs = read_costs()
    sizes: dict[str, dict[str, Any]] = {}
    hours: dict[str, dict[str, Any]] = {}
    for model in ("vgg16_slim", "vgg16"):
        widths = list_widths(model)
        found = list_bytes(widths, n, costs, outputs=1000)
        sizes[model] = {name: value / _GIGA for name, value in found.items()}
        hours[model] = list_hours(model, widths, n, costs)
        print(f"{model}: {len(widths)} nodes, widest {max(widths):,}")
    print(write_table("store", sizes, "GB"), "", sep="\n")
    print(write_table("stage", hours, "h"))


if __name__ == "__main__":
    main()
