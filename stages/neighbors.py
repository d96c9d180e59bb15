"""One nearest-neighbour graph per layer and size, for every embedding; the ten nearest for the app."""

from __future__ import annotations

import numpy as np

from layerscope.embedding.neighbors import nearest_neighbors
from layerscope.parallel import working
from layerscope.params import read_params
from layerscope.progress import track
from layerscope.storage.store import Store, Writer, library_versions, store_path, writing
from stages.command import run_stage

SHOWN = 10
DIMS = ["layer", "sample", "neighbor"]


def find(components: str, store: str, size: int, index: int, layer: str, k: int) -> np.ndarray:
    """Write the graph of one layer; its nearest few, (n, 10), all -1 where all samples are equal."""
    points = Store(components).read(f"{size}/{layer}")
    found = nearest_neighbors(points, k)
    writer = Writer.open(store)
    writer.fill(f"{size}/indices", index, found.indices[None])
    writer.fill(f"{size}/distances", index, found.distances[None])
    nearest = found.indices[:, :SHOWN]
    return nearest if points.any() else np.full_like(nearest, -1)


def main(run: str) -> None:
    params = read_params()
    components = Store(store_path(run, "components"))
    layers = components.attributes["layers"]
    facts = {"layers": layers, "versions": library_versions("scikit-learn")}
    storage = params.compute.storage
    counts = {  # neighbours by size, the longest work first
        size: min(params.neighbors.n_neighbors, size - 1)
        for size in reversed(params.run(run).sizes)
    }
    with (
        writing(store_path(run, "neighbors"), storage, **facts) as graph,
        writing(store_path(run, "nearest"), storage, **facts) as nearest,
        working(params.compute.scheduler) as workers,
    ):
        for size, k in counts.items():
            for name, dtype in (("indices", "int32"), ("distances", "float32")):
                graph.reserve(f"{size}/{name}", (len(layers), size, k), dtype, DIMS, rows=1)
        tasks = (
            (components.location, graph.location, size, index, layer, k)
            for size, k in counts.items()
            for index, layer in enumerate(layers)
        )
        results = track(workers.map(find, tasks), f"{run}: neighbours", len(counts) * len(layers))
        for size in counts:
            nearest.add(f"{size}/indices", np.stack([next(results) for _ in layers]), DIMS)


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
