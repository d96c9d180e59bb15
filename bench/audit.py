"""Recompute what is stored, by others' code: ``python -m bench.audit [RUN ...]``.

Nothing here calls what the pipeline calls: activations come from plain forward hooks, the rest from
scikit-learn, openTSNE, pytorch-grad-cam and NumPy. Each line has what would have been said in a former way
of measuring, where there was one, what is said now, and the largest difference between stored and recomputed.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_score
from sklearn.metrics.pairwise import cosine_distances
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn
from torch.nn import functional

from bench.quality import find_affinities, find_divergence
from layerscope.models.layers import INPUT, PROBABILITIES
from layerscope.models.registry import Classifier, module_at, to_pixels
from layerscope.params import Params, Run, read_params
from layerscope.runs.blocks import load_classifier
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.store import DATA, Store, store_path

_K = 10
_BATCH = 20
_CAM_SAMPLES = 60


@dataclass(frozen=True)
class Line:
    """One figure.

    Attributes
    ----------
    what : str
    former, now : str
        As it would have been said, and as it is said; the first may be empty.
    difference : float or None
        Largest difference between stored and recomputed; None where nothing is stored.
    by : str
        Who recomputed it.
    """

    what: str
    former: str
    now: str
    difference: float | None
    by: str


class Subject:
    """A run of the largest size up to 1,000, its layers computed by plain hooks."""

    def __init__(self, name: str, params: Params) -> None:
        self.name, self.params = name, params
        self.run: Run = params.run(name)
        self.samples = Samples(store_path(name, "samples"))
        self.predictions = Predictions(store_path(name, "predictions"))
        self.size = max(size for size in self.run.sizes if size <= 1000)
        self.labels = self.samples.labels[: self.size].astype(np.int64)
        self.keys = [layer.key for layer in self.predictions.layers]
        self._found: dict[tuple[str, int | str], np.ndarray] = {}

    @cached_property
    def classifier(self) -> Classifier:
        return load_classifier(self.run, self.params.device)

    def maps(self, *wanted: tuple[str, int | str]) -> list[np.ndarray]:
        """Layers (n, d) float32, averaged to a grid (a number) or over cells of four places ("pool")."""
        missing = [each for each in wanted if each not in self._found]
        if missing:
            self._found |= dict(zip(missing, self._compute(missing), strict=True))
        return [self._found[each] for each in wanted]

    def _compute(self, wanted: list[tuple[str, int | str]]) -> list[np.ndarray]:
        rows: list[list[np.ndarray]] = [[] for _ in wanted]
        seen: dict[str, Tensor] = {}

        def note(key: str) -> Callable[[nn.Module, object, Tensor], None]:
            return lambda _module, _inputs, output: seen.__setitem__(key, output.clone())

        inner = {key for key, _ in wanted if key not in {INPUT, PROBABILITIES}}
        model = self.classifier.module
        hooks = [module_at(model, key).register_forward_hook(note(key)) for key in inner]
        try:
            for start in range(0, self.size, _BATCH):
                pixels = to_pixels(self.samples.pictures(start, min(start + _BATCH, self.size)))
                with torch.no_grad():
                    logits = model(self.classifier.normalize(pixels))
                seen |= {INPUT: pixels, PROBABILITIES: logits.softmax(1)}
                for at, (key, way) in enumerate(wanted):
                    rows[at].append(_average(seen[key], way))
        finally:
            for hook in hooks:
                hook.remove()
        return [np.concatenate(each) for each in rows]


def _average(output: Tensor, way: int | str) -> np.ndarray:
    if output.ndim == 4:
        side = output.shape[2]
        cells = min(side, way) if isinstance(way, int) else min(side, max(2, -(-side // 4)))
        output = functional.adaptive_avg_pool2d(output, cells)
    return output.flatten(1).float().numpy()


def near(features: np.ndarray, k: int = _K, metric: str = "euclidean") -> np.ndarray:
    """Exact neighbours by scikit-learn, in double precision."""
    search = NearestNeighbors(n_neighbors=k, algorithm="brute", metric=metric)
    return search.fit(features.astype(np.float64)).kneighbors()[1]


def vote(neighbors: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Whether the most frequent class among the neighbours is the sample's, ties to the nearer."""
    right = []
    for row, own in zip(labels[neighbors], labels, strict=True):
        names, first, counts = np.unique(row, return_index=True, return_counts=True)
        right.append(names[np.lexsort((first, -counts))[0]] == own)
    return np.array(right)


def share_kept(found: np.ndarray, true: np.ndarray) -> float:
    """Share of true neighbours among those found."""
    return float(np.mean([len({*a} & {*b}) / len(b) for a, b in zip(found, true, strict=True)]))


def read_table(run: str) -> dict[tuple[str, str, str], dict[str, str]]:
    with (DATA / run / "layers.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {(row["size"], row["layer"], row["embedding"]): row for row in rows}


def audit_layers(subject: Subject) -> Iterator[Line]:
    """Components, neighbours and accuracy of every layer."""
    table, n = read_table(subject.name), str(subject.size)
    grid = subject.params.activations.grid
    if grid is None:
        return
    worst = dict.fromkeys(("PCA", "nearest", "cosine", "kNN accuracy", "silhouette", "kept"), 0.0)
    stored = Store(store_path(subject.name, "nearest"))
    pca = Store(store_path(subject.name, "pca"))
    for depth, key in enumerate(subject.keys):
        (x,) = subject.maps((key, grid))
        if np.ptp(x, axis=0).max() == 0:
            continue
        own = PCA(subject.params.pca.variance, svd_solver="full").fit(x.astype(np.float64))
        scores = own.transform(x)
        points = pca.read(f"{n}/points", depth)
        apart = np.abs(np.abs(points) - np.abs(scores[:, :2])).max() / np.abs(scores).max()
        worst["PCA"] = max(worst["PCA"], float(apart))
        true, cosine = near(x), np.argsort(cosine_distances(x) + 9 * np.eye(len(x)), axis=1)[:, :_K]
        for name, array, found in (("nearest", "indices", true), ("cosine", "cosine", cosine)):
            other = 1 - share_kept(stored.read(f"{n}/{array}", depth), found)
            worst[name] = max(worst[name], other)
        row = table[n, key, "features"]
        accuracy = float(vote(true, subject.labels).mean())
        worst["kNN accuracy"] = max(
            worst["kNN accuracy"], abs(float(row["knn_accuracy"]) - accuracy)
        )
        silhouette = silhouette_score(x, subject.labels)
        worst["silhouette"] = max(worst["silhouette"], abs(float(row["silhouette"]) - silhouette))
        kept = share_kept(near(scores), true)
        told = float(table[n, key, "components"]["neighbors_kept"])
        worst["kept"] = max(worst["kept"], abs(told - kept))
    names = {
        "PCA": "two components of every layer, of the largest score",
        "nearest": "ten nearest in every layer: share that differs",
        "cosine": "the same by cosine",
        "kNN accuracy": "kNN accuracy in every layer",
        "silhouette": "silhouette of every layer",
        "kept": "neighbours that PCA keeps, in every layer",
    }
    for name, difference in worst.items():
        yield Line(names[name], "", "", difference, "scikit-learn, float64")


def audit_pools(subject: Subject) -> Iterator[Line]:
    """Whether accuracy jumps at pools, with cells of four places and on one grid."""
    grid = subject.params.activations.grid
    if grid is None:
        return
    pools = [
        (before.key, layer.key, layer.label)
        for before, layer in zip(
            subject.predictions.layers, subject.predictions.layers[1:], strict=False
        )
        if layer.kind == "pool"
    ]
    for before, behind, label in pools:
        told = []
        for way in ("pool", grid):
            pair = subject.maps((before, way), (behind, way))
            told.append(" to ".join(f"{vote(near(x), subject.labels).mean():.3f}" for x in pair))
        yield Line(f"kNN accuracy from {before} to {label}", told[0], told[1], None, "scikit-learn")


def audit_neighbors(subject: Subject) -> Iterator[Line]:
    """What PCA loses of the nearest, and how far k moves the layer from which neighbours agree."""
    table, n = read_table(subject.name), str(subject.size)
    for key in ("classifier.1", "classifier.6"):
        if key in subject.keys:
            kept = table[n, key, "components"]["neighbors_kept"]
            told = f"{float(kept):.2f} of the true ten"
            yield Line(f"nearest in {key}", told, "all of them", None, "the lines above")
    stored = Store(store_path(subject.name, "nearest"))
    settings = [tuple(each) for each in stored.attributes["settings"][n]]
    agrees = np.moveaxis(stored.read(f"{n}/agrees"), 1, 2)  # (setting, sample, layer)
    firsts = np.array(
        [
            [next((at for at in range(len(row)) if row[at:].all()), len(row)) for row in each]
            for each in agrees
        ]
    )
    own = settings[0][0]
    if (own, 5) in settings:
        moved = np.abs(firsts[settings.index((own, 5))] - firsts[0])
        told = f"{(moved >= 3).mean():.0%} move by 3 layers or more with k = 5"
        width = np.median(firsts.max(axis=0) - firsts.min(axis=0))
        now = f"a band, {width:.0f} layers wide in the median"
        yield Line("neighbours agree from one layer", told, now, None, "NumPy")


def audit_layouts(subject: Subject) -> Iterator[Line]:
    """Divergence, trustworthiness and continuity of layouts, at a few layers."""
    table, n = read_table(subject.name), str(subject.size)
    grid = subject.params.activations.grid
    if grid is None:
        return
    chosen = subject.keys[:: max(1, len(subject.keys) // 5)]
    trust = continuity = divergence = 0.0
    for key in chosen:
        (x,) = subject.maps((key, grid))
        if np.ptp(x, axis=0).max() == 0:
            continue
        scores = PCA(subject.params.pca.variance, svd_solver="full").fit_transform(x)
        for perplexity in subject.params.tsne.perplexity:
            store = Store(store_path(subject.name, f"tsne/{perplexity:g}"))
            depth = subject.keys.index(key)
            points = store.read(f"{n}/points", depth)
            row = table[n, key, f"tsne-{perplexity:g}"]
            found = find_divergence(find_affinities(scores, perplexity), points)
            divergence = max(
                divergence, abs(found - float(store.read(f"{n}/kl_divergence")[depth]))
            )
            trusted = trustworthiness(x, points, n_neighbors=_K)
            trust = max(trust, abs(float(row["trustworthiness"]) - trusted))
            shown = trustworthiness(points, x, n_neighbors=_K)
            continuity = max(continuity, abs(float(row["continuity"]) - shown))
    told = f"{len(chosen)} layers, every perplexity"
    yield Line(f"t-SNE's divergence, {told}", "", "", divergence, "openTSNE's affinities, NumPy")
    yield Line(f"trustworthiness of t-SNE, {told}", "in PCA", "in the layer", trust, "scikit-learn")
    yield Line(f"continuity of t-SNE, {told}", "", "", continuity, "scikit-learn")


def audit_predictions(subject: Subject) -> Iterator[Line]:
    """Probabilities, calibration and Grad-CAM."""
    (probabilities,) = subject.maps((PROBABILITIES, 1))
    stored = subject.predictions.probabilities[: subject.size]
    apart = float(np.abs(probabilities - stored).max())
    yield Line("probabilities", "", "", apart, "torch, plain")
    targets = subject.predictions.targets(subject.labels)
    known = targets >= 0
    if known.any():
        confidence, predicted = probabilities.max(1)[known], probabilities.argmax(1)[known]
        right = predicted == targets[known]
        bins = np.minimum((confidence * 10).astype(int), 9)
        error = sum(
            (bins == each).mean()
            * abs(right[bins == each].mean() - confidence[bins == each].mean())
            for each in np.unique(bins)
        )
        told = f"accuracy {right.mean():.3f}, calibration error {error:.3f}, n = {known.sum()}"
        yield Line("predictions of known classes", "", told, None, "NumPy, ten bins")
    store = Store(store_path(subject.name, "cam"))
    if "layer" not in store.attributes:
        return
    n = min(_CAM_SAMPLES, subject.size)
    pixels = to_pixels(subject.samples.pictures(0, n))
    model = subject.classifier.module
    layer = module_at(model, store.attributes["layer"])
    wanted = [ClassifierOutputTarget(int(each)) for each in stored[:n].argmax(1)]
    with GradCAM(model, [layer]) as method:
        maps = method(subject.classifier.normalize(pixels), wanted)
    found = torch.from_numpy(maps)[:, None]
    ours = torch.from_numpy(store.read("cam", slice(n))[:, 0].astype(np.float32))[:, None]
    ours = functional.interpolate(ours, found.shape[2:], mode="bilinear", align_corners=False)
    peaks = ours.amax((1, 2, 3), keepdim=True).clamp(min=1e-7)
    apart = float((ours / peaks - found).abs().mean())
    yield Line(f"Grad-CAM of {n} samples, mean difference", "", "", apart, "pytorch-grad-cam")


AUDITS: tuple[Callable[[Subject], Iterator[Line]], ...] = (
    audit_layers,
    audit_pools,
    audit_neighbors,
    audit_layouts,
    audit_predictions,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", nargs="*", help="runs of params.yaml; all by default")
    params = read_params()
    for name in parser.parse_args().run or params.runs:
        subject = Subject(name, params)
        print(f"\n{name}, {subject.size} samples\n")
        print(
            "| figure | formerly | now | largest difference | by |\n| --- | --- | --- | --- | --- |"
        )
        for audit in AUDITS:
            for line in audit(subject):
                apart = "" if line.difference is None else f"{line.difference:.2g}"
                print(
                    f"| {line.what} | {line.former} | {line.now} | {apart} | {line.by} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
