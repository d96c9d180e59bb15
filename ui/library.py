"""Which runs there are, and what each of them offers to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from layerscope.datasets.categories import Category, name_label
from layerscope.datasets.dataset import Column
from layerscope.errors import InputError
from layerscope.models.layers import Layer
from layerscope.names import check_name
from layerscope.params import PARAMS, Params, read_params
from layerscope.storage.store import DATA, store_path
from projects.folder import is_made
from projects.state import find_run
from ui.arrays import explaining, load_predictions, load_samples
from ui.live.models import Source, make_source

_EMBEDDED = {"objects", "birds"}  # data sets of runs that come along


@dataclass(frozen=True)
class Contents:
    """What can be chosen within a run.

    Attributes
    ----------
    run : str
    sizes : tuple of int
        Nested numbers of samples, rising.
    layers : tuple of Layer
        From input to probabilities, or features where there are no outputs.
    perplexities : tuple of str
        As they are written in file names ("30"), rising.
    categories : tuple of Category
        The data set's classes, in the order of the labels; none where pictures have no label.
    outputs : tuple of Category
        The model's outputs, in order; none where it has no classes.
    columns : tuple of Column
        What a table says of the pictures.
    """

    run: str
    sizes: tuple[int, ...]
    layers: tuple[Layer, ...]
    perplexities: tuple[str, ...]
    categories: tuple[Category, ...]
    outputs: tuple[Category, ...]
    columns: tuple[Column, ...] = ()

    def layer(self, key: str) -> Layer:
        """A layer by its key."""
        return next(layer for layer in self.layers if layer.key == key)

    def depth(self, key: str) -> int:
        """A layer's place in arrays whose first axis is the layer."""
        return [layer.key for layer in self.layers].index(key)


def load_params() -> Params:
    """``params.yaml``, read again when it has changed. Raises `InputError`."""
    try:
        return _read_params(PARAMS.absolute(), PARAMS.stat().st_mtime_ns)
    except FileNotFoundError:
        return read_params()  # which says what is missing


@lru_cache(maxsize=4)
def _read_params(path: Path, changed: int) -> Params:
    return read_params(path)


def find_source(run: str) -> Source:
    """Where the network of a run comes from. Raises `InputError` where ``params.yaml`` does not say."""
    params = load_params()
    settings = params.run(find_run(run, params.runs))
    return make_source(settings.model, settings.weights_file)


def tell_reading(run: str) -> list[str]:
    """Lines on how the network was read, where that is worth knowing: its output, and what the map lacks."""
    predictions = load_predictions(run)
    left_out, told = predictions.left_out, [predictions.note] if predictions.note else []
    if not left_out:
        return told
    return [
        *told,
        f"The map lacks {len(left_out)} modules, as it cannot be told which axes of their output are rows, "
        f"columns and channels: {', '.join(left_out[:6])}{', ...' if len(left_out) > 6 else ''}",
    ]


def list_runs() -> tuple[tuple[str, ...], str | None]:
    """Names of all runs, those in ``params.yaml`` first, and what is wrong with that file or a name."""
    problem = None
    found: list[str] = []
    try:
        found += load_params().runs
    except InputError as error:
        problem = str(error)
    for path in sorted(DATA.glob("*/samples.zarr")):
        try:
            found.append(check_name(path.parent.name, f"folder in {DATA}"))
        except InputError as error:
            problem = problem or str(error)
    return tuple(dict.fromkeys(found)), problem


def is_built(run: str) -> bool:
    """Whether a run has samples on disk."""
    return store_path(run, "samples").exists()


def name_run(run: str) -> str:
    """A run as people read it: data set and model."""
    dataset, _, model = run.partition("-")
    return f"{dataset} / {model}" if model else dataset


def name_program() -> str:
    """The command ``layerscope``, as it is called where the app runs."""
    return "layerscope" if is_made(Path()) else "python -m layerscope"


def command_for(run: str) -> str:
    """The command that builds the arrays of a run."""
    is_embedded = run.partition("-")[0] in _EMBEDDED and not is_made(Path())
    return "make demo" if is_embedded else f"{name_program()} build {run}"


def _list_perplexities(run: str) -> tuple[str, ...]:
    found: dict[str, float] = {}
    for path in store_path(run, "tsne/_").parent.glob("*.zarr"):
        try:
            found[path.stem] = float(path.stem)
        except ValueError:
            continue  # a file that nobody of ours has written
    return tuple(sorted(found, key=lambda text: found[text]))


def read_contents(run: str) -> Contents:
    """What a run offers.

    Raises
    ------
    Unavailable
        Where its samples or predictions are missing or broken.
    """
    samples, predictions = load_samples(run), load_predictions(run)
    with explaining(run, "samples"):
        return Contents(
            run,
            samples.sizes,
            predictions.layers,
            _list_perplexities(run),
            samples.categories,
            predictions.categories,
            samples.columns,
        )


def tell_label(categories: Sequence[Category], label: int) -> str:
    """The class of a label, in words for a page."""
    return name_label(categories, label) or "no label"
