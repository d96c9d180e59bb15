"""Figures per layer, size and embedding, and of the model as a whole."""

from __future__ import annotations

import json
from dataclasses import asdict, fields

import numpy as np

from layerscope.activations.averaging import Averaging
from layerscope.datasets.categories import name_label
from layerscope.embedding.defined import count_neighbors, tell_silhouette, tell_vote
from layerscope.embedding.distances import measure_distances, normalize_rows, rank_distances
from layerscope.embedding.quality import Quality, measure_quality
from layerscope.models.layers import GIVEN
from layerscope.parallel import working
from layerscope.params import Params, read_params
from layerscope.progress import track
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.files import write_table, write_text
from layerscope.storage.store import DATA, Store, store_path
from stages.command import run_stage

Row = dict[str, float | int | str]
_FIGURES = tuple(field.name for field in fields(Quality))


def sources_of(params: Params, size: int) -> dict[str, tuple[str, str]]:
    """Each embedding's name, with the store and the array it is in."""
    tsne = {f"tsne-{p:g}": (f"tsne/{p:g}", f"{size}/points") for p in params.tsne.perplexity}
    more = params.umap.n_components
    return {
        "pca": ("pca", f"{size}/points"),
        **tsne,
        "umap": ("umap", f"{size}/2d"),
        f"umap-{more}d": ("umap", f"{size}/{more}d"),
        **{name: (name, f"{size}/points") for name in ("densmap", "pacmap")},
    }


def list_spaces(params: Params, size: int) -> list[str]:
    """What is measured of a layer: as it is averaged, by angles, at other grids, and what PCA keeps of it."""
    others = (each.name for each in params.activations.other_grids(size))
    return ["features", "cosine", *others, "components"]


def measure_layer(
    locations: dict[str, str], size: int, index: int, layer: str, params: Params
) -> list[Row]:
    """The rows of one layer: the layer itself, then its embeddings. `locations` has stores by name.

    All are judged by the neighbours that samples have in the layer as the run averages it.
    """
    labels = Samples(locations["samples"]).labels[:size].astype(np.int64)
    components = Store(locations["components"]).read(f"{size}/{layer}")
    sources = sources_of(params, size)
    place: Row = {"size": size, "depth": index, "layer": layer}
    if not components.any():  # all samples are equal: who is near whom would be their order
        names = (*list_spaces(params, size), *sources)
        return [{**place, "embedding": name, **dict.fromkeys(_FIGURES, "")} for name in names]

    def read_features(averaging: Averaging) -> np.ndarray:
        array = f"{averaging.name}/{layer}"
        return Store(locations["activations"]).read(array, slice(size)).reshape(size, -1)

    def judge(name: str, distances: np.ndarray) -> Row:
        figures = asdict(measure_quality(distances, ranks, labels, params.metrics.n_neighbors))
        told = {key: "" if np.isnan(value) else round(value, 4) for key, value in figures.items()}
        return {**place, "embedding": name, **told}

    settings = params.activations
    features = read_features(settings.averaging_of(size))
    distances = measure_distances(features)
    ranks = rank_distances(distances)
    rows = [judge("features", distances)]
    del distances  # of 7,000 samples 200 MB
    rows.append(judge("cosine", measure_distances(normalize_rows(features))))
    rows += [
        judge(averaging.name, measure_distances(read_features(averaging)))
        for averaging in settings.other_grids(size)
    ]
    rows.append(judge("components", measure_distances(components)))
    for name, (store, array) in sources.items():
        points = Store(locations[store]).read(array, index)
        rows.append(judge(name, measure_distances(points)))
    return rows


def add_solver_figures(run: str, rows: list[Row]) -> None:
    """What the reductions themselves reported: variance kept, components, KL divergence."""
    pca = Store(store_path(run, "pca"))
    for row in rows:
        size, depth, name = row["size"], int(row["depth"]), str(row["embedding"])
        row |= {"explained_variance": "", "n_components": "", "kl_divergence": ""}
        if name == "components":
            row["n_components"] = int(pca.read(f"{size}/n_components")[depth])
        elif row["trustworthiness"] == "":
            continue  # all samples are equal
        elif name == "pca":
            ratio = pca.read(f"{size}/explained_variance_ratio", depth)
            row["explained_variance"] = round(float(ratio.sum()), 4)
        elif name.startswith("tsne-"):
            store = Store(store_path(run, name.replace("-", "/")))
            row["kl_divergence"] = round(float(store.read(f"{size}/kl_divergence")[depth]), 4)


def add_notes(run: str, rows: list[Row], params: Params) -> None:
    """Why figures are empty, or not of all samples: a column that is there where it says something."""
    labels = Samples(store_path(run, "samples")).labels.astype(np.int64)
    notes: dict[int, list[str]] = {}
    for size in params.run(run).sizes:
        k = count_neighbors(params.metrics.n_neighbors, size)
        named = {
            "knn_accuracy": tell_vote(labels[:size], k),
            "silhouette": tell_silhouette(labels[:size]),
        }
        notes[size] = [f"{name}: {reason}" for name, reason in named.items() if reason]
        if notes[size]:
            print(f"{run}: of {size} samples, {'; '.join(notes[size])}")
    told = [
        "all samples are equal"
        if row["trustworthiness"] == ""
        else "; ".join(notes[int(row["size"])])
        for row in rows
    ]
    if any(told):
        for row, note in zip(rows, told, strict=True):
            row["note"] = note


def summarize(run: str, rows: list[Row], params: Params) -> dict[str, object]:
    """The few figures that `dvc metrics show` prints, of the largest size; the rest is in the table."""
    samples = Samples(store_path(run, "samples"))
    predictions = Predictions(store_path(run, "predictions"))
    truth = predictions.targets(samples.labels)
    summary: dict[str, object] = {"samples": len(samples)}
    if (truth >= 0).all():
        ranked = np.argsort(-predictions.probabilities, axis=1)
        summary["top1"] = round(float((ranked[:, 0] == truth).mean()), 4)
        if ranked.shape[1] > 5:  # else it would be 1, whatever the model says
            summary["top5"] = round(float((ranked[:, :5] == truth[:, None]).any(axis=1).mean()), 4)
    largest = [  # of the model
        row for row in rows if row["size"] == samples.sizes[-1] and row["layer"] != GIVEN
    ]
    spaces = list_spaces(params, samples.sizes[-1])
    by_name: dict[str, list[Row]] = {}
    for row in largest:
        by_name.setdefault(str(row["embedding"]), []).append(row)
    told = {  # of layers whose samples are not all equal
        name: [row for row in its_rows if row["trustworthiness"] != ""]
        for name, its_rows in by_name.items()
    }
    if by_name["features"][0]["knn_accuracy"] != "":
        summary["knn_accuracy_input"] = by_name["features"][0]["knn_accuracy"]
    summary["knn_accuracy_output"] = {
        name: its_rows[-1]["knn_accuracy"]
        for name, its_rows in by_name.items()
        if its_rows[-1]["knn_accuracy"] != ""
    }
    summary["mean_trustworthiness"] = {
        name: round(float(np.mean([row["trustworthiness"] for row in its_rows])), 4)
        for name, its_rows in told.items()
        if name not in spaces and its_rows
    }
    return summary


def write_confusion(run: str) -> None:
    """True and predicted class of each sample, for DVC's confusion plot."""
    samples = Samples(store_path(run, "samples"))
    predictions = Predictions(store_path(run, "predictions"))
    rows: list[Row] = [
        {
            "true": name_label(samples.categories, label),
            "predicted": predictions.categories[output].name if output >= 0 else "",
        }
        for label, output in zip(samples.labels, predictions.predicted, strict=True)
    ]
    write_table(DATA / run / "confusion.csv", rows)


def main(run: str) -> None:
    params = read_params()
    sizes = params.run(run).sizes
    layers = Store(store_path(run, "components")).attributes["layers"]
    names = {
        "samples",
        "activations",
        "components",
        *(store for store, _ in sources_of(params, 0).values()),
    }
    locations = {name: Store(store_path(run, name)).location for name in names}
    with working(params.compute.scheduler) as workers:
        tasks = (
            (locations, size, index, layer, params)
            for size in sizes
            for index, layer in enumerate(layers)
        )
        measured = track(
            workers.map(measure_layer, tasks), f"{run}: metrics", len(sizes) * len(layers)
        )
        rows = [row for layer_rows in measured for row in layer_rows]
    add_solver_figures(run, rows)
    add_notes(run, rows, params)
    write_table(DATA / run / "layers.csv", rows)
    write_confusion(run)
    summary = json.dumps(summarize(run, rows, params), indent=2) + "\n"
    write_text(DATA / run / "metrics.json", summary)


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
