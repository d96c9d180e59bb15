"""Add a run to ``params.yaml``, comments kept; `dvc repro` then builds it."""

from __future__ import annotations

import argparse
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from layerscope.datasets import DATASETS
from layerscope.errors import InputError
from layerscope.models.layers import DEPTHS
from layerscope.models.registry import inputs_of
from layerscope.names import name_run
from layerscope.params import PARAMS, parse_params, read_params
from layerscope.storage.files import write_text
from stages.command import ensure_utf8, one_line_errors

PUBLISHED = "weights/published"


def choose_weights(dataset: str, model: str, weights: str | None) -> str:
    """The weights asked for, or those that come with the model or the data set."""
    if weights is not None:
        return weights
    if model != "vgg16_slim":
        return PUBLISHED
    for training in read_params().train.values():
        if dataset in training.datasets:
            return training.weights
    raise InputError(
        f"vgg16_slim was not trained on {dataset}; name a file with --weights, or add an entry "
        "under `train` in params.yaml and train it"
    )


def parse_sizes(text: str) -> list[int]:
    """Whole numbers, separated by commas."""
    try:
        return [int(size) for size in text.split(",")]
    except ValueError:
        raise InputError(f"--sizes {text!r}: give whole numbers such as 100,1000") from None


def parse_layers(text: str | None) -> str | list[str] | None:
    """A depth as it is, and keys of nodes, separated by commas, as a list."""
    if text is None or text in DEPTHS:
        return text
    keys = CommentedSeq(text.split(","))
    keys.fa.set_flow_style()
    return keys


def add_run(
    dataset: str,
    model: str,
    weights: str | None,
    sizes: list[int],
    root: str | None,
    layers: str | None = None,
) -> str:
    """Write the run into ``params.yaml`` and return its name; one that is there is left alone."""
    if dataset not in DATASETS:
        raise InputError(f"unknown data set {dataset!r}; known: {', '.join(DATASETS)}")
    inputs_of(model)  # an unknown model is refused here, before anything is written
    name = name_run(dataset, model)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load(PARAMS)
    content["runs"] = content["runs"] or {}
    if name in content["runs"]:
        return name
    flow = CommentedSeq(sizes)
    flow.fa.set_flow_style()
    run = {
        "dataset": dataset,
        "model": model,
        "weights": choose_weights(dataset, model, weights),
        "sizes": flow,
    }
    further = {"root": root, "layers": parse_layers(layers)}
    content["runs"][name] = run | {key: value for key, value in further.items() if value}
    text = StringIO()
    yaml.dump(content, text)
    parse_params(text.getvalue())
    write_text(PARAMS, text.getvalue())
    return name


def main() -> None:
    ensure_utf8()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("model")
    parser.add_argument("--weights")
    parser.add_argument("--sizes", default="100,1000", help="numbers of samples, comma-separated")
    parser.add_argument("--root", help="folder of the pictures")
    parser.add_argument("--layers", help=f"{', '.join(DEPTHS)}, or keys of nodes, comma-separated")
    given = parser.parse_args()
    with one_line_errors():
        sizes = parse_sizes(given.sizes)
        name = add_run(given.dataset, given.model, given.weights, sizes, given.root, given.layers)
    print(f"params.yaml: run {name}")


if __name__ == "__main__":
    main()
