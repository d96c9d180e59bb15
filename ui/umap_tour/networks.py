"""What the tour shows of each network: its layers, its clouds, and what was measured of them."""

from __future__ import annotations

import numpy as np

from ui.arrays import (
    Stamp,
    Unavailable,
    explaining,
    load_array,
    load_attributes,
    load_figures,
    load_samples,
    stamp,
)
from ui.coloring import describe_predictions
from ui.components.clouds import Clouds, compose_clouds, send_clouds
from ui.components.grand_tour import Network, Stop
from ui.library import Contents, is_built, load_params, name_run
from ui.memory import keep
from ui.selection import Selection
from ui.shell import optional
from ui.similarities import find_repetition
from ui.umap_tour.address import TourChoice


def list_partners(run: str, size: int, runs: tuple[str, ...]) -> tuple[str, ...]:
    """The runs that can stand beside a run: built, and of the same samples in the same order.

    Of one that is damaged a line says so.
    """
    partners = []
    for each in runs:
        with optional():
            if each != run and is_built(each) and _have_same(run, each, size):
                partners.append(each)
    return tuple(partners)


def _have_same(first: str, second: str, size: int) -> bool:
    made = (first, second, size, stamp(first, "samples"), stamp(second, "samples"))
    return _compare_samples(*made)


@keep
def _compare_samples(first: str, second: str, size: int, of_first: Stamp, of_second: Stamp) -> bool:
    with explaining(first, "samples"):
        one, other = load_samples(first), load_samples(second)
        return (
            size in other.sizes
            and load_attributes(first, "samples")["dataset"]
            == load_attributes(second, "samples")["dataset"]
            and one.categories == other.categories
            and one.paths[:size] == other.paths[:size]
            and bool(np.array_equal(one.labels[:size], other.labels[:size]))
        )


def load_clouds(contents: Contents, size: int) -> Clouds:
    """All layers of a run.

    Raises
    ------
    Unavailable
        Where the embedding is missing, broken, or does not fit the samples.
    """
    run, d = contents.run, load_params().umap.n_components
    embedding = load_array(run, "umap", f"{size}/{d}d")
    if embedding.shape != (len(contents.layers), size, d):
        raise Unavailable(run, "umap", broken=True)
    made = stamp(run, "umap")
    return _keep_clouds(
        embedding,
        tuple(layer.key for layer in contents.layers),
        f"{run}/{size}/{d}/{made[0]}-{made[1]}",
    )


@keep
def _keep_clouds(_embedding: np.ndarray, layers: tuple[str, ...], family: str) -> Clouds:
    return compose_clouds(_embedding, layers, family)


def describe_network(contents: Contents, size: int, layer: str) -> Network:
    """A network in one of its layers. Raises `Unavailable`."""
    run, d = contents.run, load_params().umap.n_components
    kept = load_figures(run, size, f"umap-{d}d")
    separate = load_figures(run, size, "features")
    return Network(
        family=load_clouds(contents, size).family,
        name=name_run(run),
        stops=[
            Stop(
                each.key,
                each.kind,
                each.label,
                kept.get(each.key, {}).get("trustworthiness"),
                separate.get(each.key, {}).get("knn_accuracy"),
                find_repetition(run, size, d, each.key),
            )
            for each in contents.layers
        ],
        layer=layer,
        predictions=describe_predictions(contents, size),
    )


def send_networks(
    selection: Selection, tour: TourChoice, contents: Contents, second: Contents | None
) -> None:
    """Put the clouds on the page, those on show first. Raises `Unavailable`."""
    shown = [(contents, selection.layer)]
    if second is not None and tour.second_layer is not None:
        shown.append((second, tour.second_layer))
    clouds = [load_clouds(each, selection.size) for each, _ in shown]
    families = [each.family for each in clouds]
    for i, (each, (_, layer)) in enumerate(zip(clouds, shown, strict=True)):
        send_clouds(each, key=f"cloud-{i}", only=(layer,), keep=families)
    for i, each in enumerate(clouds):
        send_clouds(each, key=f"clouds-{i}", keep=families)
