"""What a training run depends on, apart from its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

Count = Annotated[int, Field(ge=1, le=65536)]
Rate = Annotated[float, Field(gt=0, le=100)]
RISEN_FROM = 0.01  # of the rate, at the first batch and at least at the last
Share = Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True)
class Phase:
    """Some epochs at one picture size.

    Small pictures first cost a tenth. All layers then need a last phase at the size of use (Touvron et
    al., "Fixing the train-test resolution discrepancy", 2019).
    """

    epochs: Count
    size: Count


@dataclass(frozen=True)
class Recipe:
    """Everything a training run depends on.

    Attributes
    ----------
    phases : tuple of Phase
        Progressive resizing.
    batch_size : int
    learning_rate : float
        Of most batches. It rises to that in a straight line during the first epoch, and falls to zero in
        one during the last `decay_epochs` (Zhai et al., "Scaling vision transformers", 2022).
    decay_epochs : int
    weight_decay : float
        Of AdamW (Loshchilov and Hutter 2019), on matrices and kernels only, not on biases or norms.
    label_smoothing : float
    dropout : float
    random_state : int
        Seed of initialisation, order and augmentation.
    """

    phases: tuple[Phase, ...]
    batch_size: Count = 64
    learning_rate: Rate = 0.001
    decay_epochs: Count = 1
    weight_decay: Annotated[float, Field(ge=0, le=100)] = 0.05
    label_smoothing: Share = 0.1
    dropout: Share = 0.5
    random_state: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @property
    def epochs(self) -> int:
        """All of them."""
        return sum(phase.epochs for phase in self.phases)

    def share_of_rate(self, epoch: float) -> float:
        """Share of the learning rate after so many epochs, fractions counted."""
        left = self.epochs - epoch
        return max(RISEN_FROM, min(1, RISEN_FROM + epoch, left / self.decay_epochs))

    def phase_at(self, epoch: int) -> Phase:
        """The phase of an epoch (from 0)."""
        for phase in self.phases:
            if epoch < phase.epochs:
                return phase
            epoch -= phase.epochs
        return self.phases[-1]
