"""What the model says of each sample, and the table of its layers."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from layerscope.activations.pooling import forward
from layerscope.models.layer_table import layer_table
from layerscope.parallel import working
from layerscope.params import Params, read_params
from layerscope.progress import track
from layerscope.runs.blocks import (
    count_processes,
    count_rows,
    list_batches,
    list_blocks,
    load_classifier,
)
from layerscope.runs.samples import Samples
from layerscope.storage.store import Writer, library_versions, store_path, writing
from stages.command import run_stage


def predict(samples: str, store: str, run: str, start: int, stop: int, params: Params) -> None:
    """Probabilities of one block."""
    classifier = load_classifier(params.run(run), params.device)
    pictures = Samples(samples).pictures
    batches = [
        forward(classifier, pictures(*batch), (), lambda *_: None)
        for batch in list_batches(start, stop, params.predict.batch_size)
    ]
    Writer.open(store).fill("probability", start, np.concatenate(batches))


def main(run: str) -> None:
    params = read_params()
    samples = Samples(store_path(run, "samples"))
    classifier = load_classifier(params.run(run), params.device)
    n, k = len(samples), len(classifier.categories)
    rows = count_rows(n, 4 * k, params.predict.batch_size)
    with (
        writing(
            store_path(run, "predictions"),
            params.compute.storage,
            model=classifier.name,
            input_size=classifier.input_size,
            categories=[asdict(category) for category in classifier.categories],
            outputs=classifier.outputs_of(samples.categories).tolist(),
            layers=[asdict(layer) for layer in layer_table(classifier)],
            versions=library_versions("torch", "torchvision"),
        ) as store,
        working(params.compute.scheduler, count_processes(params)) as workers,
    ):
        store.reserve("probability", (n, k), "float32", ["sample", "output"], rows=rows)
        blocks = list_blocks(n, rows)
        tasks = ((samples.location, store.location, run, *block, params) for block in blocks)
        for _ in track(workers.map(predict, tasks), f"{run}: predictions", len(blocks)):
            pass


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
