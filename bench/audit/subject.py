"""A run that is looked at: its stores, and its layers, computed by plain forward hooks."""

from __future__ import annotations

import copy
import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.errors import InputError
from layerscope.models.layers import GIVEN, INPUT, PROBABILITIES, Layer
from layerscope.models.registry import Classifier, module_at
from layerscope.params import Params, Run
from layerscope.runs.blocks import load_classifier
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import DATA, Store, store_path

MOST = 1000  # samples
_BATCH = 20
_FEW = 5  # layers, for what takes long of each
WHOLE = "whole"  # a vector as it is, in no case rounded
Wanted = tuple[str, str]  # a layer, and how it is averaged: "grid7", "pool4"; or `WHOLE`


class Subject:
    """The largest size up to 1,000 of a run.

    Parameters
    ----------
    name : str
    params : Params
    half : bool
        Whether layers are rounded to float16, as they are stored: without, differences are also of that.

    Attributes
    ----------
    keys : list of str
        Layers that are outputs of modules; `left_out` has the others, each with the reason.
    """

    def __init__(self, name: str, params: Params, half: bool = False) -> None:
        self.name, self.params, self.half = name, params, half
        self.run: Run = params.run(name)
        self.samples = Samples(store_path(name, "samples"))
        self.predictions = Predictions(store_path(name, "predictions"))
        self.size = max((size for size in self.run.sizes if size <= MOST), default=0)
        self.labels = self.samples.labels[: self.size].astype(np.int64)
        if not self.size or (self.labels < 0).any():
            raise InputError(f"{name}: no size of up to {MOST} samples with labels")
        self.own = params.activations.averaging_of(self.size).name
        self.left_out = {
            layer.key: reason for layer in self.layers if (reason := self._doubt(layer))
        }
        self.keys = [layer.key for layer in self.layers if layer.key not in self.left_out]
        self._found: dict[Wanted, np.ndarray] = {}

    # --- what is stored ---------------------------------------------------------------------

    @property
    def layers(self) -> tuple[Layer, ...]:
        """As the run has them."""
        return self.predictions.layers

    def depth(self, key: str) -> int:
        """The row of a layer in stored arrays."""
        return [layer.key for layer in self.layers].index(key)

    def store(self, name: str) -> Store:
        """A store of the run. Raises `InputError` where it is not built."""
        return Store(store_path(self.name, name))

    @cached_property
    def table(self) -> dict[tuple[str, str], dict[str, str]]:
        """Rows of ``layers.csv`` of this size, by layer and embedding."""
        rows = read_rows(self.name, "layers.csv")
        return {(r["layer"], r["embedding"]): r for r in rows if r["size"] == str(self.size)}

    @property
    def few(self) -> list[str]:
        """Some layers, evenly, and the last."""
        return [*self.keys[: -1 : max(1, len(self.keys) // _FEW)], self.keys[-1]]

    # --- what is computed -------------------------------------------------------------------

    @cached_property
    def classifier(self) -> Classifier:
        """On the processor."""
        return load_classifier(self.run, "cpu")

    @cached_property
    def module(self) -> nn.Module:
        """A copy of the model that overwrites no output, free to be hooked."""
        module = copy.deepcopy(self.classifier.module)
        for part in module.modules():
            if hasattr(part, "inplace"):
                setattr(part, "inplace", False)  # noqa: B010  (a Module's attributes are not typed)
        return module

    def to_pixels(self, pictures: np.ndarray) -> Tensor:
        """Pictures (N, H, W, C) uint8 as (N, C, H, W) in [0, 1]."""
        return torch.from_numpy(np.moveaxis(pictures, 3, 1).astype(np.float32) / 255)

    def normalize(self, pixels: Tensor) -> Tensor:
        """As the network takes them."""
        inputs = self.classifier.inputs
        mean, std = (torch.tensor(each)[:, None, None] for each in (inputs.mean, inputs.std))
        return (pixels - mean) / std

    def find_module(self, key: str) -> nn.Module:
        """The module that a layer is an output of. Raises `InputError` where there is none."""
        return module_at(self.module, key.partition("#")[0])

    def _doubt(self, layer: Layer) -> str:
        """Why a layer cannot be had from a hook; empty where it can."""
        if layer.key in {INPUT, PROBABILITIES}:
            return ""
        if layer.key == GIVEN:
            return "no output of the network"
        if layer.layout:
            return f"laid out as {layer.layout}"
        if "~" in layer.key:
            return "a function, no module"
        try:
            self.find_module(layer.key)
        except InputError as error:
            return str(error)
        return ""

    def prepare(self) -> None:
        """Compute, in one pass over the pictures, all that is wanted of many layers."""
        self.maps(*list_wanted(self))

    def maps(self, *wanted: Wanted) -> list[np.ndarray]:
        """Layers (n, d) float32, each averaged in its way."""
        missing = list(dict.fromkeys(each for each in wanted if each not in self._found))
        if missing:
            self._found |= self._compute(missing)
        return [self._found[each] for each in wanted]

    def _compute(self, wanted: Sequence[Wanted]) -> dict[Wanted, np.ndarray]:
        """One pass; each layer is averaged the moment it is there, in all ways that are wanted."""
        rows: dict[Wanted, list[np.ndarray]] = {each: [] for each in wanted}
        calls: Counter[str] = Counter()

        def take(key: str, output: Tensor) -> None:
            for each in wanted:
                if each[0] == key:
                    rows[each].append(average(output, each[1]))

        def watch(path: str, keys: Iterable[str]) -> Callable[[nn.Module, object, Tensor], None]:
            by_call = {int(key.partition("#")[2] or 1): key for key in keys}

            def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:
                calls[path] += 1
                if calls[path] in by_call:
                    take(by_call[calls[path]], output)

            return hook

        inner = {key for key, _ in wanted} - {INPUT, PROBABILITIES}
        hooks = [
            self.find_module(path).register_forward_hook(
                watch(path, (key for key in inner if key.partition("#")[0] == path))
            )
            for path in {key.partition("#")[0] for key in inner}
        ]
        try:
            for start in range(0, self.size, _BATCH):
                calls.clear()
                pixels = self.to_pixels(
                    self.samples.pictures(start, min(start + _BATCH, self.size))
                )
                with torch.inference_mode():
                    take(INPUT, pixels)
                    logits = self.module(self.normalize(pixels))
                    take(PROBABILITIES, logits.softmax(1))
        finally:
            for each in hooks:
                each.remove()
        found = {each: np.concatenate(batches) for each, batches in rows.items()}
        if not self.half:
            return found
        return {
            each: values if each[1] == WHOLE else values.astype(np.float16).astype(np.float32)
            for each, values in found.items()
        }


def average(output: Tensor, way: str) -> np.ndarray:
    """A batch of a layer, (N, d) float32, its maps averaged: "grid7" to 7 x 7, "pool4" over 4 x 4."""
    if output.ndim == 4:
        height, width = (count_cells(side, way) for side in output.shape[2:])
        output = functional.adaptive_avg_pool2d(output.contiguous(), (height, width))
    return output.flatten(1).float().numpy().copy()


def count_cells(side: int, way: str) -> int:
    """Cells along a side of a map; with a factor two at least, and never more than it has places."""
    kind, number = way[:4], int(way[4:])
    return min(side, number if kind == "grid" else max(2, -(-side // number)))


def list_wanted(subject: Subject) -> list[Wanted]:
    """All layers in the run's way; some at other grids, pools over cells of a factor, means of channels."""
    settings = subject.params.activations
    others = [each.name for each in settings.other_grids(subject.size)]
    pool = f"pool{settings.pool}"
    return [
        *((key, subject.own) for key in subject.keys),
        *((key, way) for key in subject.few for way in others),
        *((key, pool) for pair in list_pools(subject) for key in pair),
        *((key, WHOLE) for key in subject.keys if key == PROBABILITIES),
        *((key, "grid1") for key in subject.keys[1:3]),
        *((layer.key, "grid1") for layer in subject.layers if layer.key == find_last_maps(subject)),
    ]


def list_pools(subject: Subject) -> list[tuple[str, str]]:
    """Each pool that gives maps, with the layer before it."""
    pairs = zip(subject.layers, subject.layers[1:], strict=False)
    return [
        (before.key, layer.key)
        for before, layer in pairs
        if layer.kind == "pool"
        and len(layer.shape) == 3
        and not {before.key, layer.key} & subject.left_out.keys()
    ]


def find_last_maps(subject: Subject) -> str:
    """The layer that Grad-CAM is made at, or else the last one with maps; empty without any."""
    try:
        found = str(subject.store("cam").attributes.get("layer", ""))
    except InputError:
        found = ""
    maps = [layer.key for layer in subject.layers if len(layer.shape) == 3]
    kept = [each for each in (*maps, found) if each in subject.keys]
    return kept[-1] if kept else ""


def read_rows(run: str, name: str) -> list[dict[str, str]]:
    """A table of a run. Raises `InputError` where it is not built."""
    path = DATA / run / name
    if not path.exists():
        raise InputError(f"{path}: not there; build it with `dvc repro`")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
