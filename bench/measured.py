"""What one side of a comparison took and gave."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Measured:
    """Figures of one side and one repeat.

    Attributes
    ----------
    seconds : dict
        By phase.
    stages : dict
        Seconds of what phases consist of, where they are stages of a pipeline.
    bytes : int
        Stored.
    peak_mb : float
        Most memory that its processes held together.
    processor_seconds : float
        Of the whole process, imports included.
    quality : list of dict
        A row a layer and perplexity: see `bench.quality.judge`.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    bytes: int = 0
    peak_mb: float = 0.0
    processor_seconds: float = 0.0
    quality: list[dict[str, Any]] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Seconds of all phases."""
        return sum(self.seconds.values())

    @contextmanager
    def timing(self, phase: str, stage: str | None = None) -> Iterator[None]:
        """Add what happens inside to a phase, and note it under the stage's name."""
        start = time.perf_counter()
        yield
        taken = time.perf_counter() - start
        self.seconds[phase] = self.seconds.get(phase, 0.0) + taken
        if stage is not None:
            self.stages[stage] = self.stages.get(stage, 0.0) + taken
