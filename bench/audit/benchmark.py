"""What is stored of a run's faithfulness benchmark, and the samples of it that are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.audit.measures import locate
from bench.audit.report import farthest
from bench.audit.subject import Subject
from layerscope.errors import InputError
from layerscope.storage.store import Store

_SAMPLES = 20
Figures = list[dict[str, float]]


@dataclass(frozen=True)
class Benchmark:
    """What is stored of a run, and its first samples."""

    subject: Subject
    store: Store

    @cached_property
    def measures(self) -> list[str]:
        """Keys, in the order of `figures`."""
        return list(self.store.attributes["measures"])

    @cached_property
    def methods(self) -> list[str]:
        """Keys, baselines among them."""
        return list(self.store.attributes["methods"])

    @cached_property
    def figures(self) -> np.ndarray:
        """(measure, method, sample)."""
        return self.store.read("figures").astype(np.float64)

    @cached_property
    def uids(self) -> np.ndarray:
        """Of the samples that are looked at."""
        return self.store.read("uid")[:_SAMPLES]

    @cached_property
    def outputs(self) -> np.ndarray:
        """What is explained of them."""
        return self.store.read("output")[:_SAMPLES]

    @cached_property
    def pictures(self) -> np.ndarray:
        """(n, H, W, C) uint8."""
        return np.stack([self.subject.samples.picture(int(uid)) for uid in self.uids])

    @cached_property
    def part_maps(self) -> list[np.ndarray]:
        """Of each sample. Raises `InputError` where the data set has none."""
        found = [self.subject.samples.part_map(int(uid)) for uid in self.uids]
        maps = [each for each in found if each is not None]
        if len(maps) < len(found):
            raise InputError(f"{self.subject.name}: no masks of objects and parts")
        return maps

    @cached_property
    def importance(self) -> np.ndarray:
        """What each part is to the network, (n, parts)."""
        return self.store.read("importance")[:_SAMPLES].astype(np.float64)

    def setting(self, name: str) -> float:
        """A number that the stage was given."""
        return float(self.store.attributes["settings"][name])

    def stored(self, method: str, measure: str) -> np.ndarray:
        """Figures of the samples that are looked at. Raises `InputError` where there are none."""
        if method not in self.methods or measure not in self.measures:
            raise InputError(f"{self.subject.name}: no {measure} of {method} is stored")
        return self.figures[self.measures.index(measure), self.methods.index(method)][
            : len(self.uids)
        ]

    def located(self, maps: np.ndarray) -> Figures:
        """Measures of where the object and its parts are, of maps of the first samples."""
        tolerance = self.setting("tolerance")
        truth = zip(maps, self.part_maps, self.importance, strict=False)
        return [locate(*each, tolerance) for each in truth]

    def compare(self, method: str, measure: str, found: np.ndarray) -> float:
        """The largest difference from what is stored of the first samples."""
        return farthest(self.stored(method, measure)[: len(found)].tolist(), found.tolist())


def open_benchmark(subject: Subject) -> Benchmark:
    """Raises `InputError` where the run has none."""
    if subject.name not in subject.params.faithfulness.runs:
        raise InputError(f"{subject.name}: not in `faithfulness.runs` of params.yaml")
    return Benchmark(subject, subject.store("faithfulness"))
