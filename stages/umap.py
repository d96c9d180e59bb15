"""UMAP of every layer and size: to two dimensions, and to more for the tour."""

from __future__ import annotations

import numpy as np

from layerscope.embedding.alignment import align
from layerscope.embedding.layouts import embed_umap
from layerscope.embedding.neighbors import Neighbors
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
    clouds = [
        (size, n_components)
        for size in reversed(params.run(run).sizes)
        for n_components in (params.umap.n_components, 2)
    ]
    chains = [
        [
            (components.location, neighbors.location, *cloud, index, layer, params.umap)
            for index, layer in enumerate(layers)
        ]
        for cloud in clouds
    ]
    points = [np.empty((len(layers), *cloud), dtype=np.float32) for cloud in clouds]
    with (
        writing(
            store_path(run, "umap"),
            params.compute.storage,
            layers=layers,
            versions=library_versions("umap-learn"),
        ) as store,
        working(params.compute.scheduler) as workers,
    ):
        results = workers.follow(embed, chains)
        for chain, step, found in track(results, f"{run}: UMAP", len(clouds) * len(layers)):
            points[chain][step] = found
        for (size, n_components), values in zip(clouds, points, strict=True):
            store.add(
                f"{size}/{n_components}d",
                round_digits(values, KEEPBITS),
                ["layer", "sample", "component"],
            )


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
