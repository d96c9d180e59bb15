"""What the model predicts for each sample, and the table of its layers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

from layerscope.activations.pooling import forward
from layerscope.errors import InputError
from layerscope.models.layer_table import layer_table, list_left_out
from layerscope.models.layers import GIVEN, Layer
from layerscope.params import Params, read_params
from layerscope.runs.blocks import (
    count_rows,
    list_batches,
    list_blocks,
    load_classifier,
    run_blocks,
)
from layerscope.runs.given import digest_file, read_given
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


def take_given(run: str, params: Params, samples: Samples) -> np.ndarray | None:
    """The vectors that the run has beside its layers, (n, d); None where it has none."""
    vectors = params.run(run).vectors
    if vectors is None:
        return None
    found = digest_file(Path(vectors.file))
    if found != vectors.sha256:
        raise InputError(
            f"params.yaml: runs.{run}.vectors: {vectors.file} is another file by now; where that is meant, "
            f"write sha256: {found}"
        )
    return read_given(Path(vectors.file), samples.paths)


def main(run: str) -> None:
    params = read_params()
    samples = Samples(store_path(run, "samples"))
    classifier = load_classifier(params.run(run), params.device).named_by(samples.categories)
    height, width = classifier.inputs.size
    n, k = len(samples), len(classifier.categories)
    depth = params.run(run).layers
    layers = layer_table(classifier, depth)
    given = take_given(run, params, samples)
    if given is not None:
        if any(layer.key == GIVEN for layer in layers):
            raise InputError(
                f"{run}: the model has a node {GIVEN!r} of its own; leave out `vectors`"
            )
        layers += (Layer(GIVEN, GIVEN, "own vectors", given.shape[1:], 0, 0, 0),)
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
        layers=[layer.to_row() for layer in layers],
        versions=library_versions("torch", "torchvision"),
        **facts,
    ) as store:
        if given is not None:
            store.add(GIVEN, given, ["sample", "component"])
        store.reserve("probability", (n, k), "float32", ["sample", "output"], rows=rows)
        places = samples.location, store.location
        tasks = ((*places, run, *block, params) for block in list_blocks(n, rows))
        for _ in run_blocks(predict, tasks, params, f"{run}: predictions"):
            pass


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
