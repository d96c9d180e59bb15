"""Our side of the comparison: the stages themselves, one after another, as a user's pipeline runs them.

Timed with all that they do: starting worker processes, which import what they need; reading what the
stage before wrote; writing stores.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from distributed import Client

from bench.measured import Measured
from bench.projects import write_params
from layerscope.parallel import count_processes, start_workers
from layerscope.params import Params, read_params
from layerscope.storage.store import DATA, Store, store_path
from stages import activations, neighbors, pca, tsne


def list_stores(params: Params) -> list[str]:
    """Names of all stores that the side writes."""
    embeddings = [f"tsne/{perplexity:g}" for perplexity in params.tsne.perplexity]
    return ["activations", "components", "pca", "neighbors", "nearest", *embeddings]


def run(name: str) -> Measured:
    """All layers of a run, in the working folder."""
    measured = Measured()
    with measured.timing("forward", "activations"):
        activations.main(name)
    with measured.timing("PCA", "pca"):
        pca.main(name)
    with measured.timing("t-SNE", "neighbors"):
        neighbors.main(name)
    for perplexity in read_params().tsne.perplexity:
        with measured.timing("t-SNE", f"tsne {perplexity:g}"):
            tsne.main(name, f"{perplexity:g}")
    return measured


def run_on_running_workers(name: str, folder: Path, **written: Any) -> Measured:
    """The same on workers that run already: neither their start nor their imports are timed.

    Parameters
    ----------
    name : str
        Of the run.
    folder : Path
        Of the project; the working folder.
    **written
        What its parameters were written with.
    """
    with start_workers(count_processes()) as cluster, Client(cluster) as client:
        client.run(import_libraries)
        try:
            write_params(folder, **written, scheduler=cluster.scheduler_address)
            return run(name)
        finally:
            write_params(folder, **written)


def import_libraries() -> None:
    """What tasks of these stages import, as the recipe's process has imported all of its own."""
    from layerscope.embedding import layouts, neighbors, pca, tsne_gradient  # noqa: F401

    import_module("openTSNE")
    import_module("openTSNE.affinity")


def read_points(folder: Path, name: str, n: int, perplexity: float) -> np.ndarray:
    """What the side laid out at a perplexity, (layers, n, 2)."""
    return Store(folder / DATA / name / f"tsne/{perplexity:g}.zarr").read(f"{n}/points")


def list_places(name: str, params: Params) -> list[Path]:
    """Paths of all stores that the side writes, below the project folder."""
    return [store_path(name, store) for store in list_stores(params)]
