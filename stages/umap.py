"""UMAP of every layer and size: to two dimensions, and to more for the tour; what another seed changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from layerscope.embedding.alignment import align
from layerscope.embedding.defined import count_neighbors
from layerscope.embedding.layouts import embed_umap
from layerscope.embedding.neighbors import Neighbors
from layerscope.embedding.repetition import Repetition, measure_repetition
from layerscope.parallel import working
from layerscope.params import UmapParams, read_params
from layerscope.progress import track
from layerscope.storage.store import Store, library_versions, round_digits, store_path, writing
from stages.command import run_stage

KEEPBITS = 14  # of coordinates: on a plot of 3000 pixels, a tenth of one


def embed(
    before: np.ndarray | None,
    components: str,
    neighbors: str,
    size: int,
    n_components: int,
    index: int,
    layer: str,
    settings: UmapParams,
) -> np.ndarray:
    """One layer, (samples, components), begun where the layer before it ended.

    Turned onto the layer before, so that what moves between two layers is the data, not the view.
    """
    graph = Store(neighbors)
    points = embed_umap(
        Store(components).read(f"{size}/{layer}"),
        Neighbors(
            graph.read(f"{size}/indices", index),
            graph.read(f"{size}/distances", index),
        ),
        n_components=n_components,
        n_neighbors=settings.n_neighbors,
        min_dist=settings.min_dist,
        random_state=settings.random_state,
        init=before,
    )
    return points if before is None else align(points, before)


def main(run: str) -> None:
    params = read_params()
    components = Store(store_path(run, "components"))
    neighbors = Store(store_path(run, "neighbors"))
    layers = components.attributes["layers"]
    seed = params.umap.random_state
    seeds = (seed, (seed + 1) % 2**32)  # the second shows what the first has decided
    clouds = list(product(reversed(params.run(run).sizes), (params.umap.n_components, 2)))
    settings = [replace(params.umap, random_state=each) for each in seeds]
    chains = [
        [
            (components.location, neighbors.location, *cloud, index, layer, each)
            for index, layer in enumerate(layers)
        ]
        for cloud, each in product(clouds, settings)
    ]
    points = {cloud: np.empty((2, len(layers), *cloud), dtype=np.float32) for cloud in clouds}
    facts = {"random_states": seeds, "repetition": Repetition._fields}
    with (
        writing(
            store_path(run, "umap"),
            params.compute.storage,
            layers=layers,
            **facts,
            versions=library_versions("umap-learn"),
        ) as store,
        working(params.compute.scheduler) as workers,
    ):
        results = workers.follow(embed, chains)
        for chain, step, found in track(results, f"{run}: UMAP", len(chains) * len(layers)):
            points[clouds[chain // 2]][chain % 2, step] = found
        for (size, n_components), (values, again) in points.items():
            k = count_neighbors(params.metrics.n_neighbors, size)
            repeated = workers.map(
                measure_repetition, [(*pair, k) for pair in zip(values, again, strict=True)]
            )
            name, dims = f"{size}/{n_components}d", ["layer", "sample", "component"]
            store.add(name, round_digits(values, KEEPBITS), dims)
            figures = np.array(list(repeated), dtype=np.float32)
            store.add(f"{name}_repeated", figures, ["layer", "figure"], unit="1")


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
