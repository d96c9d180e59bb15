"""From pictures to embeddings, the usual recipe and ours in turn: ``make bench``.

The same pictures, the same model and the same settings. By default all layers and perplexities of 1000
samples; a smaller number of samples, or some layers only, is a part, and only that part is compared and
told. Each side runs in a process of its own, so that its memory is its own; sides alternate, and medians
are printed. What libraries take to be imported is not counted; what workers take to start, and to import, is,
and once more on workers that run already it is not. Both sides'
embeddings are judged by the recipe's own principal components, and by the same formulas.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from contextlib import chdir
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.comparison import (
    RUNNING,
    SIDES,
    compare,
    compare_quality,
    list_parts,
    write_quality,
    write_rows,
)
from bench.measured import Measured
from bench.memory import run_watched
from bench.projects import (
    ROOT,
    count_bytes,
    environment,
    keep_layers,
    write_params,
)
from layerscope.names import name_run

DATASET, MODEL = "objects", "vgg16_slim"
WEIGHTS = "weights/rendered/vgg16_slim.safetensors"
RUN = name_run(DATASET, MODEL)
_RESULTS = ROOT / "docs" / "bench-reduction.json"
_ANSWER = "answer.json"


def prepare(folder: Path, n: int, layers: list[str] | None) -> list[Any]:
    """A project with pictures and predictions, which both sides start from; all nodes of the network."""
    from layerscope.runs.predictions import Predictions
    from layerscope.storage.store import store_path

    write_params(folder, **describe(n))
    for stage in ("prepare", "predict"):
        command = [sys.executable, "-m", f"stages.{stage}", RUN]
        if run_watched(command, folder, environment()).status:
            raise SystemExit(f"error: stages.{stage} failed")
    with chdir(folder):
        network = list(Predictions(store_path(RUN, "predictions")).layers)
        if layers:
            keep_layers(RUN, layers)
    return network


def describe(n: int) -> dict[str, Any]:
    """What a project's parameters are written with."""
    return {"dataset": DATASET, "model": MODEL, "weights": WEIGHTS, "sizes": [n]}


def run_side(side: str, n: int) -> None:
    """Do one side's work in the working folder, and leave there what it took."""
    from bench import pipeline, recipe

    if side == "recipe":
        measured = recipe.run(RUN, n)
    elif side == RUNNING:
        measured = pipeline.run_on_running_workers(RUN, Path.cwd(), **describe(n))
    else:
        measured = pipeline.run(RUN)
    Path(_ANSWER).write_text(json.dumps(asdict(measured)), encoding="utf-8")


def list_outputs(side: str, folder: Path) -> list[Path]:
    """What a side stores."""
    from bench import pipeline, recipe
    from layerscope.params import PARAMS, read_params

    if side == "recipe":
        return [folder / recipe.STORED]
    return [folder / path for path in pipeline.list_places(RUN, read_params(folder / PARAMS))]


def measure_side(side: str, n: int, folder: Path) -> Measured:
    """Run a side in a fresh process that finds nothing of its own there, and watch it."""
    outputs = list_outputs(side, folder)
    for path in outputs:
        shutil.rmtree(path, ignore_errors=True)
    command = [sys.executable, "-m", "bench.reduction", "--side", side, "--n", str(n)]
    watched = run_watched(command, folder, environment())
    if watched.status:
        raise SystemExit(f"error: {side} failed")
    measured = Measured(**json.loads((folder / _ANSWER).read_text(encoding="utf-8")))
    measured.peak_mb = watched.peak_bytes / 2**20
    measured.processor_seconds = watched.processor_seconds
    measured.bytes = sum(count_bytes(path) for path in outputs)
    return measured


def judge_sides(folder: Path, n: int) -> dict[str, list[dict[str, Any]]]:
    """By side a row a layer and perplexity, of what both sides left in the folder."""
    import numpy as np

    from bench import pipeline, recipe
    from bench.quality import judge
    from layerscope.params import PARAMS, read_params
    from layerscope.runs.predictions import Predictions
    from layerscope.runs.samples import Samples
    from layerscope.storage.store import DATA

    data = folder / DATA / RUN
    labels = Samples(data / "samples.zarr").labels[:n]
    perplexities = read_params(folder / PARAMS).tsne.perplexity
    ours = {each: pipeline.read_points(folder, RUN, n, each) for each in perplexities}
    rows: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for index, layer in enumerate(Predictions(data / "predictions.zarr").layers):
        usual = {
            each: np.load(folder / recipe.STORED / f"{recipe.tsne_name(layer.key, each)}.npy")
            for each in perplexities
        }
        scores = np.load(folder / recipe.SCORES / f"{layer.key}.npy")
        found = judge(
            scores,
            {"recipe": usual, "ours": {each: ours[each][index] for each in perplexities}},
            labels,
        )
        for side in SIDES:
            rows[side] += [{"layer": layer.key, **row} for row in found[side]]
    return rows


def find_floors(network: list[Any], layers: list[str] | None, n: int) -> dict[str, float]:
    """Seconds of pure arithmetic by phase, and the rate that they are reckoned with."""
    from bench.floors import list_floors
    from bench.machine import measure_peak_rate
    from layerscope.params import read_params

    part = [layer for layer in network if not layers or layer.key in layers]
    averaging = read_params(ROOT / "params.yaml").activations.averaging_of(n)
    rate = measure_peak_rate()
    return {**list_floors(network, part, n, averaging, rate), "peak_gmacs": rate / 1e9}


def measure(n: int, layers: list[str] | None, repeats: int) -> dict[str, Any]:
    """Everything, in a project folder that is gone afterwards."""
    from bench.machine import describe_machine
    from layerscope.params import read_params

    measured: dict[str, list[Measured]] = {side: [] for side in (*SIDES, RUNNING)}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        network = prepare(folder, n, layers)
        chosen = layers or [layer.key for layer in network]
        print(f"{n} samples of {RUN}, {len(chosen)} of {len(network)} layers", flush=True)
        floors = find_floors(network, layers, n)
        for _ in range(repeats):
            for side in measured:
                measured[side].append(measure_side(side, n, folder))
                print(f"  {side}: {measured[side][-1].total:.1f} s", flush=True)
            for side, rows in judge_sides(folder, n).items():
                measured[side][-1].quality = rows
    return {
        **describe_machine(),
        "run": RUN,
        "n": n,
        "layers": chosen,
        "whole": len(chosen) == len(network),
        "perplexity": list(read_params(ROOT / "params.yaml").tsne.perplexity),
        "repeats": repeats,
        "peak_gmacs": floors["peak_gmacs"],
        "rows": compare(measured, floors),
        "quality": compare_quality(measured),
        "parts": list_parts(measured),
        "totals": {side: [each.total for each in found] for side, found in measured.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="samples")
    parser.add_argument("--layers", nargs="+", help="a part; all by default")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--side", choices=(*SIDES, RUNNING), help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, default=_RESULTS, help="JSON file to write")
    options = parser.parse_args()
    if options.side:
        run_side(options.side, options.n)
        return
    found = measure(options.n, options.layers, options.repeats)
    print(write_rows(found["rows"]))
    print(write_quality(found["quality"]))
    for side, parts in found["parts"].items():
        print(f"{side}: " + ", ".join(f"{part} {taken:.1f} s" for part, taken in parts.items()))
    print(f"floors at {found['peak_gmacs']:.0f} billion multiply-adds a second")
    options.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
