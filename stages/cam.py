"""Grad-CAM for the predicted and for the true class, at the last convolutional block."""

from __future__ import annotations

import numpy as np

from layerscope.activations.half import keeps_maps
from layerscope.explanation.cam import NO_MAPS, choose_layer, grad_cam, list_maps
from layerscope.models.layers import NO_CLASSES
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

TARGETS = ("predicted", "true")


def explain(
    samples: str,
    store: str,
    run: str,
    start: int,
    layer: str,
    outputs: np.ndarray,
    dtype: str,
    params: Params,
) -> bool:
    """Maps of one block, from `start` on, for the outputs (n, 2) of `TARGETS`; -1 has no map.

    Returns whether the dtype keeps them.
    """
    classifier = load_classifier(params.run(run), params.device)
    pictures = Samples(samples).pictures
    found = []
    with grad_cam(classifier, layer) as compute:
        for at, stop in list_batches(0, len(outputs), params.cam.batch_size):
            predicted, true = outputs[at:stop].T
            batch = pictures(start + at, start + stop)
            first = compute(batch, predicted)
            maps = np.full((len(batch), len(TARGETS), *first.shape[1:]), np.nan, np.float32)
            maps[:, 0] = first
            answerable = true >= 0  # the model may lack the class
            wrong = answerable & (true != predicted)
            maps[answerable, 1] = maps[answerable, 0]
            if wrong.any():
                maps[wrong, 1] = compute(batch[wrong], true[wrong])
            found.append(maps)
    maps = np.concatenate(found)
    with np.errstate(over="ignore"):  # which is told
        Writer.open(store).fill("cam", start, maps.astype(dtype))
    return dtype == "float32" or keeps_maps(maps.reshape(-1, *maps.shape[2:]))


def main(run: str) -> None:
    params = read_params()
    samples = Samples(store_path(run, "samples"))
    predictions = Predictions(store_path(run, "predictions"))
    missing = None if list_maps(predictions.layers) else NO_MAPS
    missing = missing if predictions.categories else NO_CLASSES
    if missing is not None:  # the app reads the line
        print(f"{run}: Grad-CAM is left out: {missing}")
        with writing(store_path(run, "cam"), params.compute.storage, skipped=missing):
            return
    layer = choose_layer(predictions.layers, params.cam.layer)
    outputs = np.stack([predictions.predicted, predictions.targets(samples.labels)], axis=1)
    facts = {
        "layer": layer.key,
        "targets": list(TARGETS),
        "versions": library_versions("grad-cam", "torch"),
    }
    shape = (len(samples), len(TARGETS), *layer.shape[1:])
    rows = count_rows(len(samples), 2 * int(np.prod(shape[1:])), params.cam.batch_size)
    with writing(store_path(run, "cam"), params.compute.storage, **facts) as store:
        dims, place = ["sample", "target", "y", "x"], (samples.location, store.location, run)
        for dtype in ("float16", "float32"):  # the second where the first would not keep some map
            store.reserve("cam", shape, dtype, dims, rows=rows, replace=dtype == "float32")
            tasks = (
                (*place, start, layer.key, outputs[start:stop], dtype, params)
                for start, stop in list_blocks(len(samples), rows)
            )
            if all(list(run_blocks(explain, tasks, params, f"{run}: Grad-CAM"))):
                break


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
