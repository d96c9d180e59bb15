"""Principal components of every layer and size: all that matter for the stages, two for the app."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layerscope.embedding.pca import principal_components
from layerscope.parallel import working
from layerscope.params import read_params
from layerscope.progress import track
from layerscope.storage.store import Store, Writer, library_versions, store_path, writing
from stages.command import run_stage


class Reduced(NamedTuple):
    """What the app needs of one layer: two components (n, 2), their shares, how many were kept."""

    points: np.ndarray
    ratios: np.ndarray
    kept: int


def reduce(
    activations: str, store: str, array: str, size: int, layer: str, variance: float
) -> Reduced:
    """Write the components of one layer."""
    features = Store(activations).read(array, slice(size)).reshape(size, -1)
    result = principal_components(features, variance)
    Writer.open(store).add(f"{size}/{layer}", result.scores, ["sample", "component"])
    return Reduced(
        result.scores[:, :2], result.explained_variance_ratio[:2], result.scores.shape[1]
    )


def main(run: str) -> None:
    params = read_params()
    activations = Store(store_path(run, "activations"))
    layers = activations.attributes["layers"]
    facts = {
        "layers": layers,
        "variance": params.pca.variance,
        "versions": library_versions("numpy", "scipy"),
    }
    storage, sizes = params.compute.storage, params.run(run).sizes[::-1]  # the longest first
    with (
        writing(store_path(run, "components"), storage, **facts) as components,
        writing(store_path(run, "pca"), storage, **facts) as pca,
        working(params.compute.scheduler) as workers,
    ):
        tasks = (
            (
                activations.location,
                components.location,
                f"{params.activations.averaging_of(size).name}/{layer}",
                size,
                layer,
                params.pca.variance,
            )
            for size in sizes
            for layer in layers
        )
        results = track(workers.map(reduce, tasks), f"{run}: PCA", len(sizes) * len(layers))
        constant: dict[str, list[str]] = {}  # layers whose samples are all equal, by size
        for size in sizes:
            found = [next(results) for _ in layers]
            points, ratios = (np.stack([each[part] for each in found]) for part in (0, 1))
            kept = np.array([each.kept for each in found], dtype=np.int32)
            pca.add(f"{size}/points", points, ["layer", "sample", "component"])
            pca.add(f"{size}/explained_variance_ratio", ratios, ["layer", "component"], unit="1")
            pca.add(f"{size}/n_components", kept, ["layer"])
            if equal := [
                layer for layer, ratio in zip(layers, ratios, strict=True) if not ratio.any()
            ]:
                constant[str(size)] = equal
        if constant:
            pca.set(constant=constant)


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
