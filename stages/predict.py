"""What the model predicts for each sample, and the table of its layers."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from layerscope.activations.pooling import forward
from layerscope.models.layer_table import layer_table, list_left_out
from layerscope.params import Params, read_params
from layerscope.runs.blocks import (
    count_rows,
    list_batches,
    list_blocks,
    load_classifier,
    run_blocks,
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
    classifier = load_classifier(params.run(run), params.device).named_by(samples.categories)
    height, width = classifier.inputs.size
    n, k = len(samples), len(classifier.categories)
    depth = params.run(run).layers
    left_out = list_left_out(classifier, depth)
    facts = {"left_out": left_out, "note": classifier.note}
    facts = {key: value for key, value in facts.items() if value}
    rows = count_rows(n, 4 * k, params.predict.batch_size)
    with writing(
        store_path(run, "predictions"),
        params.compute.storage,
        model=classifier.name,
        input_size=height if height == width else [height, width],
        categories=[asdict(category) for category in classifier.categories],
        outputs=classifier.outputs_of(samples.categories).tolist(),
        layers=[layer.to_row() for layer in layer_table(classifier, depth)],
        versions=library_versions("torch", "torchvision"),
        **facts,
    ) as store:
        store.reserve("probability", (n, k), "float32", ["sample", "output"], rows=rows)
        places = samples.location, store.location
        tasks = ((*places, run, *block, params) for block in list_blocks(n, rows))
        for _ in run_blocks(predict, tasks, params, f"{run}: predictions"):
            pass


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
