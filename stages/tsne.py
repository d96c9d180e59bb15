"""t-SNE of every layer and size at one perplexity."""

from __future__ import annotations

import numpy as np

from layerscope.embedding.layouts import TsneEmbedding, effective_perplexity, embed_tsne
from layerscope.embedding.neighbors import Neighbors
from layerscope.errors import InputError
from layerscope.parallel import working
from layerscope.params import TsneParams, read_params
from layerscope.progress import track
from layerscope.storage.store import Store, library_versions, round_digits, store_path, writing
from stages.command import run_stage

KEEPBITS = 14  # of coordinates: on a plot of 3000 pixels, a tenth of one


def embed(
    components: str,
    neighbors: str,
    size: int,
    index: int,
    layer: str,
    perplexity: float,
    settings: TsneParams,
) -> TsneEmbedding:
    """One layer: reads its own inputs, so that little travels between processes."""
    graph = Store(neighbors)
    return embed_tsne(
        Store(components).read(f"{size}/{layer}"),
        Neighbors(
            graph.read(f"{size}/indices", index),
            graph.read(f"{size}/distances", index),
        ),
        perplexity=effective_perplexity(perplexity, size),
        early_exaggeration=settings.early_exaggeration,
        n_iter=settings.n_iter,
        tolerance=settings.tolerance,
        random_state=settings.random_state,
    )


def main(run: str, perplexity: str) -> None:
    params = read_params()
    try:
        wanted = float(perplexity)
    except ValueError:
        raise InputError(f"params.yaml: tsne.perplexity: {perplexity!r} is no number") from None
    sizes = params.run(run).sizes[::-1]  # the longest first
    components = Store(store_path(run, "components"))
    neighbors = Store(store_path(run, "neighbors"))
    layers = components.attributes["layers"]
    with (
        writing(
            store_path(run, f"tsne/{wanted:g}"),
            params.compute.storage,
            layers=layers,
            perplexity=wanted,
            effective_perplexity={str(size): effective_perplexity(wanted, size) for size in sizes},
            versions=library_versions("openTSNE"),
        ) as store,
        working(params.compute.scheduler) as workers,
    ):
        tasks = (
            (components.location, neighbors.location, size, index, layer, wanted, params.tsne)
            for size in sizes
            for index, layer in enumerate(layers)
        )
        label, total = f"{run}: t-SNE, perplexity {wanted:g}", len(sizes) * len(layers)
        results = track(workers.map(embed, tasks), label, total)
        for size in sizes:
            found: list[TsneEmbedding] = [next(results) for _ in layers]
            points = np.stack([each.points for each in found])
            divergence = np.array([each.kl_divergence for each in found], dtype=np.float32)
            store.add(
                f"{size}/points", round_digits(points, KEEPBITS), ["layer", "sample", "component"]
            )
            made = np.array([each.n_iter for each in found], dtype=np.int32)
            store.add(f"{size}/kl_divergence", divergence, ["layer"], unit="nat")
            store.add(f"{size}/n_iter", made, ["layer"])


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml", perplexity="one of tsne.perplexity")
