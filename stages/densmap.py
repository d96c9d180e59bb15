"""densMAP of every layer and size: UMAP that keeps how dense the samples lie."""

from __future__ import annotations

from functools import partial

import numpy as np

from layerscope.embedding.layouts import embed_umap
from layerscope.embedding.neighbors import Neighbors
from layerscope.params import DensmapParams, read_params
from layerscope.runs.planes import write_planes
from layerscope.storage.store import Store
from stages.command import run_stage


def embed(
    components: str, neighbors: str, size: int, index: int, layer: str, *, settings: DensmapParams
) -> np.ndarray:
    """One layer, (n, 2): reads its own inputs, so that little travels between processes."""
    graph = Store(neighbors)
    return embed_umap(
        Store(components).read(f"{size}/{layer}"),
        Neighbors(
            graph.read(f"{size}/indices", index),
            graph.read(f"{size}/distances", index),
        ),
        n_components=2,
        n_neighbors=settings.n_neighbors,
        min_dist=settings.min_dist,
        random_state=settings.random_state,
        dens_lambda=settings.dens_lambda,
    )


def main(run: str) -> None:
    params = read_params()
    write_planes(run, "densmap", partial(embed, settings=params.densmap), params, "umap-learn")


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
