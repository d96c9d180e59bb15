"""How similar the layers of two runs are, and of each with its own; how similar by chance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from layerscope.errors import InputError
from layerscope.parallel import on_all_cores
from layerscope.params import Comparison, Params, read_params
from layerscope.progress import track
from layerscope.similarity import (
    Measure,
    choose_size,
    compare,
    compute_unit_cloud,
    compute_unit_gram,
    measure_cka,
    measure_nuclear,
    permute_samples,
)
from layerscope.store import Store, library_versions, store_path, writing
from stages.command import run_stage

STATISTICS = ("value", "null_mean", "null_high")


class Side(NamedTuple):
    """One of the compared runs: its layers, as Gram matrices (layers, n, n) and clouds (layers, n, k)."""

    name: str
    layers: list[str]
    grams: np.ndarray
    clouds: np.ndarray


def choose_samples(comparison: Comparison, params: Params) -> int:
    """How many samples are compared; refuses runs of different ones."""
    names = (comparison.first, comparison.second)
    sizes = [params.run(name).sizes for name in names]
    n = choose_size(sizes[0], sizes[1], params.similarity.size)
    if n is None:
        raise InputError(
            f"{names[0]} has sizes {list(sizes[0])}, {names[1]} {list(sizes[1])}: none of up to "
            f"{params.similarity.size} is in both; change `sizes` or similarity.size in params.yaml"
        )
    first, second = (Store(store_path(name, "samples")).attributes for name in names)
    if first["dataset"] != second["dataset"] or first["paths"][:n] != second["paths"][:n]:
        raise InputError(
            f"{names[0]} and {names[1]} do not have the same {n} samples in the same order; "
            "choose runs of one data set under `comparisons` in params.yaml"
        )
    return n


def read_side(name: str, run: str, n: int, params: Params) -> Side:
    """All layers of a run as the measures take them."""
    activations = Store(store_path(run, "activations"))
    pooled = f"pool{params.activations.pool_of(n)}"
    layers = activations.attributes["layers"]
    grams = np.empty((len(layers), n, n), dtype=np.float32)
    for gram, layer in zip(grams, track(layers, f"{run}: Gram matrices of {n}"), strict=True):
        features = np.asarray(activations.array(f"{pooled}/{layer}")[:n])
        gram[:] = compute_unit_gram(features.reshape(n, -1))
    embedding = Store(store_path(run, "umap")).read(f"{n}/{params.umap.n_components}d")
    clouds = np.stack([compute_unit_cloud(points) for points in embedding])
    return Side(name, layers, grams, clouds)


def list_tasks(sides: Sequence[Side]) -> dict[str, tuple[Measure, np.ndarray, np.ndarray]]:
    """What is measured of which layers, by the name of the array that keeps it."""
    tasks: dict[str, tuple[Measure, np.ndarray, np.ndarray]] = {}
    for first, second in combinations_with_replacement(sides, 2):
        pair = f"{first.name}-{second.name}"
        tasks[f"{pair}/cka"] = (measure_cka, first.grams, second.grams)
        tasks[f"{pair}/nuclear"] = (measure_nuclear, first.clouds, second.clouds)
    return tasks


def main(comparison: str) -> None:
    params = read_params()
    chosen, settings = params.comparison(comparison), params.similarity
    n = choose_samples(chosen, params)
    runs = dict.fromkeys((chosen.first, chosen.second))  # one, where a run is compared with itself
    sides = [
        read_side(name, run, n, params)
        for name, run in zip(("first", "second"), runs, strict=False)
    ]
    orders = permute_samples(n, settings.n_permutations, settings.random_state)
    facts = {
        "runs": [chosen.first, chosen.second],
        "layers": [side.layers for side in (sides[0], sides[-1])],
        "statistics": STATISTICS,
        "n": n,
        "n_permutations": settings.n_permutations,
        "versions": library_versions("numpy"),
    }
    tasks = list_tasks(sides)
    results = on_all_cores(compare, ((*task, orders) for task in tasks.values()))
    told = f"{comparison}: CKA and nuclear norm of {n}, {len(orders)} permutations"
    with writing(store_path("similarity", comparison), **facts) as store:
        for name, found in zip(tasks, track(results, told, len(tasks)), strict=True):
            statistics = np.stack([found.values, found.null_mean, found.null_high])
            store.add(name, statistics, ["statistic", "first_layer", "second_layer"], unit="1")


if __name__ == "__main__":
    run_stage(main, __doc__, comparison="an entry under `comparisons` in params.yaml")
