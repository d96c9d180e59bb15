"""One forward pass over the samples: downsampled activations of every layer, for all sizes."""

from __future__ import annotations

from contextlib import ExitStack

import torch

from layerscope.activations import forward, pool, pooled_shape
from layerscope.models import choose_device, load_model
from layerscope.params import read_params
from layerscope.predictions import Predictions
from layerscope.progress import track
from layerscope.samples import Samples
from layerscope.store import library_versions, store_path, writing
from stages.command import run_stage


def main(run: str) -> None:
    params = read_params()
    chosen, settings = params.run(run), params.activations
    samples = Samples(store_path(run, "samples"))
    layers = Predictions(store_path(run, "predictions")).layers
    classifier = load_model(chosen.model, chosen.weights_file)
    device = choose_device(params.device)
    classifier.module.to(device)
    # The largest size that each pooling factor serves: smaller ones are its first rows.
    needed = {settings.pool_of(size): size for size in chosen.sizes}
    facts = {
        "layers": [layer.key for layer in layers],
        "versions": library_versions("torch", "torchvision"),
    }
    with writing(store_path(run, "activations"), **facts) as store, ExitStack() as stack:
        append = {
            (factor, layer.key): stack.enter_context(
                store.streaming(
                    f"pool{factor}/{layer.key}",
                    (n, *pooled_shape(layer, factor)),
                    "float16",
                    ["sample", "channel", "y", "x"][: 1 + len(layer.shape)],
                )
            )
            for factor, n in needed.items()
            for layer in layers
        }
        step = settings.batch_size
        for start in track(range(0, len(samples), step), f"{run}: {len(layers)} layers"):

            def receive(key: str, output: torch.Tensor, start: int = start) -> None:
                for factor, n in needed.items():
                    if start < n:
                        append[factor, key](pool(output[: n - start], factor))

            forward(classifier, samples.pictures(start, start + step), layers, receive, device)


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
