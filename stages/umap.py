"""UMAP of every layer and size: to two dimensions, and to more for the tour."""

from __future__ import annotations

import numpy as np

from layerscope.alignment import align
from layerscope.embedding import embed_umap
from layerscope.neighbors import Neighbors
from layerscope.parallel import on_all_cores
from layerscope.params import Umap, read_params
from layerscope.progress import track
from layerscope.store import Store, library_versions, store_path, writing
from stages.command import run_stage


def embed_all_layers(run: str, size: int, n_components: int, settings: Umap) -> np.ndarray:
    """Embeddings (layers, samples, components), each begun where the layer before it ended.

    Turned onto the layer before, so that what moves between two layers is the data, not the view.
    """
    components, graph = Store(store_path(run, "components")), Store(store_path(run, "neighbors"))
    points: list[np.ndarray] = []
    for index, layer in enumerate(components.attributes["layers"]):
        neighbors = Neighbors(
            np.asarray(graph.array(f"{size}/indices")[index]),
            np.asarray(graph.array(f"{size}/distances")[index]),
        )
        embedded = embed_umap(
            components.read(f"{size}/{layer}"),
            neighbors,
            n_components=n_components,
            n_neighbors=settings.n_neighbors,
            min_dist=settings.min_dist,
            random_state=settings.random_state,
            init=points[-1] if points else None,
        )
        points.append(align(embedded, points[-1]) if points else embedded)
    return np.stack(points)


def main(run: str) -> None:
    params = read_params()
    layers = Store(store_path(run, "components")).attributes["layers"]
    tasks = [
        (run, size, n_components, params.umap)
        for size in reversed(params.run(run).sizes)
        for n_components in (params.umap.n_components, 2)
    ]
    with writing(
        store_path(run, "umap"), layers=layers, versions=library_versions("umap-learn")
    ) as store:
        results = on_all_cores(embed_all_layers, tasks)
        for task, points in zip(tasks, track(results, f"{run}: UMAP", len(tasks)), strict=True):
            _, size, n_components, _ = task
            store.add(f"{size}/{n_components}d", points, ["layer", "sample", "component"])


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
