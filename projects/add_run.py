"""Add a run to ``params.yaml``, comments kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import count
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from layerscope.datasets import DATASETS, Dataset, open_dataset, select
from layerscope.datasets.description import describe
from layerscope.errors import FEWEST, InputError
from layerscope.home import find_home
from layerscope.models.layers import DEPTHS
from layerscope.models.registry import inputs_of
from layerscope.names import RULE, is_name, name_run
from layerscope.params import PARAMS, Params, Run, parse_params, read_params
from layerscope.runs.given import digest_file
from layerscope.storage.files import write_text
from projects.folder import PUBLISHED, format_yaml, open_yaml

FEW, MOST = 100, 1000  # samples of a run that names no sizes


def choose_weights(dataset: str, model: str, weights: str | None) -> str:
    """The weights asked for, or those that come with the model or the data set."""
    if weights is not None:
        return weights
    if model != "vgg16_slim":
        return PUBLISHED
    for training in read_params().train.values():
        if dataset in training.datasets:
            return training.weights
    home = find_home()  # a project elsewhere trains nothing, and leans on what is installed
    for training in read_params(home / PARAMS).train.values():
        if dataset in training.datasets and (home / training.weights).is_file():
            return str(home / training.weights)
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


def _flow(items: list[Any]) -> CommentedSeq:
    """A list that is written in one line."""
    flow = CommentedSeq(items)
    flow.fa.set_flow_style()
    return flow


def parse_layers(text: str | None) -> str | list[str] | None:
    """A depth as it is, and keys of nodes, separated by commas, as a list."""
    if text is None or text in DEPTHS:
        return text
    return _flow(text.split(","))


def add_run(
    dataset: str,
    model: str,
    weights: str | None,
    sizes: list[int] | None,
    root: str | None,
    layers: str | None = None,
    *,
    name: str | None = None,
    check_only: bool = False,
    **further: str | None,
) -> str:
    """Write the run into ``params.yaml``, and return its name; tell what it is of.

    The same run is not added twice. Where the name that it would have is taken by another, it gets the next
    that is free: ``-2``, ``-3``, ...

    Parameters
    ----------
    dataset, model : str
    weights, root, layers : str, optional
    sizes : list of int, optional
        Else 100 and 1,000, or what there is where that is fewer.
    name : str, optional
        Instead of the one by data set and model.
    check_only : bool
        Tell, and write nothing.
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
    others: dict[str, Any] = {"root": root, "layers": parse_layers(layers), **further}
    if vectors := further.get("vectors"):
        others["vectors"] = CommentedMap(file=vectors, sha256=digest_file(Path(vectors)))
        others["vectors"].fa.set_flow_style()
    entry = {
        "dataset": dataset,
        "model": model,
        "weights": choose_weights(dataset, model, weights),
        "sizes": _flow(sizes or [MOST]),
        **{key: value for key, value in others.items() if value},
    }
    first, known = name or name_run(dataset, model, root), read_params().runs
    free = next(each for each in _list_names(first) if each not in known)
    text = _enter(free, entry)
    params = parse_params(text)
    there = find_dataset(params.runs[free], params.prepare.random_state)
    if sizes is None:
        entry["sizes"] = _flow(fit_sizes(there, params.runs[free].split, params))
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
    if there is not None:
        check_pictures(there, params, free)
    if check_only:
        sizes_told = ", ".join(f"{size:,}" for size in params.runs[free].sizes)
        print(f"it would be run {free} of {sizes_told} samples")
        return free
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
    content = open_yaml().load(PARAMS)
    content["runs"] = content["runs"] or CommentedMap()  # an empty one would stay in one line
    content["runs"][name] = entry
    return format_yaml(content)


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


def fit_sizes(dataset: Dataset | None, split: str | None, params: Params) -> list[int]:
    """Sizes for as many pictures as there are; `FEW` and `MOST` where they are yet to be downloaded."""
    if dataset is None:
        return [FEW, MOST]
    there = len(dataset.sources(dataset.settle_split(split, params.prepare.split)))
    return [*([FEW] if there > FEW else []), max(FEWEST, min(there, MOST))]


def check_pictures(dataset: Dataset, params: Params, name: str) -> None:
    """Tell what the data set is taken for, and refuse more samples than it has."""
    run, prepare = params.runs[name], params.prepare
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
