"""Nearest neighbours per layer and size: in the components for embeddings, in the layer for the app."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layerscope.embedding.defined import plan_vote
from layerscope.embedding.distances import find_nearest, measure_distances, normalize_rows
from layerscope.embedding.neighbors import count_kept, majority, nearest_neighbors
from layerscope.parallel import working
from layerscope.params import Params, read_params
from layerscope.progress import track
from layerscope.runs.samples import Samples
from layerscope.storage.store import Store, Writer, library_versions, store_path, writing
from stages.command import run_stage

SHOWN = 10
DIMS = ["layer", "sample", "neighbor"]
Setting = tuple[str, int]  # the name of an averaging, and how many neighbours vote


class Near(NamedTuple):
    """What the app needs of one layer.

    Attributes
    ----------
    euclidean, cosine : ndarray of int32, (n, 10)
        The nearest in the layer itself; all -1 where all samples are equal.
    kept : ndarray of uint8, (n,)
        How many of the Euclidean ones are among the ten nearest in the components.
    agrees : ndarray of bool, (settings, n)
        Whether the majority of a sample's neighbours is of its class.
    """

    euclidean: np.ndarray
    cosine: np.ndarray
    kept: np.ndarray
    agrees: np.ndarray


def list_settings(labels: np.ndarray, size: int, params: Params) -> list[Setting]:
    """On which grids how many neighbours vote: the run's own way first, then all that may be asked.

    As many neighbours as classes are large enough for: see `plan_vote`.
    """
    settings = params.activations
    own, grids = settings.averaging_of(size), settings.other_grids(size)
    votes = [k for k in params.neighbors.votes if plan_vote(labels[:size], k)[0] == k]
    first = (own.name, min(SHOWN, size - 1))
    return list(dict.fromkeys([first, *((each.name, k) for each in (own, *grids) for k in votes)]))


def find_graph(
    components: str, store: str, size: int, index: int, layer: str, k: int
) -> np.ndarray:
    """Write the graph of one layer's components; the ten nearest, (n, 10)."""
    found = nearest_neighbors(Store(components).read(f"{size}/{layer}"), k)
    writer = Writer.open(store)
    writer.fill(f"{size}/indices", index, found.indices[None])
    writer.fill(f"{size}/distances", index, found.distances[None])
    return found.indices[:, :SHOWN]


def find(
    locations: dict[str, str], size: int, index: int, layer: str, k: int, settings: list[Setting]
) -> Near:
    """Neighbours of one layer; `locations` has stores by name."""
    reduced = find_graph(locations["components"], locations["neighbors"], size, index, layer, k)
    shown = reduced.shape[1]
    if not Store(locations["components"]).read(f"{size}/{layer}").any():
        nobody = np.full((size, shown), -1, np.int32)
        return Near(nobody, nobody, np.zeros(size, np.uint8), np.zeros((len(settings), size), bool))
    activations = Store(locations["activations"])
    labels = Samples(locations["samples"]).labels[:size].astype(np.int64)
    own, most = settings[0][0], max(count for _, count in settings)
    near: dict[str, np.ndarray] = {}
    cosine = reduced
    for name in dict.fromkeys(name for name, _ in settings):
        features = activations.read(f"{name}/{layer}", slice(size)).reshape(size, -1)
        near[name] = find_nearest(measure_distances(features), max(most, shown))
        if name == own:
            cosine = find_nearest(measure_distances(normalize_rows(features)), shown)
    euclidean = near[own][:, :shown]
    return Near(
        euclidean,
        cosine,
        count_kept(reduced, euclidean).astype(np.uint8),
        np.stack([majority(near[name], labels, count) == labels for name, count in settings]),
    )


def main(run: str) -> None:
    params = read_params()
    names = ("samples", "activations", "components")
    locations = {name: Store(store_path(run, name)).location for name in names}
    layers = Store(locations["components"]).attributes["layers"]
    labels = Samples(locations["samples"]).labels.astype(np.int64)
    storage = params.compute.storage
    counts = {  # neighbours by size, the longest work first
        size: min(params.neighbors.n_neighbors, size - 1)
        for size in reversed(params.run(run).sizes)
    }
    settings = {size: list_settings(labels, size, params) for size in counts}
    facts = {"layers": layers, "versions": library_versions("scikit-learn")}
    with (
        writing(store_path(run, "neighbors"), storage, **facts) as graph,
        writing(
            store_path(run, "nearest"),
            storage,
            **facts,
            settings={str(size): each for size, each in settings.items()},
        ) as nearest,
        working(params.compute.scheduler) as workers,
    ):
        locations["neighbors"] = graph.location
        for size, k in counts.items():
            for name, dtype in (("indices", "int32"), ("distances", "float32")):
                graph.reserve(f"{size}/{name}", (len(layers), size, k), dtype, DIMS, rows=1)
        tasks = (
            (locations, size, index, layer, k, settings[size])
            for size, k in counts.items()
            for index, layer in enumerate(layers)
        )
        results = track(workers.map(find, tasks), f"{run}: neighbours", len(counts) * len(layers))
        for size in counts:
            found: list[Near] = [next(results) for _ in layers]
            nearest.add(f"{size}/indices", np.stack([each.euclidean for each in found]), DIMS)
            nearest.add(f"{size}/cosine", np.stack([each.cosine for each in found]), DIMS)
            nearest.add(f"{size}/kept", np.stack([each.kept for each in found]), DIMS[:2])
            agrees = np.stack([each.agrees for each in found], axis=1)
            nearest.add(f"{size}/agrees", agrees, ["setting", "layer", "sample"])


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
