"""What a training run depends on, apart from its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Count = Annotated[int, Field(ge=1, le=65536)]
Rate = Annotated[float, Field(gt=0, le=100)]
Share = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True)
class Phase:
    """Some epochs at one picture size.

    Small pictures first cost a quarter. The dense layers then need a last phase at the size of use
    (Touvron et al., "Fixing the train-test resolution discrepancy", 2019), for which a small constant
    `learning_rate` is enough; without one a phase follows the one-cycle schedule.
    """

    epochs: Count
    size: Count
    learning_rate: Rate | None = None


@dataclass(frozen=True)
class Recipe:
    """Everything a training run depends on.

    Attributes
    ----------
    phases : tuple of Phase
        Progressive resizing.
    batch_size : int
    learning_rate : float
        Peak of the one-cycle schedule (Smith and Topin 2019).
    weight_decay : float
        On matrices and kernels only, not on biases or norms.
    label_smoothing : float
    dropout : float
    random_state : int
        Seed of initialisation, order and augmentation.
    """

    phases: tuple[Phase, ...]
    batch_size: Count = 64
    learning_rate: Rate = 0.1
    weight_decay: Annotated[float, Field(ge=0, le=100)] = 5e-4
    label_smoothing: Share = 0.1
    dropout: Share = 0.5
    random_state: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @property
    def epochs(self) -> int:
        """All of them."""
        return sum(phase.epochs for phase in self.phases)

    @property
    def cycle_epochs(self) -> int:
        """Those that the one-cycle schedule spans."""
        return sum(phase.epochs for phase in self.phases if phase.learning_rate is None)

    def phase_at(self, epoch: int) -> Phase:
        """The phase of an epoch (from 0)."""
        for phase in self.phases:
            if epoch < phase.epochs:
                return phase
            epoch -= phase.epochs
        return self.phases[-1]
