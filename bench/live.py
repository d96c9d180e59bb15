"""What each technique that the app computes live takes, with its usual settings: ``make bench-live``.

One after another in one process, on a rendered picture. What comes before the first time (imports, a
compiler's warm-up) is not counted: the app does it in the background. A technique is measured three
times, one that takes more than 20 s once.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).parent.parent
_RESULTS = ROOT / "docs" / "bench-live.json"
_RUN = "objects-vgg16_slim"
_MODELS = {
    "vgg16_slim": ROOT / "weights/rendered/vgg16_slim.safetensors",
    "efficientnet_lite0": None,
    "vgg16": None,  # random weights: what they cost does not depend on their values
}
_REPEATS, _LONG = 3, 20.0
Technique = Callable[[], object]


@dataclass(frozen=True)
class Row:
    """A line of the table: seconds, and how often they were measured."""

    technique: str
    model: str
    seconds: float
    n: int
    note: str = ""


def measure(run: Technique) -> tuple[float, int]:
    """Median seconds, and how often it was run: once more to warm up where it is short."""
    times: list[float] = []
    while len(times) < _REPEATS + 1:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
        if times[-1] > _LONG:
            return times[-1], 1
    return median(times[1:]), _REPEATS


def list_explanations(model: str, picture: np.ndarray) -> Iterator[tuple[str, Technique, str]]:
    """Everything on the page Explain."""
    import torch

    from layerscope.explanation.filling import FILL, cover, fill_picture
    from layerscope.explanation.methods import METHODS
    from layerscope.explanation.occlusion import occlude
    from layerscope.explanation.registry import attribute, list_unsupported
    from layerscope.explanation.windows import OCCLUSION_OPTIONS
    from layerscope.models.registry import load_model

    classifier = load_model(model, _MODELS[model])
    size = classifier.inputs.size[0]

    def predict(pixels: np.ndarray) -> object:
        with torch.no_grad():
            return classifier.module(classifier.to_inputs(pixels[None])).softmax(dim=1)

    yield "top 10", lambda: predict(picture), "one forward pass"
    filling = fill_picture(picture, str(FILL.default))
    covered = cover(picture, filling, size // 4, size // 4, 32)
    yield "occlusion by hand, one place", lambda: predict(covered), ""
    settings = {option.key: option.default for option in OCCLUSION_OPTIONS}
    yield (
        "occlusion sweep",
        lambda: [*occlude(classifier, picture, 0, **settings)],  # type: ignore[arg-type]
        ", ".join(f"{key} {value}" for key, value in settings.items()),
    )
    unsupported = list_unsupported(classifier)
    for method in METHODS.values():
        if method.key in unsupported:
            continue
        note = ", ".join(f"{option.label.lower()} {option.default}" for option in method.options)

        def explain(key: str = method.key) -> object:
            return attribute(key, classifier, picture[None], np.array([0]))

        yield method.name, explain, note


def list_features(model: str, picture: np.ndarray) -> Iterator[tuple[str, Technique, str]]:
    """Everything on the page Features that asks the model."""
    from layerscope.features.ascent import MaximizationSettings
    from layerscope.features.class_vectors import (
        choose_classes,
        map_by_pca,
        map_by_tsne,
        map_by_umap,
    )
    from layerscope.features.kernels import (
        draw_slices,
        find_weighted,
        measure_norms,
        read_class_vectors,
    )
    from layerscope.features.maximization import maximize
    from layerscope.features.unit import Unit
    from layerscope.models.registry import load_model
    from layerscope.params import read_params

    classifier, params = load_model(model, _MODELS[model]), read_params(ROOT / "params.yaml")
    layers = {
        "vgg16_slim": ("features.9", "features.23"),
        "vgg16": ("features.9", "features.23"),
        "efficientnet_lite0": ("blocks.2.1", "blocks.5.3"),
    }[model]
    for layer in layers:
        unit = Unit(layer, 0)
        yield (
            f"activation maximisation, {layer}",
            lambda unit=unit: [*maximize(classifier, unit)],  # type: ignore[misc]
            f"{MaximizationSettings().n_steps} steps",
        )
    yield (
        "activation maximisation, a class",
        lambda: [*maximize(classifier, Unit("probabilities", 0))],
        f"{MaximizationSettings().n_steps} steps",
    )
    key = find_weighted(classifier)[1]
    yield (
        f"kernels, {key}",
        lambda: (draw_slices(classifier, key), measure_norms(classifier, key)),
        "",
    )
    vectors = read_class_vectors(classifier)
    vectors = vectors[choose_classes(len(vectors), random_state=0)]
    tsne, umap = params.tsne, params.umap
    yield "class weight vectors, PCA", lambda: map_by_pca(vectors), f"{len(vectors)} classes"
    yield (
        "class weight vectors, t-SNE",
        lambda: map_by_tsne(
            vectors,
            perplexity=30,
            early_exaggeration=tsne.early_exaggeration,
            n_iter=tsne.n_iter,
            tolerance=tsne.tolerance,
            random_state=0,
        ),
        f"{len(vectors)} classes",
    )
    yield (
        "class weight vectors, UMAP",
        lambda: map_by_umap(
            vectors, n_neighbors=umap.n_neighbors, min_dist=umap.min_dist, random_state=0
        ),
        f"{len(vectors)} classes",
    )


def list_trials() -> Iterator[tuple[str, Technique, str]]:
    """t-SNE playground, which asks no model: 200 samples in 50 dimensions, ten classes."""
    from layerscope.embedding.tsne_trials import iterate_tsne, try_tsne
    from layerscope.params import read_params

    params = read_params(ROOT / "params.yaml")
    settings = params.playground.shorten(params.tsne)
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 10
    features = rng.normal(size=(10, 50))[labels] + rng.normal(size=(200, 50))
    common = {"early_exaggeration": settings.early_exaggeration, "n_iter": settings.n_iter}
    yield (
        "t-SNE playground, one perplexity",
        lambda: [*iterate_tsne(features, perplexity=30, random_state=0, every=10, **common)],  # type: ignore[arg-type]
        "200 samples",
    )
    yield (
        "t-SNE playground, three seeds and 19 Gaussians",
        lambda: [*try_tsne(features, labels, perplexity=30, **common)],  # type: ignore[arg-type]
        "200 samples",
    )


def report(model: str, techniques: Iterator[tuple[str, Technique, str]]) -> Iterator[Row]:
    """Measure one after another, and say so."""
    for name, run, note in techniques:
        seconds, n = measure(run)
        print(f"{model:20} {name:34} {seconds:9.3f} {n:3}  {note}", flush=True)
        yield Row(name, model, round(seconds, 4), n, note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=list(_MODELS), choices=list(_MODELS))
    parser.add_argument("--output", type=Path, default=_RESULTS, help="JSON file to write")
    options = parser.parse_args()
    from bench.app_project import write_random_vgg16
    from layerscope.runs.samples import Samples
    from layerscope.storage.store import store_path

    print(f"{os.cpu_count()} cores; median seconds, times measured")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TORCH_HOME"] = folder
        if "vgg16" in options.models:
            write_random_vgg16(Path(folder) / "hub" / "checkpoints")
        os.chdir(ROOT)
        picture = Samples(store_path(_RUN, "samples")).picture(0)
        for model in options.models:
            rows += report(model, list_explanations(model, picture))
            rows += report(model, list_features(model, picture))
        rows += report("", list_trials())
    _merge(options.output, rows)


def _merge(path: Path, rows: list[Row]) -> None:
    """Write rows, and keep those of models that were not measured now."""
    kept: list[dict[str, object]] = []
    with suppress(FileNotFoundError):
        kept = json.loads(path.read_text(encoding="utf-8"))["rows"]
    measured = {row.model for row in rows}
    kept = [row for row in kept if row["model"] not in measured]
    content = {"cores": os.cpu_count(), "rows": kept + [row.__dict__ for row in rows]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
