"""How similar the layers of two runs are, and of each with its own; how similar by chance, and by classes."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from layerscope.embedding.defined import tell_silhouette
from layerscope.embedding.similarity import (
    STATISTICS,
    bound_cka,
    choose_size,
    compute_unit_cloud,
    compute_unit_gram,
    find_null,
    measure_cka,
    measure_nuclear,
    permute_samples,
)
from layerscope.errors import InputError
from layerscope.parallel import working
from layerscope.params import Comparison, Params, read_params
from layerscope.progress import track
from layerscope.storage.store import Store, library_versions, store_path, writing
from stages.command import run_stage


class ComparedRun(NamedTuple):
    """One of the compared runs: where its layers are, in full and embedded.

    Attributes
    ----------
    name : str
    layers : list of str
    activations, embedding : str
        Locations of stores.
    pooled, cloud : str
        Names of the group and the array in them.
    """

    name: str
    layers: list[str]
    activations: str
    pooled: str
    embedding: str
    cloud: str


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


def find_side(name: str, run: str, n: int, params: Params) -> ComparedRun:
    """Where the layers of a run are."""
    activations = Store(store_path(run, "activations"))
    return ComparedRun(
        name,
        list(activations.attributes["layers"]),
        activations.location,
        params.activations.averaging_of(n).name,
        Store(store_path(run, "umap")).location,
        f"{n}/{params.umap.n_components}d",
    )


def read_grams(side: ComparedRun, n: int) -> np.ndarray:
    """All layers in full, (layers, n, n)."""
    store = Store(side.activations)
    grams = np.empty((len(side.layers), n, n), dtype=np.float32)
    for gram, layer in zip(grams, side.layers, strict=True):
        features = store.read(f"{side.pooled}/{layer}", slice(n))
        gram[:] = compute_unit_gram(features.reshape(n, -1))
    return grams


def read_clouds(side: ComparedRun, n: int) -> np.ndarray:
    """All layers embedded, (layers, n, k)."""
    return np.stack(
        [compute_unit_cloud(points) for points in Store(side.embedding).read(side.cloud)]
    )


MEASURES = {"cka": (measure_cka, read_grams), "nuclear": (measure_nuclear, read_clouds)}


def compare_sides(
    name: str,
    first: ComparedRun,
    second: ComparedRun,
    labels: np.ndarray,
    n_permutations: int,
    random_state: int,
) -> np.ndarray:
    """All `STATISTICS` of one measure, (statistic, first, second): reads its own inputs."""
    measure, read = MEASURES[name]
    n = len(labels)
    layers = read(first, n)
    others = layers if second == first else read(second, n)
    values = measure(layers, others, None)
    unknown = np.full_like(values, np.nan)
    found = [values]
    for classes in (None, labels):
        if classes is not None and tell_silhouette(classes):  # nothing to permute within them, too
            found += [unknown, unknown]
            continue
        orders = permute_samples(n, n_permutations, random_state, classes)
        found += find_null(measure, layers, others, orders)
    found += bound_cka(layers, others) if name == "cka" else [unknown, unknown]
    return np.stack(found)


def main(comparison: str) -> None:
    params = read_params()
    chosen, settings = params.comparison(comparison), params.similarity
    n = choose_samples(chosen, params)
    labels = Store(store_path(chosen.first, "samples")).read("label")[:n].astype(np.int64)
    runs = dict.fromkeys((chosen.first, chosen.second))  # one, where a run is compared with itself
    sides = [
        find_side(name, run, n, params)
        for name, run in zip(("first", "second"), runs, strict=False)
    ]
    facts = {
        "runs": [chosen.first, chosen.second],
        "layers": [side.layers for side in (sides[0], sides[-1])],
        "statistics": STATISTICS,
        "n": n,
        "n_permutations": settings.n_permutations,
        "without_classes": tell_silhouette(labels),
        "versions": library_versions("numpy"),
    }
    pairs = list(combinations_with_replacement(sides, 2))
    tasks = [
        (measure, *pair, labels, settings.n_permutations, settings.random_state)
        for pair in pairs
        for measure in MEASURES
    ]
    told = f"{comparison}: CKA and nuclear norm of {n}, {settings.n_permutations} permutations"
    with (
        writing(store_path("similarity", comparison), params.compute.storage, **facts) as store,
        working(params.compute.scheduler) as workers,
    ):
        results = track(workers.map(compare_sides, tasks), told, len(tasks))
        for (measure, first, second, *_), found in zip(tasks, results, strict=True):
            store.add(
                f"{first.name}-{second.name}/{measure}",
                found,
                ["statistic", "first_layer", "second_layer"],
                unit="1",
            )


if __name__ == "__main__":
    run_stage(main, __doc__, comparison="an entry under `comparisons` in params.yaml")
