"""Add a run to ``params.yaml``, comments kept; `dvc repro` then builds it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import fields, replace
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from layerscope.datasets import DATASETS, Dataset, open_dataset, select
from layerscope.datasets.description import describe
from layerscope.errors import InputError
from layerscope.models.layers import DEPTHS
from layerscope.models.registry import inputs_of
from layerscope.names import RULE, is_name, name_run
from layerscope.params import PARAMS, Params, Run, parse_params, read_params
from layerscope.runs.given import FORMATS, digest_file
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
    *,
    name: str | None = None,
    **further: str | None,
) -> str:
    """Write the run into ``params.yaml``, and return its name.

    The same run is not added twice. Where the name that it would have is taken by another, it gets the next
    that is free: ``-2``, ``-3``, ...

    Parameters
    ----------
    dataset, model : str
    weights, root, layers : str, optional
    sizes : list of int
    name : str, optional
        Instead of the one by data set and model.
    **further : str, optional
        Other settings of the run, as ``params.yaml`` calls them.

    Raises
    ------
    InputError
        Where what is named is not there or does not suffice, or the run that has the `name` is another one.
    """
    if dataset not in DATASETS:
        raise InputError(f"unknown data set {dataset!r}; known: {', '.join(DATASETS)}")
    inputs_of(model)  # an unknown model is refused here, before anything is written
    if name is not None and (not is_name(name) or "." in name):
        raise InputError(f"--name: {RULE}; DVC takes a `.` for more (given: {name!r:.80})")
    flow = CommentedSeq(sizes)
    flow.fa.set_flow_style()
    others: dict[str, Any] = {"root": root, "layers": parse_layers(layers), **further}
    if vectors := further.get("vectors"):
        others["vectors"] = CommentedMap(file=vectors, sha256=digest_file(Path(vectors)))
        others["vectors"].fa.set_flow_style()
    entry = {
        "dataset": dataset,
        "model": model,
        "weights": choose_weights(dataset, model, weights),
        "sizes": flow,
        **{key: value for key, value in others.items() if value},
    }
    first, known = name or name_run(dataset, model, root), read_params().runs
    free = next(each for each in _list_names(first) if each not in known)
    text = _enter(free, entry)
    params = parse_params(text)
    taken = list(_list_names(first, free))
    for each in taken[:1] if name else taken:
        if not list_differences(known[each], params.runs[free]):
            print(f"params.yaml: run {each} is there already, with the same settings")
            return each
    differences = "; ".join(list_differences(known[first], params.runs[free])) if taken else ""
    if taken and name:
        raise InputError(
            f"params.yaml: run {name} is there already, with other settings ({differences}); change them "
            f"under runs.{name}, or give another --name"
        )
    check_pictures(params, free)
    write_text(PARAMS, text)
    print(f"params.yaml: run {free}" + (f"; {first} is another ({differences})" if taken else ""))
    return free


def _list_names(first: str, end: str | None = None) -> Iterator[str]:
    """Names in the order in which they are tried, up to one."""
    for number in count(1):
        name = first if number == 1 else f"{first}-{number}"
        if name == end:
            return
        yield name


def _enter(name: str, entry: dict[str, Any]) -> str:
    """The text of ``params.yaml`` with one more run."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 100
    yaml.indent(mapping=2, sequence=4, offset=2)
    content = yaml.load(PARAMS)
    content["runs"] = content["runs"] or {}
    content["runs"][name] = entry
    text = StringIO()
    yaml.dump(content, text)
    return text.getvalue()


def list_differences(there: Run, wanted: Run) -> list[str]:
    """What differs between two runs, a text a setting."""
    found = []
    for field in fields(Run):
        values = [getattr(each, field.name) for each in (_settle(there), _settle(wanted))]
        if values[0] != values[1]:
            shown = ["not shown" if "://" in str(v) else f"{v!s:.200}" for v in values]
            found.append(f"{field.name}: {shown[0]} there, {shown[1]} wanted")
    return found


def _settle(run: Run) -> Run:
    """The run with its folder written in the one way, where it is a folder of this machine."""
    if run.root is None or "://" in run.root:
        return run
    return replace(run, root=str(Path(run.root).expanduser().resolve()))


def check_pictures(params: Params, name: str) -> None:
    """Tell what the data set is taken for, where it is here, and refuse more samples than it has."""
    run, prepare = params.runs[name], params.prepare
    dataset = find_dataset(run, prepare.random_state)
    if dataset is None:
        return
    split = dataset.settle_split(run.split, prepare.split)
    print(*describe(dataset, split=split, size=run.sizes[-1]), sep="\n")
    select(dataset, run.sizes[-1], split=split, random_state=prepare.random_state)


def find_dataset(run: Run, random_state: int) -> Dataset | None:
    """The data set of a run; None where it is yet to be downloaded."""
    try:
        return open_dataset(
            run.dataset, root=run.root, random_state=random_state, download=False, labels=run.labels
        )
    except InputError:
        if run.dataset == "imagefolder":
            raise
        return None


def main() -> None:
    ensure_utf8()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("model")
    parser.add_argument("--name", help="what the run is called; else by data set and model")
    parser.add_argument("--weights", help="a file; else those that come with the model")
    parser.add_argument("--sizes", default="100,1000", help="numbers of samples, comma-separated")
    parser.add_argument("--root", help="folder of the pictures")
    parser.add_argument("--labels", help="a table of a folder's pictures: path, label, any more")
    parser.add_argument("--split", help="train, val, test or all; else prepare.split")
    parser.add_argument("--layers", help=f"{', '.join(DEPTHS)}, or keys of nodes, comma-separated")
    parser.add_argument(
        "--vectors", help=f"vectors of your own beside the layers: {', '.join(FORMATS)}"
    )
    given = vars(parser.parse_args())
    with one_line_errors():
        add_run(**given | {"sizes": parse_sizes(given["sizes"])})


if __name__ == "__main__":
    main()
