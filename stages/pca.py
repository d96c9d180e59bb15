"""Principal components of every layer and size: all that matter for the stages, two for the app."""

from __future__ import annotations

import numpy as np

from layerscope.params import read_params
from layerscope.progress import track
from layerscope.reduction import principal_components
from layerscope.store import Store, library_versions, store_path, writing
from stages.command import run_stage


def main(run: str) -> None:
    params = read_params()
    activations = Store(store_path(run, "activations"))
    layers = activations.attributes["layers"]
    facts = {
        "layers": layers,
        "variance": params.pca.variance,
        "versions": library_versions("numpy", "scipy"),
    }
    with (
        writing(store_path(run, "components"), **facts) as components,
        writing(store_path(run, "pca"), **facts) as pca,
    ):
        for size in params.run(run).sizes:
            points, ratios, kept = [], [], []
            for layer in track(layers, f"{run}: PCA of {size}"):
                array = activations.array(f"pool{params.activations.pool_of(size)}/{layer}")
                features = np.asarray(array[:size]).reshape(size, -1)
                result = principal_components(features, params.pca.variance)
                components.add(f"{size}/{layer}", result.scores, ["sample", "component"])
                points.append(result.scores[:, :2])
                ratios.append(result.explained_variance_ratio[:2])
                kept.append(result.scores.shape[1])
            pca.add(f"{size}/points", np.stack(points), ["layer", "sample", "component"])
            pca.add(
                f"{size}/explained_variance_ratio",
                np.stack(ratios),
                ["layer", "component"],
                unit="1",
            )
            pca.add(f"{size}/n_components", np.array(kept, dtype=np.int32), ["layer"])


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
