"""PaCMAP of every layer and size."""

from __future__ import annotations

from functools import partial

import numpy as np

from layerscope.embedding.layouts import embed_pacmap
from layerscope.params import PacmapParams, read_params
from layerscope.runs.planes import write_planes
from layerscope.storage.store import Store
from stages.command import run_stage


def embed(
    components: str, _: str, size: int, __: int, layer: str, *, settings: PacmapParams
) -> np.ndarray:
    """One layer, (n, 2): reads its own input, so that little travels between processes."""
    return embed_pacmap(
        Store(components).read(f"{size}/{layer}"),
        n_neighbors=settings.n_neighbors,
        mn_ratio=settings.MN_ratio,
        fp_ratio=settings.FP_ratio,
        random_state=settings.random_state,
    )


def main(run: str) -> None:
    params = read_params()
    write_planes(run, "pacmap", partial(embed, settings=params.pacmap), params, "pacmap")


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
