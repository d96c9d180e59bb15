"""What a model predicted for the samples of a run."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from layerscope.datasets.categories import Category
from layerscope.models.layers import GIVEN, Layer
from layerscope.storage.store import Store


class Predictions:
    """Probabilities, and the facts about the model that made them.

    Attributes
    ----------
    probabilities : ndarray of float32, (n, K)
    """

    def __init__(self, path: Path | str) -> None:
        self._store = Store(path)
        self._attributes = self._store.attributes
        self.probabilities = self._store.read("probability")

    @property
    def location(self) -> str:
        """The store's address, for processes with another working folder."""
        return self._store.location

    @cached_property
    def model(self) -> str:
        """The model's name."""
        return str(self._attributes["model"])

    @cached_property
    def categories(self) -> tuple[Category, ...]:
        """The K outputs, in order; none where the model has no classes."""
        return tuple(Category(**each) for each in self._attributes["categories"])

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All nodes of the model, from input to probabilities or, where it has no classes, features."""
        return tuple(Layer.from_row(row) for row in self._attributes["layers"])

    def given(self, start: int, stop: int) -> np.ndarray:
        """Vectors that are given beside the layers, (stop - start, d) float32, where there are any."""
        return self._store.read(GIVEN, slice(start, stop))

    @cached_property
    def note(self) -> str:
        """One line on what was made of the model's output, where that is no logits; else empty."""
        return str(self._attributes.get("note", ""))

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """Modules that are no nodes, because the axes of what they give cannot be told."""
        return tuple(self._attributes.get("left_out", ()))

    @cached_property
    def outputs(self) -> np.ndarray:
        """For each class of the data set its output, (n_classes,) int64; -1 where there is none."""
        return np.array(self._attributes["outputs"], dtype=np.int64)

    @cached_property
    def predicted(self) -> np.ndarray:
        """The most probable output of each sample, (n,) int64; -1 where the model has no classes."""
        if not self.categories:
            return np.full(len(self.probabilities), -1)
        return self.probabilities.argmax(axis=1)

    def targets(self, labels: np.ndarray) -> np.ndarray:
        """The output that stands for each sample's true class, (n,) int64; -1 for none."""
        return np.append(self.outputs, -1)[labels]

    def top(self, uid: int, k: int = 10) -> list[tuple[Category, float]]:
        """The k most probable categories of a sample, falling."""
        row = self.probabilities[uid]
        return [(self.categories[i], float(row[i])) for i in np.argsort(-row, kind="stable")[:k]]
