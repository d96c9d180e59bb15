"""t-SNE of every layer and size at one perplexity."""

from __future__ import annotations

import numpy as np

from layerscope.embedding import TsneEmbedding, effective_perplexity, embed_tsne
from layerscope.errors import InputError
from layerscope.neighbors import Neighbors
from layerscope.parallel import on_all_cores
from layerscope.params import Tsne, read_params
from layerscope.progress import track
from layerscope.store import Store, library_versions, store_path, writing
from stages.command import run_stage


def embed(run: str, size: int, index: int, layer: str, perplexity: float, settings: Tsne):
    """One layer: reads its own inputs, so that little travels between processes."""
    graph = Store(store_path(run, "neighbors"))
    neighbors = Neighbors(
        np.asarray(graph.array(f"{size}/indices")[index]),
        np.asarray(graph.array(f"{size}/distances")[index]),
    )
    return embed_tsne(
        Store(store_path(run, "components")).read(f"{size}/{layer}"),
        neighbors,
        perplexity=effective_perplexity(perplexity, size),
        early_exaggeration=settings.early_exaggeration,
        n_iter=settings.n_iter,
        random_state=settings.random_state,
    )


def main(run: str, perplexity: str) -> None:
    params = read_params()
    try:
        wanted = float(perplexity)
    except ValueError:
        raise InputError(f"params.yaml: tsne.perplexity: {perplexity!r} is no number") from None
    sizes = params.run(run).sizes
    layers = Store(store_path(run, "components")).attributes["layers"]
    with writing(
        store_path(run, f"tsne/{wanted:g}"),
        layers=layers,
        perplexity=wanted,
        effective_perplexity={str(size): effective_perplexity(wanted, size) for size in sizes},
        versions=library_versions("openTSNE"),
    ) as store:
        for size in sizes:
            tasks = ((run, size, i, layer, wanted, params.tsne) for i, layer in enumerate(layers))
            label = f"{run}: t-SNE of {size}, perplexity {wanted:g}"
            results: list[TsneEmbedding] = list(
                track(on_all_cores(embed, tasks), label, total=len(layers))
            )
            points = np.stack([each.points for each in results])
            divergence = np.array([each.kl_divergence for each in results], dtype=np.float32)
            store.add(f"{size}/points", points, ["layer", "sample", "component"])
            store.add(f"{size}/kl_divergence", divergence, ["layer"], unit="nat")


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml", perplexity="one of tsne.perplexity")
