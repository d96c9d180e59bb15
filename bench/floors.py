"""What the arithmetic alone would take at the machine's peak.

Convolutions are counted as they are written down; an algorithm that trades their products for sums
(Winograd's) can come below.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerscope.activations.averaging import Averaging
from layerscope.activations.pooling import pooled_shape
from layerscope.models.layers import Layer


def count_forward(layers: Sequence[Layer], n: int) -> int:
    """Multiply-adds of one pass of n samples through a whole network, whose every node is given."""
    return n * sum(layer.multiply_adds for layer in layers)


def count_grams(layers: Sequence[Layer], n: int, averaging: Averaging) -> int:
    """Multiply-adds of the smaller of the two products of each layer's matrix with itself.

    Of its rows (n, n) or of its columns (d, d), of which only one triangle has to be found.
    """
    total = 0
    for layer in layers:
        d = int(np.prod(pooled_shape(layer, averaging)))
        total += n * d * min(n, d) // 2
    return total


def list_floors(
    network: Sequence[Layer], part: Sequence[Layer], n: int, averaging: Averaging, rate: float
) -> dict[str, float]:
    """Seconds by phase.

    Parameters
    ----------
    network : sequence of Layer
        All nodes.
    part : sequence of Layer
        Those that are reduced.
    n : int
        Samples.
    averaging : Averaging
        Of the pooling.
    rate : float
        Multiply-adds a second: see `bench.machine.measure_peak_rate`.
    """
    return {
        "forward": count_forward(network, n) / rate,
        "PCA": count_grams(part, n, averaging) / rate,
    }
