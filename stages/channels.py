"""The top-activating samples of each channel, its mean activation by class, and what chance makes of that.

Where pictures have no labels, classes are those that the model predicts: the attribute ``outputs`` has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import torch

from layerscope.activations.pooling import forward
from layerscope.activations.top_samples import (
    ChannelMaxima,
    TopSamples,
    find_maxima,
    locate_channels,
)
from layerscope.features.selectivity import average_by_class, expect_selectivity
from layerscope.models.layers import GIVEN, Layer
from layerscope.params import ChannelsParams, Params, read_params
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

_MAXIMA_BYTES = 12  # of one channel and sample: value, position, mean


def find_block(
    samples: str,
    predictions: str,
    run: str,
    start: int,
    stop: int,
    layers: Sequence[Layer],
    params: Params,
) -> dict[str, list[ChannelMaxima]]:
    """Channel maxima of one block by layer, batch by batch."""
    classifier = load_classifier(params.run(run), params.device)
    pictures = Samples(samples).pictures
    found: dict[str, list[ChannelMaxima]] = {layer.key: [] for layer in layers}

    def receive(key: str, output: torch.Tensor) -> None:
        found[key].append(find_maxima(output))

    nodes = tuple(layer for layer in layers if layer.key != GIVEN)
    for batch in list_batches(start, stop, params.channels.batch_size):
        forward(classifier, pictures(*batch), nodes, receive)
        if len(nodes) < len(layers):
            receive(GIVEN, torch.from_numpy(Predictions(predictions).given(*batch)))
    return found


def main(run: str) -> None:
    params = read_params()
    settings = params.channels
    samples = Samples(store_path(run, "samples"))
    predictions = Predictions(store_path(run, "predictions"))
    layers = predictions.layers
    facts: dict[str, Any] = {
        "rows": locate_channels(layers),
        "versions": library_versions("torch", "torchvision"),
    }
    classes, n_classes = samples.labels, len(samples.categories)
    if not n_classes and predictions.categories:
        known, classes = np.unique(predictions.predicted, return_inverse=True)
        n_classes, facts["outputs"] = len(known), known.tolist()
    top_samples = {
        size: {layer.key: TopSamples(layer.shape[0], min(settings.top_k, size)) for layer in layers}
        for size in samples.sizes
    }
    row_bytes = _MAXIMA_BYTES * sum(layer.shape[0] for layer in layers)
    rows = count_rows(len(samples), row_bytes, settings.batch_size)
    blocks = list_blocks(len(samples), rows)
    places = samples.location, predictions.location
    tasks = ((*places, run, *block, layers, params) for block in blocks)
    results = run_blocks(find_block, tasks, params, f"{run}: top-activating samples")
    n_channels = sum(layer.shape[0] for layer in layers)
    with TemporaryFile() as file:  # of all channels and samples there may be more than memory holds
        means = np.memmap(file, np.float32, "w+", shape=(n_channels, len(samples)))
        for block, found in zip(blocks, results, strict=True):
            for at, (start, stop) in enumerate(list_batches(*block, settings.batch_size)):
                for key, maxima in found.items():
                    means[slice(*facts["rows"][key]), start:stop] = maxima[at].mean.T
                for size, by_layer in top_samples.items():
                    for key, top in by_layer.items() if start < size else ():
                        top.add(start, min(stop, size) - start, found[key][at])
        with writing(store_path(run, "channels"), params.compute.storage, **facts) as store:
            for size, by_layer in top_samples.items():
                write_size(store, size, list(by_layer.values()))
                write_selectivity(store, size, means[:, :size], classes[:size], n_classes, settings)


def write_size(store: Writer, size: int, by_layer: list[TopSamples]) -> None:
    """Write one size: the channels of all layers one behind the other, in a few files."""
    columns = {
        "uid": ["channel", "rank"],
        "value": ["channel", "rank"],
        "position": ["channel", "rank", "axis"],
    }
    for name, dims in columns.items():
        values = np.concatenate([getattr(top, name) for top in by_layer])
        store.add(f"{size}/{name}", values, dims)


def write_selectivity(
    store: Writer,
    size: int,
    means: np.ndarray,
    classes: np.ndarray,
    n_classes: int,
    settings: ChannelsParams,
) -> None:
    """Write what classes each channel prefers, and what it would seem to if it preferred none."""
    by_class = average_by_class(means, classes, n_classes).astype(np.float32)
    store.add(f"{size}/class_mean", by_class, ["channel", "class"])
    null = expect_selectivity(
        means, classes, n_classes, settings.n_permutations, settings.random_state
    )
    for name in ("expected", "high", "p"):
        values = getattr(null, name).astype(np.float32)
        store.add(f"{size}/selectivity/{name}", values, ["channel"])


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
