"""What a gradient ascent on the input takes and hands out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

State = Literal["active", "silent", "dead"]


@dataclass(frozen=True)
class MaximizationSettings:
    """How a picture is optimised.

    Attributes
    ----------
    n_steps : int
    learning_rate : float
        Of Adam.
    total_variation, l2 : float
        Weights of `layerscope.features.maximization.measure_total_variation` and of the squared distance
        from mid grey. They are relative to the unit, whose gradient is scaled to a root mean square of 1 a
        pixel, so that they mean the same for every unit of every network; 0 leaves a term out.
    jitter : float
        In each step the picture is seen shifted by up to so many pixels,
    scale : float
        enlarged or reduced by up to this share,
    rotation : float
        and turned by up to so many degrees: what activates the unit only at one exact position fades.
    random_state : int
        Of the noise to start from and of the views.
    """

    n_steps: int = 128
    learning_rate: float = 0.1
    total_variation: float = 0.1
    l2: float = 0.05
    jitter: float = 16.0
    scale: float = 0.1
    rotation: float = 10.0
    random_state: int = 0


@dataclass(frozen=True)
class MaximizationStep:
    """A picture after some steps of the optimisation.

    Attributes
    ----------
    index : int
        Changes made so far: 0 for the start.
    picture : ndarray of uint8, (H, W, C), or None
        Every few steps, and in the first and the last.
    objective : float
        The unit's value (see `layerscope.features.units.measure_unit`) on the view that the picture was
        changed by.
    total_variation : float
        Of the picture, see `layerscope.features.maximization.measure_total_variation`.
    state : str
        ``active``; ``silent`` where a rectified unit gave zero, so that the picture was changed by what
        the same channel gives before its ReLU; ``dead`` in the last step of a unit that nothing wakes.
    """

    index: int
    picture: np.ndarray | None
    objective: float
    total_variation: float
    state: State
