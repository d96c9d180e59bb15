"""One forward pass over the samples: downsampled activations of every layer, for all sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from layerscope.activations.averaging import Averaging
from layerscope.activations.half import count_lost, round_to_half
from layerscope.activations.pooling import forward_until, pool, pooled_shape
from layerscope.errors import InputError
from layerscope.models.layers import GIVEN, Layer
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


def choose_averagings(run: str, params: Params) -> dict[Averaging, int]:
    """The largest size that each way of averaging serves: smaller ones are its first rows."""
    settings = params.activations
    return {
        averaging: size
        for size in params.run(run).sizes
        for averaging in (settings.averaging_of(size), *settings.other_grids(size))
    }


def add_up(totals: dict[str, Any], found: dict[str, Any]) -> None:
    """Add to the totals by array."""
    for name, each in found.items():
        totals[name] = totals[name] + each if name in totals else each


def collect(
    samples: str,
    predictions: str,
    store: str,
    run: str,
    start: int,
    stop: int,
    layers: Sequence[Layer],
    wide: Sequence[str],
    params: Params,
) -> dict[str, Any]:
    """Layers of one block, written to shards of its own: all as float16, or the `wide` arrays as float32.

    Returns by array what float16 does: the `Rounding`, or of the wide ones what `count_lost` says.
    """
    classifier = load_classifier(params.run(run), params.device)
    pictures = Samples(samples).pictures
    averagings = choose_averagings(run, params)
    nodes = tuple(layer for layer in layers if layer.key != GIVEN)
    found: dict[str, list[np.ndarray]] = {}
    told: dict[str, Any] = {}
    for at, end in list_batches(start, stop, params.activations.batch_size):

        def receive(key: str, output: torch.Tensor, at: int = at, end: int = end) -> None:
            names = {
                averaging: f"{averaging.name}/{key}"
                for averaging, n in averagings.items()
                if at < n and (not wide or f"{averaging.name}/{key}" in wide)
            }
            for (averaging, name), values in zip(names.items(), pool(output, *names), strict=True):
                values = values[: averagings[averaging] - at]
                if wide:
                    add_up(told, {name: count_lost(values)})
                else:
                    values, rounding = round_to_half(values)
                    if not np.isfinite(rounding.squares):
                        raise InputError(
                            f"{run}: layer {key!r} gives values that are no numbers, for one of the "
                            f"samples {at} to {end - 1}; look at the weights, and at what the model "
                            "does in this layer"
                        )
                    add_up(told, {name: rounding})
                found.setdefault(name, []).append(values)

        if nodes:
            forward_until(classifier, pictures(at, end), nodes, receive)
        if len(nodes) < len(layers):
            receive(GIVEN, torch.from_numpy(Predictions(predictions).given(at, end)))
    writer = Writer.open(store)
    for name, batches in found.items():
        writer.fill(name, start, np.concatenate(batches))
    return told


def main(run: str) -> None:
    params = read_params()
    samples = Samples(store_path(run, "samples"))
    predictions = Predictions(store_path(run, "predictions"))
    layers = predictions.layers
    averagings = choose_averagings(run, params)
    shapes = {
        f"{averaging.name}/{layer.key}": (n, *pooled_shape(layer, averaging))
        for averaging, n in averagings.items()
        for layer in layers
    }
    row_bytes = 2 * sum(int(np.prod(shape[1:])) for shape in shapes.values())
    rows = count_rows(len(samples), row_bytes, params.activations.batch_size)
    facts = {
        "layers": [layer.key for layer in layers],
        "versions": library_versions("torch", "torchvision"),
    }
    places = samples.location, predictions.location
    with writing(store_path(run, "activations"), params.compute.storage, **facts) as store:

        def fill(layers: Sequence[Layer], wide: Sequence[str]) -> dict[str, Any]:
            for name in wide or shapes:
                shape, dtype = shapes[name], "float32" if wide else "float16"
                dims = ["sample", "channel", "y", "x"][: len(shape)]
                store.reserve(name, shape, dtype, dims, rows=rows, replace=bool(wide))
            tasks = (
                (*places, store.location, run, *block, layers, wide, params)
                for block in list_blocks(len(samples), rows)
            )
            totals: dict[str, Any] = {}
            for told in run_blocks(collect, tasks, params, f"{run}: {len(layers)} layers"):
                add_up(totals, told)
            return totals

        roundings = fill(layers, ())
        wide = [name for name in shapes if not roundings[name].is_harmless]
        if wide:  # float16 will not do: once more, for these alone
            keys = {name.partition("/")[2] for name in wide}
            counts = fill([layer for layer in layers if layer.key in keys], wide)
            lost = {
                name: dict(zip(("overflow", "underflow"), each.tolist(), strict=True))
                for name, each in counts.items()
            }
            store.set(float32=lost)


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
