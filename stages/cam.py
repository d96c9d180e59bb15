"""Grad-CAM for the predicted and for the true class, at the last convolutional block."""

from __future__ import annotations

import numpy as np

from layerscope.explanation.cam import choose_layer, grad_cam
from layerscope.models import choose_device, load_model
from layerscope.params import read_params
from layerscope.predictions import Predictions
from layerscope.progress import track
from layerscope.samples import Samples
from layerscope.store import library_versions, store_path, writing
from stages.command import run_stage

TARGETS = ("predicted", "true")


def main(run: str) -> None:
    params = read_params()
    chosen = params.run(run)
    samples = Samples(store_path(run, "samples"))
    predictions = Predictions(store_path(run, "predictions"))
    layer = choose_layer(predictions.layers, params.cam.layer)
    predicted, true = predictions.predicted, predictions.targets(samples.labels)
    classifier = load_model(chosen.model, chosen.weights_file)
    facts = {
        "layer": layer.key,
        "targets": list(TARGETS),
        "versions": library_versions("grad-cam", "torch"),
    }
    shape = (len(samples), len(TARGETS), *layer.shape[1:])
    with (
        writing(store_path(run, "cam"), **facts) as store,
        store.streaming("cam", shape, "float16", ["sample", "target", "y", "x"]) as append,
        grad_cam(classifier, layer.key, choose_device(params.device)) as explain,
    ):
        step = params.cam.batch_size
        for start in track(range(0, len(samples), step), f"{run}: Grad-CAM"):
            pictures = samples.pictures(start, start + step)
            maps = np.full((len(pictures), *shape[1:]), np.nan, dtype=np.float16)
            maps[:, 0] = explain(pictures, predicted[start : start + step])
            answerable = true[start : start + step] >= 0  # the model may lack the class
            wrong = answerable & (true != predicted)[start : start + step]
            maps[answerable, 1] = maps[answerable, 0]
            if wrong.any():
                maps[wrong, 1] = explain(pictures[wrong], true[start : start + step][wrong])
            append(maps)


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
