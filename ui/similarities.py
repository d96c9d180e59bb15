"""Similarity of layers for the app: what the pipeline has stored, or what can be measured at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from layerscope.embedding.repetition import Repetition, expect_similarity
from layerscope.embedding.similarity import STATISTICS, compute_unit_cloud, measure_nuclear
from layerscope.models.layers import Layer
from layerscope.storage.store import DATA
from ui.arrays import (
    Stamp,
    Unavailable,
    explaining,
    load_array,
    load_attributes,
    load_predictions,
    stamp,
)
from ui.components.similarity_matrix import MEASURES, LayerSimilarity, SimilarityMeasure
from ui.library import load_params, name_run
from ui.memory import keep
from ui.shell import optional

_FOLDER = "similarity"  # within `DATA`; its stores belong to pairs of runs
_SIDES = ("first", "second")


def load_similarity(first: str, second: str, size: int) -> LayerSimilarity:
    """How similar the layers of two runs of the same samples are, or those of one run.

    What the pipeline has compared, in whichever order, is read as it is. For other pairs the nuclear
    norm alone is measured, without what is found by chance.

    Parameters
    ----------
    first, second : str
        Runs; they may be the same.
    size : int
        Number of samples to measure where nothing is stored.

    Raises
    ------
    Unavailable
        Where an embedding that would have to be measured is missing or broken.
    """
    layers = (_list_layers(first), _list_layers(second))
    stored = _find_stored((first, second), layers)
    measures, n = stored or (_measure_live(first, second, size), size)
    repeated = [load_repetition(run, n, load_params().umap.n_components) for run in (first, second)]
    if all(repeated):
        ceiling = expect_similarity(*(np.array([each.similarity for each in r]) for r in repeated))
        measures = {**measures, "nuclear": replace(measures["nuclear"], repeated=ceiling)}
    return LayerSimilarity(name_run(first), name_run(second), *layers, measures, n)


def load_repetition(run: str, size: int, n_components: int) -> tuple[Repetition, ...]:
    """What repetition alone gives of each layer's UMAP; empty where it is not known."""
    try:
        found = load_array(run, "umap", f"{size}/{n_components}d_repeated")
    except Unavailable:
        return ()  # of an earlier version: figures stand without it
    if found.shape != (len(_list_layers(run)), len(Repetition._fields)):
        return ()
    return tuple(Repetition(*map(float, each)) for each in found)


def find_repetition(run: str, size: int, n_components: int, layer: str) -> Repetition | None:
    """The same of one layer; None also where its samples are all in one place."""
    keys = [each.key for each in _list_layers(run)]
    found = load_repetition(run, size, n_components)
    again = found[keys.index(layer)] if found and layer in keys else None
    return None if again is None or np.isnan(again.neighbors) else again


def _list_layers(run: str) -> tuple[Layer, ...]:
    return load_predictions(run).layers


def _find_stored(
    runs: tuple[str, str], layers: tuple[tuple[Layer, ...], tuple[Layer, ...]]
) -> tuple[dict[str, SimilarityMeasure], int] | None:
    """The measures of a pair of runs as stored, with the number of samples; None where there are none.

    A comparison of models that have since been replaced, or one that is damaged, which is said, counts as
    none.
    """
    keys = [[layer.key for layer in each] for each in layers]
    for name in sorted(path.stem for path in (DATA / _FOLDER).glob("*.zarr")):
        with optional():
            found = _read_stored(name, runs, keys)
            if found is not None:
                return found
    return None


def _read_stored(
    name: str, runs: tuple[str, str], keys: list[list[str]]
) -> tuple[dict[str, SimilarityMeasure], int] | None:
    """The same of one store. Raises `Unavailable`."""
    with explaining(_FOLDER, name):
        facts = load_attributes(_FOLDER, name)
        places = [facts["runs"].index(run) for run in runs if run in facts["runs"]]
        if len(places) == 2 and [facts["layers"][place] for place in places] == keys:
            measures = _read_measures(name, places, facts)
            return (measures, int(facts["n"])) if measures else None
        return None


def _read_measures(
    name: str, places: list[int], facts: Mapping[str, Any]
) -> dict[str, SimilarityMeasure]:
    pair = "-".join(_SIDES[place] for place in sorted(places))
    shape = (len(STATISTICS), *(len(facts["layers"][place]) for place in sorted(places)))
    if tuple(facts["statistics"]) != STATISTICS:
        return {}  # of an earlier version, which had other figures under these names
    measures = {}
    for key in MEASURES:
        found = load_array(_FOLDER, name, f"{pair}/{key}")
        if (
            found.shape != shape or not found.any()
        ):  # zeros are what Zarr reads of a file that is gone
            raise ValueError(f"{pair}/{key} is damaged")
        turned = found if places == sorted(places) else found.swapaxes(1, 2)
        measures[key] = SimilarityMeasure(*turned)
    return measures


def _measure_live(first: str, second: str, size: int) -> dict[str, SimilarityMeasure]:
    these, others = (_load_clouds(run, size) for run in (first, second))
    made = (first, second, size, stamp(first, "umap"), stamp(second, "umap"))
    return {"nuclear": SimilarityMeasure(_measure_clouds(these, others, made))}


def _load_clouds(run: str, size: int) -> np.ndarray:
    d = load_params().umap.n_components
    clouds = load_array(run, "umap", f"{size}/{d}d")
    if clouds.shape != (len(_list_layers(run)), size, d):
        raise Unavailable(run, "umap", broken=True)
    return clouds


@keep
def _measure_clouds(
    _first: np.ndarray, _second: np.ndarray, made: tuple[str, str, int, Stamp, Stamp]
) -> np.ndarray:
    first, second = (np.stack([compute_unit_cloud(c) for c in each]) for each in (_first, _second))
    values = measure_nuclear(first, second)
    values.flags.writeable = False
    return values
