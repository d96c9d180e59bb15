"""Train ``vgg16_slim`` on the data sets of one entry under ``train`` in ``params.yaml``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from layerscope.datasets import Dataset, draw, open_dataset
from layerscope.errors import NO_LABELS, InputError
from layerscope.models.registry import SLIM_INPUTS, choose_device
from layerscope.models.weights import write_weights
from layerscope.params import read_params
from layerscope.progress import track
from layerscope.training.fit import Split, evaluate, train, write_history
from stages.command import run_stage


def read_split(datasets: list[Dataset], split: str, limit: int | None) -> Split:
    """Pictures and labels of several data sets, their classes counted on."""
    pictures, labels, offset = [], [], 0
    for dataset in datasets:
        n = limit // len(datasets) if limit else len(dataset.sources(split))
        drawn = draw(dataset, n, split=split, random_state=0, inputs=SLIM_INPUTS)
        for source, sample in track(drawn, f"{dataset.name} {split}", total=n):
            pictures.append(sample.picture)
            labels.append(offset + source.label)
        offset += len(dataset.categories)
    return Split(np.stack(pictures), np.array(labels, dtype=np.int64))


def _accuracies(model, validation: Split, datasets: list[Dataset]) -> dict[str, float]:
    accuracies, offset = {}, 0
    for dataset in datasets:
        end = offset + len(dataset.categories)
        mine = (validation.labels >= offset) & (validation.labels < end)
        part = Split(validation.pictures[mine], validation.labels[mine])
        accuracies[dataset.name] = evaluate(model, part)[1]
        offset = end
    return accuracies


def main(name: str) -> None:
    params = read_params()
    entry = params.training(name)
    datasets = [open_dataset(each, root=entry.root) for each in entry.datasets]
    for dataset in datasets:
        if not dataset.categories:
            raise InputError(
                f"train.{name}: {dataset.name}: {NO_LABELS}: there is nothing to learn"
            )
    categories = [category for dataset in datasets for category in dataset.categories]
    learning = read_split(datasets, "train", entry.n_training)
    validation = read_split(datasets, "val", entry.n_validation)
    checkpoint = Path(".cache/train") / f"{name}.pt"
    model, history = train(
        learning,
        validation,
        len(categories),
        entry.recipe,
        device=choose_device(params.device),
        checkpoint=checkpoint,
    )
    accuracies = _accuracies(model, validation, datasets)
    path = Path(entry.weights)
    write_weights(path, model, categories, {"training": name, **accuracies})
    write_history(path.parent, history)
    checkpoint.unlink()  # it is for going on after an interruption; the next training starts anew
    print(json.dumps(accuracies))


if __name__ == "__main__":
    run_stage(main, __doc__, name="an entry under `train` in params.yaml")
