"""A page of a layer's filters, cut from the model and ready to be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod

import numpy as np

from layerscope.features.weight_figures import WeightFigures
from layerscope.models.layers import Layer
from ui.components.kernel_grid import Kernels, Pages
from ui.features.kernels.choice import KernelChoice, count_on_page, is_list
from ui.live import engine
from ui.live.models import Source
from ui.live.weights import Filters, Weighted, cut_colors, cut_slices

Shape = tuple[int, int, int, int]


@dataclass(frozen=True)
class Weights:
    """A network's weights, and what is drawn of each of its layers."""

    source: Source
    weighted: Weighted
    shapes: Mapping[str, Shape]

    @cached_property
    def figures(self) -> dict[str, WeightFigures]:
        """By layer."""
        return {each.key: each for each in self.weighted.figures}


def list_shapes(weighted: Weighted, layers: tuple[Layer, ...]) -> dict[str, Shape]:
    """What is drawn of each layer with weights: F filters of R tiles of h x w.

    Filters that read colours are one tile each. A dense layer behind flattened maps is drawn as a
    convolution that is as large as they are.

    Parameters
    ----------
    weighted : Weighted
    layers : tuple of Layer
        The run's nodes.
    """
    found: dict[str, Shape] = {}
    for figures in weighted.figures:
        key, shape = figures.key, figures.shape
        if len(shape) == 2:
            height, width = _find_window(key, shape[1], layers)
            found[key] = (shape[0], shape[1] // (height * width), height, width)
        else:
            found[key] = (shape[0], 1 if key == weighted.colored else shape[1], shape[2], shape[3])
    return found


def _find_window(key: str, n_inputs: int, layers: tuple[Layer, ...]) -> tuple[int, int]:
    """Height and width of the maps that a dense layer reads, if it is right behind them."""
    keys = [layer.key for layer in layers]
    if key in keys and keys.index(key) > 0:
        before = layers[keys.index(key) - 1].shape
        if len(before) == 3 and prod(before) == n_inputs:
            return before[1], before[2]
    return 1, 1


def sort_filters(figures: WeightFigures, shape: Shape, order: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns in the order in which they are paged through.

    By norm the largest filters come first, and the input channels that are read with the largest
    weights. In a grouped convolution a row is no channel, and rows stay as they are.
    """
    rows, columns = np.arange(shape[1]), np.arange(shape[0])
    if order == "norm":
        columns = np.argsort(-figures.norms, kind="stable")
        if figures.groups == 1 and shape[1] > 1:
            rows = np.argsort(-fold_norms(figures, shape), kind="stable")
    return rows, columns


def fold_norms(figures: WeightFigures, shape: Shape) -> np.ndarray:
    """Norms of rows, (R,): of a dense layer over the maps that it reads, several inputs are a row."""
    squares = figures.input_norms.astype(np.float64) ** 2
    return np.sqrt(squares.reshape(shape[1], -1).sum(axis=1))


def cut_page(network: Weights, choice: KernelChoice, layers: tuple[Layer, ...]) -> Kernels:
    """What of a layer is on a page.

    Parameters
    ----------
    network : Weights
    choice : KernelChoice
        Which page of which layer.
    layers : tuple of Layer
        The run's nodes: only filters of these can be opened.

    Raises
    ------
    InputError
        Where the network cannot be had any more.
    """
    figures, shape = network.figures[choice.layer], network.shapes[choice.layer]
    rows, columns = sort_filters(figures, shape, choice.order)
    per = count_on_page(choice.size, shape)
    row_names, column_names = _name_pages(rows, per[0]), _name_pages(columns, per[1])
    rows = rows[choice.rows * per[0] :][: per[0]]
    columns = columns[choice.columns * per[1] :][: per[1]]
    is_linked = any(layer.key == choice.layer for layer in layers)
    is_dense = len(figures.shape) == 2
    largest = max(-figures.low, figures.high)
    is_colored = choice.layer == network.weighted.colored
    limit = largest if is_colored else figures.outer or largest
    place = network.source, choice.layer, tuple(columns.tolist())
    found = (
        _cut_colors(*place)
        if is_colored
        else _cut_slices(*place, tuple(rows.tolist()), limit, shape[2:])
    )
    norms_of_rows = fold_norms(figures, shape) if len(rows) > 1 else np.ones(1)
    return Kernels(
        found.tiles,
        found.weights.reshape(*found.weights.shape[:2], -1),
        columns,
        found.inputs,
        figures.norms[columns],
        norms_of_rows[rows] if len(rows) > 1 else np.ones(1),
        float(figures.norms.max()) or 1.0,
        float(norms_of_rows.max()) or 1.0,
        limit,
        limit < largest,
        Pages(row_names, choice.rows),
        Pages(column_names, choice.columns),
        choice.layer,
        summarize(figures, shape),
        (
            "neuron" if is_dense else "filter",
            "input" if shape[2:] == (1, 1) and is_dense else "channel",
        ),
        "Click: what it looks for" if is_linked else "Inside a block: no node of the run",
        is_linked,
    )


# Kept, so that a page that is drawn again does not ask the network again.


@lru_cache(maxsize=8)
def _cut_colors(source: Source, key: str, columns: tuple[int, ...]) -> Filters:
    return engine.networks.call(cut_colors, source, key, np.array(columns))


@lru_cache(maxsize=16)
def _cut_slices(
    source: Source,
    key: str,
    columns: tuple[int, ...],
    rows: tuple[int, ...],
    limit: float,
    window: tuple[int, int],
) -> Filters:
    return engine.networks.call(
        cut_slices, source, key, np.array(rows), np.array(columns), limit, window
    )


def _name_pages(order: np.ndarray, per: int) -> list[str]:
    """Pages as their first and last number, or as ranks where they are sorted by norm."""
    is_plain = bool((np.diff(order) > 0).all())
    names = []
    for start in range(0, len(order), per):
        last = min(start + per, len(order)) - 1
        names.append(f"{start} – {last}" if is_plain else f"#{start + 1} – {last + 1}")
    return names


def summarize(figures: WeightFigures, shape: Shape) -> str:
    """A layer's weights in words."""
    count, reads, height, width = shape
    if len(figures.shape) == 2:
        over = f", as {reads} maps of {height} × {width}" if height * width > 1 else ""
        return f"{count:,} neurons of {figures.shape[1]:,} inputs{over}"
    size = f"{count:,} filters of {height} × {width}"
    if is_list(shape) and figures.shape[1] == 3:
        return f"{size} over red, green and blue"
    if is_list(shape):
        return f"{size}, one input channel each" if figures.groups > 1 else size
    if figures.groups > 1:
        return f"{size} over {reads} channels, in {figures.groups} groups"
    return f"{size} over {reads:,} input channels"
