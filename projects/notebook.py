"""`layerscope.show`: a network and pictures from Python, in a notebook or a script."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from html import escape
from io import StringIO
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from layerscope.errors import InputError
from layerscope.params import PARAMS, read_params
from layerscope.storage.files import write_text
from layerscope.storage.store import DATA, Store
from projects.add_run import find_dataset, fit_sizes
from projects.building import STAGES
from projects.first_look import list_work, run_stage
from projects.folder import format_yaml, open_folder, open_yaml
from projects.given_models import FACTORY, give
from projects.given_pictures import write_pictures
from projects.serving import App, Closing

if TYPE_CHECKING:
    from torch import nn

RUN = "shown"
_HEIGHT = 860  # of the page inside a notebook, pixels


class Arrays(Mapping[str, np.ndarray]):
    """Arrays of a run by their place: ``pca/100/points``, ``umap/100/2d``; read as they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> np.ndarray:
        for path in self._list():
            own = name.removeprefix(self._name(path) + "/")
            if own != name and (path / own / "zarr.json").exists():
                return Store(path).read(own)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        for path in self._list():
            for facts in sorted(path.rglob("*/zarr.json")):
                if json.loads(facts.read_text(encoding="utf-8"))["node_type"] == "array":
                    yield f"{self._name(path)}/{facts.parent.relative_to(path).as_posix()}"

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _list(self) -> list[Path]:
        return sorted(self._folder.rglob("*.zarr"))

    def _name(self, store: Path) -> str:
        return store.relative_to(self._folder).with_suffix("").as_posix()


class Shown(Closing):
    """What `show` returns; also a context manager, which closes it.

    Attributes
    ----------
    address : str
        Of the page.
    folder : Path
        Of the project, which `layerscope app --project` opens again.
    arrays : Arrays
        By name, as NumPy.
    """

    def __init__(self, folder: Path, app: App) -> None:
        self._app, self.folder = app, folder
        self.address = app.page(run=RUN)
        self.arrays = Arrays(folder / DATA / RUN)

    def close(self) -> None:
        """End the page. The folder stays."""
        self._app.close()

    def __repr__(self) -> str:
        return f"Shown({self.address!r})"

    def _repr_html_(self) -> str:
        """The page, inside a notebook."""
        return (
            f'<iframe src="{escape(self.address)}" width="100%" height="{_HEIGHT}" '
            'style="border: 0"></iframe>'
        )


def show(
    model: nn.Module | str | Mapping[str, Any],
    pictures: Any,
    labels: Sequence[Any] | None = None,
    *,
    layers: str | Sequence[str] = "blocks",
    class_names: Sequence[str] | None = None,
    sizes: Sequence[int] | None = None,
    folder: str | Path | None = None,
    weights: str | Path | None = None,
    **inputs: Any,
) -> Shown:
    """Compute what each layer of a network makes of pictures, and open the page.

    Parameters
    ----------
    model : nn.Module, str or mapping
        A network in memory; a name in the registry, ``timm:<name>``; or ``{"factory":
        "package.module:function"}``. Only the latter two can compute live on the page.
    pictures : array, tensor, sequence, data set or path
        A folder, an archive or a URL. Or paths, PIL images, or (picture, label) pairs of a torch data set.
        Or (n, height, width[, 1 or 3]) as NumPy or (n, 1 or 3, height, width) as a tensor: uint8, or real
        numbers from 0 to 1, as they are before they are normalised.
    labels : sequence, optional
        A class name each, or the number of an output.
    layers : str or sequence of str
        ``stages``, ``blocks``, ``all``, ``tokens``, or keys of nodes.
    class_names : sequence of str, optional
        Of the outputs, in order.
    sizes : sequence of int, optional
        Nested numbers of samples; 100 and 1,000, or what there is, without.
    folder : path, optional
        Where to work; a new temporary one without.
    weights : path, optional
        Of a model that is not in memory.
    **inputs
        What a network in memory wants of pictures, see `layerscope.models.inputs.of_factory`: ``input_size``
        (that of the pictures where all have one), ``mean``, ``std`` (0 and 1), ``crop`` (1), ``channels``,
        ``crop_mode``, ``interpolation``.

    Returns
    -------
    Shown
        Its address, its arrays, and `close`.

    Raises
    ------
    InputError
        In one line, where something cannot be read.
    """
    place = Path(folder or mkdtemp(prefix="layerscope-")).absolute()
    open_folder(place)
    entry, size, channels = write_pictures(place, pictures, labels, class_names)
    entry |= _describe_model(place, model, weights, size, channels, inputs, class_names)
    entry["layers"] = layers if isinstance(layers, str) else list(layers)
    with chdir(place):
        _write_run(entry, sizes)
        work = list_work(RUN, STAGES)
        bar = tqdm(
            work, bar_format="{bar:24} {n_fmt} of {total_fmt} stages {desc}", file=sys.stderr
        )
        for stage, arguments in bar:
            bar.set_description_str(stage)
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                run_stage(stage, *arguments)
    app = App(place)
    app.wait()
    return Shown(place, app)


def _write_run(entry: dict[str, Any], sizes: Sequence[int] | None) -> None:
    """Put the run into ``params.yaml``, its sizes by what there is."""

    def write(sizes: Sequence[int]) -> None:
        content = open_yaml().load(PARAMS)
        content["runs"] = {RUN: {**entry, "sizes": list(sizes)}}
        content["compute"]["scheduler"] = "synchronous"  # other processes do not have the network
        write_text(PARAMS, format_yaml(content))

    write(sizes or [10])
    params = read_params()
    if sizes is None:
        dataset = find_dataset(params.runs[RUN], params.prepare.random_state)
        write(fit_sizes(dataset, None, params))


def _describe_model(
    folder: Path,
    model: nn.Module | str | Mapping[str, Any],
    weights: str | Path | None,
    size: tuple[int, int] | None,
    channels: int,
    inputs: dict[str, Any],
    class_names: Sequence[str] | None,
) -> dict[str, Any]:
    """What ``params.yaml`` says of the model, for pictures of a size and a number of channels."""
    if isinstance(model, str | Mapping):
        if inputs:
            raise InputError(
                f"{next(iter(inputs))}: is of a network in memory; {model!r:.80} says itself"
            )
        file = "weights/published" if weights is None else str(Path(weights).absolute())
        return {"model": model if isinstance(model, str) else dict(model), "weights": file}
    from safetensors.torch import save_model
    from torch import nn

    if not isinstance(model, nn.Module):
        raise InputError(
            f"model: is a {type(model).__name__}; give a torch module, a name or a mapping"
        )
    if size is None and "input_size" not in inputs:
        raise InputError("input_size: the pictures differ in size; say what the network takes")
    file = str(folder / "weights" / "shown.safetensors")
    save_model(model, file)
    if class_names is not None:
        names = "".join(f"{name}\n" for name in class_names)
        write_text(folder / "weights/shown.classes.txt", names)
    spec = {"factory": FACTORY, "options": {"number": give(model)}}
    usual = {"mean": [0.0], "std": [1.0], "crop": 1.0, "channels": channels}
    usual |= {"input_size": list(size)} if size else {}
    return {"model": spec | usual | inputs, "weights": file}
