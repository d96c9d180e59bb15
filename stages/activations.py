"""One forward pass over the samples: downsampled activations of every layer, for all sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from layerscope.activations.pooling import forward, pool, pooled_shape
from layerscope.models.layers import Layer
from layerscope.params import Params, read_params
from layerscope.runs.blocks import (
    count_rows,
    list_batches,
    list_blocks,
    load_classifier,
    run_blocks,
)
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import Writer, library_versions, store_path, writing
from stages.command import run_stage


def choose_factors(run: str, params: Params) -> dict[int, int]:
    """The largest size that each pooling factor serves: smaller ones are its first rows."""
    return {params.activations.pool_of(size): size for size in params.run(run).sizes}


def collect(
    samples: str,
    store: str,
    run: str,
    start: int,
    stop: int,
    layers: Sequence[Layer],
    params: Params,
) -> None:
    """All layers of one block, written to shards of its own."""
    classifier = load_classifier(params.run(run), params.device)
    pictures = Samples(samples).pictures
    factors = choose_factors(run, params)
    found: dict[tuple[int, str], list[np.ndarray]] = {}
    for at, end in list_batches(start, stop, params.activations.batch_size):

        def receive(key: str, output: torch.Tensor, at: int = at) -> None:
            for factor, n in factors.items():
                if at < n:
                    found.setdefault((factor, key), []).append(pool(output[: n - at], factor))

        forward(classifier, pictures(at, end), tuple(layers), receive)
    writer = Writer.open(store)
    for (factor, key), batches in found.items():
        writer.fill(f"pool{factor}/{key}", start, np.concatenate(batches))


def main(run: str) -> None:
    params = read_params()
    samples = Samples(store_path(run, "samples"))
    layers = Predictions(store_path(run, "predictions")).layers
    factors = choose_factors(run, params)
    shapes = {
        (factor, layer.key): pooled_shape(layer, factor) for factor in factors for layer in layers
    }
    row_bytes = 2 * sum(int(np.prod(shape)) for shape in shapes.values())
    rows = count_rows(len(samples), row_bytes, params.activations.batch_size)
    facts = {
        "layers": [layer.key for layer in layers],
        "versions": library_versions("torch", "torchvision"),
    }
    with writing(store_path(run, "activations"), params.compute.storage, **facts) as store:
        for (factor, key), shape in shapes.items():
            dims = ["sample", "channel", "y", "x"][: 1 + len(shape)]
            whole = (factors[factor], *shape)
            store.reserve(f"pool{factor}/{key}", whole, "float16", dims, rows=rows)
        tasks = (
            (samples.location, store.location, run, *block, layers, params)
            for block in list_blocks(len(samples), rows)
        )
        for _ in run_blocks(collect, tasks, params, f"{run}: {len(layers)} layers"):
            pass


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
