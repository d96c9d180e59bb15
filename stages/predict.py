"""What the model says of each sample, and the table of its layers."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import torch

from layerscope.activations import forward
from layerscope.models import choose_device, load_model
from layerscope.params import read_params
from layerscope.probing import layer_table
from layerscope.progress import track
from layerscope.samples import Samples
from layerscope.store import library_versions, store_path, writing
from stages.command import run_stage


def main(run: str) -> None:
    params = read_params()
    chosen = params.run(run)
    samples = Samples(store_path(run, "samples"))
    classifier = load_model(chosen.model, chosen.weights_file)
    layers = layer_table(classifier)
    device = choose_device(params.device)
    classifier.module.to(device)
    size = params.predict.batch_size
    batches = [
        forward(classifier, samples.pictures(start, start + size), (), lambda *_: None, device)
        for start in track(range(0, len(samples), size), f"{run}: predictions")
    ]
    probabilities = np.concatenate(batches)
    with writing(
        store_path(run, "predictions"),
        model=classifier.name,
        input_size=classifier.input_size,
        categories=[asdict(category) for category in classifier.categories],
        outputs=classifier.outputs_of(samples.categories).tolist(),
        layers=[asdict(layer) for layer in layers],
        threads=torch.get_num_threads(),
        versions=library_versions("torch", "torchvision"),
    ) as store:
        store.add("probability", probabilities, ["sample", "output"])


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
