"""Two experiments side by side: the same samples, the second turned onto the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from layerscope.embedding.alignment import align
from layerscope.embedding.neighbors import nearest_neighbors
from layerscope.errors import InputError
from layerscope.experiments.agreement import expect_shared, share_neighbors
from layerscope.experiments.layouts import Layouts, identify_samples, read_perplexity
from layerscope.experiments.record import is_repetition, list_differences
from ui.address import change
from ui.arrays import Unavailable, load_samples, stamp
from ui.coloring import describe_predictions
from ui.components.embedding_pair import PairLayout, draw_embedding_pair
from ui.components.points import Coloring, LegendEntry, PlotPredictions, PlotSamples
from ui.components.thumbnails import load_sheet, send_thumbnails
from ui.experiments.address import ExperimentsChoice
from ui.experiments.board import name_embedding
from ui.experiments.entries import ExperimentEntry, load_layouts
from ui.library import Contents
from ui.live import engine
from ui.memory import keep
from ui.palette import SCALE, mark_class
from ui.selection import Selection

NEIGHBORS = 10
_FIGURES = (("kNN", "knn_accuracy"), ("trust", "trustworthiness"), ("KL", "kl_divergence"))


@dataclass(frozen=True)
class ExperimentSide:
    """One of the two, in one layer.

    Attributes
    ----------
    entry : ExperimentEntry
    embedding : str
    layouts : Layouts
    points : ndarray of float32, (n, 2)
    """

    entry: ExperimentEntry
    embedding: str
    layouts: Layouts
    points: np.ndarray


def find_size(first: ExperimentEntry, second: ExperimentEntry) -> int:
    """The largest number of samples that both have. Raises `InputError`."""
    common = set(first.sizes) & set(second.sizes)
    if not common:
        raise InputError(
            f"{first.key} has {first.sizes[-1]} samples and {second.key} {second.sizes[-1]}: choose "
            "two of the same number"
        )
    return max(common)


def load_side(entry: ExperimentEntry, embedding: str, layer: str, size: int) -> ExperimentSide:
    """Raises `InputError` or `Unavailable`."""
    layouts = load_layouts(entry, embedding, size)
    if layer not in layouts.layers:
        raise InputError(f"{entry.key} has no layer {layer}; choose another one")
    return ExperimentSide(
        entry, embedding, layouts, layouts.points[embedding][layouts.layers.index(layer)]
    )


def load_pair(
    entries: tuple[ExperimentEntry, ExperimentEntry], choice: ExperimentsChoice, layer: str
) -> tuple[ExperimentSide, ExperimentSide]:
    """The two that are chosen.

    Raises
    ------
    InputError
        Where they are not of the same samples, or one cannot be read.
    Unavailable
        Where the workspace cannot be read.
    """
    size = find_size(*entries)
    one, other = (
        load_side(entry, embedding, layer, size)
        for entry, embedding in zip(entries, (choice.lay_a, choice.lay_b), strict=True)
    )
    if one.layouts.identity != other.layouts.identity:
        raise InputError(
            f"{one.entry.key} and {other.entry.key} are of different pictures, which cannot be "
            "compared point by point"
        )
    return one, other


def share(one: ExperimentSide, other: ExperimentSide) -> np.ndarray:
    """How much of its neighbourhood each sample keeps, (n,): see `share_neighbors`."""
    shared: np.ndarray = _find(share_neighbors, one.points, other.points)
    return shared


def _find(function: Callable[..., Any], *points: np.ndarray) -> Any:
    """What a function finds of neighbours, kept by content: scikit-learn is not in this process."""
    return _keep_found(function, points, tuple(sha256(each.tobytes()).digest() for each in points))


@keep
def _keep_found(
    function: Callable[..., Any], _points: tuple[np.ndarray, ...], content: tuple[bytes, ...]
) -> Any:
    return engine.arrays.call(function, *_points, NEIGHBORS)


def measure_repetitions(
    side: ExperimentSide, entries: Sequence[ExperimentEntry], layer: str
) -> list[float]:
    """How much layouts agree that should be the same but for seeds and rounding; the least first.

    What is the same to the last bit under the same seed was not computed again: DVC reused it.
    """
    params = side.entry.experiment.params
    alike = [
        each
        for each in entries
        if each.key != side.entry.key
        and side.embedding in each.embeddings
        and side.layouts.size in each.sizes
        and is_repetition(params, each.experiment.params)
    ]
    found = []
    for entry in alike[:8]:
        try:
            other = load_side(entry, side.embedding, layer, side.layouts.size)
        except (InputError, Unavailable):
            continue
        differences = list_differences(params, entry.experiment.params)
        reseeded = any(name.endswith("random_state") for name in differences)
        is_reused = not reseeded and np.array_equal(side.points, other.points)
        if other.layouts.identity == side.layouts.identity and not is_reused:
            found.append(float(share(side, other).mean()))
    return sorted(found)


def describe_agreement(shared: np.ndarray, repeated: Sequence[float]) -> str:
    """How much two layouts agree, beside what chance and mere repetition give, as HTML."""
    chance = expect_shared(len(shared), NEIGHBORS)
    parts = [f"<i>neighbours </i>agree <b>{shared.mean():.2f}</b>", f"chance <b>{chance:.2f}</b>"]
    if repeated:
        low, high = f"{repeated[0]:.2f}", f"{repeated[-1]:.2f}"
        parts.append(f"repeated <b>{low if low == high else f'{low}–{high}'}</b>")
    title = (
        f"Mean Jaccard index of each sample's {NEIGHBORS} nearest in the two layouts: "
        "those in both by those in either. Chance: what a random layout would give. Repeated: A "
        "beside the same computed again, with another seed or other rounding errors"
    )
    return f'<p class="agreed" title="{escape(title)}">{" · ".join(parts)}</p>'


def describe_side(side: ExperimentSide, layer: str, other: ExperimentSide) -> str:
    """What was measured of one of the two, as HTML; KL divergence only where it may be compared."""
    size = side.layouts.size
    row = side.layouts.figures[side.embedding][side.layouts.layers.index(layer)]
    values = dict(zip(("knn_accuracy", "trustworthiness", "kl_divergence"), row, strict=True))
    perplexity = read_perplexity(side.embedding, size)
    comparable = perplexity is not None and perplexity == read_perplexity(other.embedding, size)
    cells = []
    for name, key in _FIGURES:
        value = values[key]
        if key == "kl_divergence":
            if perplexity is None:
                continue
            if not comparable:
                title = "KL divergences may be compared at the same perplexity only"
                cells.append(f'<span title="{title}">{name} <b>–</b></span>')
                continue
        cells.append(f"<span>{name} <b>{'–' if np.isnan(value) else f'{value:.3f}'}</b></span>")
    return f'<p class="measured">{"".join(cells)}</p>'


def draw_pair(
    sides: tuple[ExperimentSide, ExperimentSide],
    shared: np.ndarray,
    selection: Selection,
    contents: Contents,
    shade: str,
) -> None:
    """The two clouds; `shared` (n,) is how much neighbourhoods agree."""
    one, other = sides
    turned = align(other.points, one.points)
    size = one.layouts.size
    family, predictions = _read_samples(one.layouts, contents)
    if predictions:
        send_thumbnails(load_sheet(contents.run, size), family, key="experiment_pictures")
    layouts = one.layouts
    first, second = (
        PairLayout(
            f"{letter}: {side.entry.key}, {name_embedding(side.embedding)}",
            points,
            _find(nearest_neighbors, points).indices,
        )
        for letter, side, points in (("A", one, one.points), ("B", other, turned))
    )
    sample = selection.sample
    with st.container(key="pair"):
        draw_embedding_pair(
            (first, second),
            PlotSamples(layouts.labels, layouts.classes, _color(layouts, shared, shade), family),
            predictions,
            shared,
            pinned=sample if sample is not None and sample < size else None,
            key="experiment_pair",
            on_pin=lambda uid: change(sample=uid, why=None, against=None),
        )


def _read_samples(layouts: Layouts, contents: Contents) -> tuple[str, PlotPredictions | None]:
    """The family of the samples, and what is said of them if they are those of the workspace."""
    run, size = contents.run, layouts.size
    samples = load_samples(run)
    if size > len(samples.labels) or layouts.identity != identify_samples(
        samples.paths[:size], samples.labels[:size]
    ):
        return f"{run}/{layouts.identity}", None
    return f"{run}/{size}/{stamp(run, 'samples')[0]}", describe_predictions(contents, size)


def _color(layouts: Layouts, shared: np.ndarray, shade: str) -> Coloring:
    if shade == "agreement" or not layouts.classes:
        steps = np.minimum(shared * len(SCALE), len(SCALE) - 1).astype(np.int32)
        entries = [
            LegendEntry(f"{i / len(SCALE):.2f} to {(i + 1) / len(SCALE):.2f}", color)
            for i, color in enumerate(SCALE)
        ]
        return Coloring("Neighbours in common", steps, entries, ("0", "1"))
    entries = [LegendEntry(name, *mark_class(i)) for i, name in enumerate(layouts.classes)]
    return Coloring("True class", layouts.labels.astype(np.int32), entries, None, plural="classes")
