"""One nearest-neighbour graph per layer and size, for every embedding; the ten nearest for the app."""

from __future__ import annotations

import numpy as np

from layerscope.neighbors import nearest_neighbors
from layerscope.params import read_params
from layerscope.progress import track
from layerscope.store import Store, library_versions, store_path, writing
from stages.command import run_stage

SHOWN = 10
DIMS = ["layer", "sample", "neighbor"]


def main(run: str) -> None:
    params = read_params()
    components = Store(store_path(run, "components"))
    layers = components.attributes["layers"]
    facts = {"layers": layers, "versions": library_versions("scikit-learn")}
    with (
        writing(store_path(run, "neighbors"), **facts) as graph,
        writing(store_path(run, "nearest"), **facts) as nearest,
    ):
        for size in params.run(run).sizes:
            k = min(params.neighbors.n_neighbors, size - 1)
            shape = (len(layers), size, k)
            shown = np.empty((len(layers), size, SHOWN), dtype=np.int32)
            with (
                graph.streaming(f"{size}/indices", shape, "int32", DIMS) as append_indices,
                graph.streaming(f"{size}/distances", shape, "float32", DIMS) as append_distances,
            ):
                for index, layer in enumerate(track(layers, f"{run}: neighbours of {size}")):
                    found = nearest_neighbors(components.read(f"{size}/{layer}"), k)
                    append_indices(found.indices[None])
                    append_distances(found.distances[None])
                    shown[index] = found.indices[:, :SHOWN]
            nearest.add(f"{size}/indices", shown, DIMS)


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
