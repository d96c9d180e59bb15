"""A project folder to measure the app in: the embedded run, 7000 samples, and a full VGG16.

Pictures and predictions of the 7000 are real, made by the stages themselves; their layouts are
generated, because real ones take hours and the app draws any layout alike. The full VGG16 has random
weights: what a forward pass costs does not depend on their values, and the real ones are a download.
"""

from __future__ import annotations

import os
from contextlib import chdir
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from layerscope.storage.files import write_table
from layerscope.storage.store import DATA, store_path, writing
from ui.bundle import ensure_bundle

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".cache" / "bench" / "app"
EMBEDDED = "birds-vgg16_slim"
LARGE = "birds7000-vgg16_slim"
WIDE = "birds-vgg16"
RUNS = {
    LARGE: {
        "model": "vgg16_slim",
        "weights": "weights/rendered/vgg16_slim.safetensors",
        "sizes": [7000],
    },
    WIDE: {"model": "vgg16", "weights": "weights/published", "sizes": [40]},
}
_NEIGHBORS = 10


def prepare_project() -> Path:
    """Make the folder, or complete it; what is there is kept.

    Returns
    -------
    Path
        The folder. The environment variable TORCH_HOME points into it.
    """
    with chdir(ROOT):
        if problem := ensure_bundle():
            raise RuntimeError(problem)
    (FOLDER / "data").mkdir(parents=True, exist_ok=True)
    for name, target in (
        ("weights", ROOT / "weights"),
        (f"data/{EMBEDDED}", ROOT / "data" / EMBEDDED),
    ):
        if not (FOLDER / name).exists():
            (FOLDER / name).symlink_to(target)
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    params["runs"] = {EMBEDDED: params["runs"][EMBEDDED]} | {
        run: {"dataset": "birds", **settings} for run, settings in RUNS.items()
    }
    yaml.dump(params, FOLDER / "params.yaml")
    os.environ["TORCH_HOME"] = str(FOLDER / "torch")
    write_random_vgg16(FOLDER / "torch" / "hub" / "checkpoints")
    with chdir(FOLDER):
        for run in RUNS:
            _make_run(run)
    return FOLDER


def write_random_vgg16(folder: Path) -> None:
    """Put weights where torchvision looks for those of VGG16: random ones, unless some are there."""
    from layerscope.vision import torchvision

    file = folder / Path(torchvision.models.VGG16_Weights.IMAGENET1K_V1.url).name
    if file.exists():
        return
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    torch.save(torchvision.models.vgg16().state_dict(), file.with_suffix(".partial"))
    file.with_suffix(".partial").rename(file)


def _make_run(run: str) -> None:
    from layerscope.runs.predictions import Predictions
    from layerscope.runs.samples import Samples
    from stages import predict, prepare

    for name, stage in (("samples", prepare), ("predictions", predict)):
        if not store_path(run, name).exists():
            stage.main(run)
    if not (DATA / run / "layers.csv").exists():
        samples, predictions = (
            Samples(store_path(run, "samples")),
            Predictions(store_path(run, "predictions")),
        )
        keys = [layer.key for layer in predictions.layers]
        _generate_layouts(run, keys, samples.labels.astype(np.int64))


def _generate_layouts(run: str, keys: list[str], labels: np.ndarray) -> None:
    """Clouds that come apart into classes from layer to layer, with figures to match."""
    rng = np.random.default_rng(0)
    n, depth = len(labels), np.linspace(0, 1, len(keys))[:, None, None]
    angles = labels * 2 * np.pi / (labels.max() + 1)
    centers = np.stack([np.cos(angles), np.sin(angles)], axis=-1)  # (n, 2)
    noise = rng.normal(0, 0.5, (n, 2))
    layouts = (depth * 2 * centers + (1 - 0.6 * depth) * noise).astype(np.float32)
    layouts += rng.normal(0, 0.05, layouts.shape).astype(np.float32)
    dims = ["layer", "sample", "component"]
    for name, array in (("pca", "points"), ("umap", "2d"), ("tsne/30", "points")):
        facts = {"effective_perplexity": {str(n): 30.0}} if name.startswith("tsne") else {}
        with writing(store_path(run, name), layers=keys, **facts) as store:
            store.add(f"{n}/{array}", layouts, dims)
    same = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    others = np.stack([rng.choice(same[label], _NEIGHBORS) for label in labels]).astype(np.int32)
    with writing(store_path(run, "nearest"), layers=keys) as store:
        store.add(f"{n}/indices", np.stack([others] * len(keys)), ["layer", "sample", "neighbor"])
    head = ("size", "depth", "layer", "embedding", "knn_accuracy")
    rows = [
        (n, index, key, name, round(0.2 + 0.7 * index / len(keys), 3))
        for index, key in enumerate(keys)
        for name in ("features", "pca", "tsne-30", "umap")
    ]
    write_table(DATA / run / "layers.csv", [dict(zip(head, row, strict=True)) for row in rows])
