"""The samples that drive each channel the most, and its mean activation by class, for all sizes."""

from __future__ import annotations

import numpy as np
import torch

from layerscope.activations import forward
from layerscope.models import choose_device, load_model
from layerscope.params import read_params
from layerscope.predictions import Predictions
from layerscope.progress import track
from layerscope.samples import Samples
from layerscope.store import Writer, library_versions, store_path, writing
from layerscope.top_samples import TopSamples, find_peaks, locate_channels
from stages.command import run_stage


def main(run: str) -> None:
    params = read_params()
    chosen, settings = params.run(run), params.channels
    samples = Samples(store_path(run, "samples"))
    layers = Predictions(store_path(run, "predictions")).layers
    classifier = load_model(chosen.model, chosen.weights_file)
    device = choose_device(params.device)
    classifier.module.to(device)
    found = {
        size: {
            layer.key: TopSamples(
                layer.shape[0], len(samples.categories), min(settings.top_k, size)
            )
            for layer in layers
        }
        for size in samples.sizes
    }
    step = settings.batch_size
    for start in track(range(0, len(samples), step), f"{run}: strongest samples"):

        def receive(key: str, output: torch.Tensor, start: int = start) -> None:
            peaks = find_peaks(output)
            for size, by_layer in found.items():
                if start < size:
                    labels = samples.labels[start : min(start + step, size)]
                    by_layer[key].add(start, labels, peaks)

        forward(classifier, samples.pictures(start, start + step), layers, receive, device)
    facts = {"rows": locate_channels(layers), "versions": library_versions("torch", "torchvision")}
    with writing(store_path(run, "channels"), **facts) as store:
        for size, by_layer in found.items():
            write_size(store, size, list(by_layer.values()))


def write_size(store: Writer, size: int, by_layer: list[TopSamples]) -> None:
    """Write one size: the channels of all layers one behind the other, in a few files."""
    columns = {
        "uid": ["channel", "rank"],
        "value": ["channel", "rank"],
        "position": ["channel", "rank", "axis"],
        "class_mean": ["channel", "class"],
    }
    for name, dims in columns.items():
        values = np.concatenate([getattr(top, name) for top in by_layer])
        store.add(f"{size}/{name}", values, dims)


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
