"""Train ``vgg16_slim`` on the data sets of one entry under ``train`` in ``params.yaml``."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from layerscope.datasets import Dataset, draw, open_dataset
from layerscope.datasets.ground_truth import draw_incomplete
from layerscope.errors import NO_LABELS, InputError
from layerscope.models.registry import SLIM_INPUTS, choose_device
from layerscope.models.weights import write_weights
from layerscope.params import read_params
from layerscope.progress import track
from layerscope.training.fit import Split, calibrate, evaluate, train, write_history
from stages.command import run_stage


def read_split(
    datasets: list[Dataset],
    split: str,
    n: int | None,
    *,
    n_held_out: int = 0,
    missing_parts: float = 0,
    random_state: int = 0,
) -> tuple[Split, Split]:
    """Pictures and labels of several data sets, their classes counted on.

    Parameters
    ----------
    datasets : list of Dataset
    split : str
    n : int, optional
        Of all together; all that are not held out, if left out.
    n_held_out : int
        Further pictures of all together.
    missing_parts : float
        Share of the `n` rendered pictures that lack one of their parts; which, is random.
    random_state : int

    Returns
    -------
    Split, Split
        Those, and the ones held out.
    """
    pictures, labels, held_out = [], [], []
    offset, held = 0, n_held_out // len(datasets)
    for dataset in datasets:
        rng = np.random.default_rng(random_state)
        count = n // len(datasets) if n else len(dataset.sources(split)) - held
        drawn = draw(dataset, count + held, split=split, random_state=0, inputs=SLIM_INPUTS)
        for i, (source, sample) in enumerate(
            track(drawn, f"{dataset.name} {split}", total=count + held)
        ):
            is_lacking = dataset.is_rendered and i < count and rng.random() < missing_parts
            pictures.append(
                draw_incomplete(dataset, source, SLIM_INPUTS, rng) if is_lacking else sample.picture
            )
            labels.append(offset + source.label)
            held_out.append(i >= count)
        offset += len(dataset.categories)
    is_held = np.array(held_out)
    everything = Split(np.stack(pictures), np.array(labels, dtype=np.int64))
    return everything.choose(~is_held), everything.choose(is_held)


def _accuracies(model, validation: Split, datasets: list[Dataset]) -> dict[str, float]:
    accuracies, offset = {}, 0
    for dataset in datasets:
        end = offset + len(dataset.categories)
        mine = (validation.labels >= offset) & (validation.labels < end)
        accuracies[dataset.name] = evaluate(model, validation.choose(mine))[1]
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
    learning, held_out = read_split(
        datasets,
        "train",
        entry.n_training,
        n_held_out=entry.n_calibration,
        missing_parts=entry.missing_parts,
        random_state=entry.recipe.random_state,
    )
    validation, _ = read_split(datasets, "val", entry.n_validation)
    checkpoint = Path(".cache/train") / f"{name}.pt"
    model, history = train(
        learning,
        validation,
        len(categories),
        entry.recipe,
        device=choose_device(params.device),
        checkpoint=checkpoint,
    )
    temperature = calibrate(model, held_out)
    accuracies = _accuracies(model, validation, datasets)
    path = Path(entry.weights)
    write_weights(
        path, model, categories, {"training": name, "temperature": temperature, **accuracies}
    )
    write_history(path.parent, history)
    checkpoint.unlink()  # it is for going on after an interruption; the next training starts anew
    print(json.dumps(accuracies))


if __name__ == "__main__":
    run_stage(main, __doc__, name="an entry under `train` in params.yaml")
