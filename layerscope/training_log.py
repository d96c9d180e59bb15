"""What a training run leaves beside its weights: curves as CSV, distributions as a store."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from layerscope.files import write_table
from layerscope.histograms import QUANTITIES
from layerscope.store import library_versions, writing
from layerscope.training import History


def write_history(folder: Path, history: History) -> None:
    """Write ``history.csv`` (a row an epoch) and ``histograms.zarr`` into a folder.

    The store holds ``counts`` (epoch, quantity, layer, bin) and ``ranges`` (epoch, quantity, layer, 2).
    """
    epochs = [
        {
            key: value if isinstance(value, int) else float(f"{value:.5g}")
            for key, value in row.items()
        }
        for row in history.epochs
    ]
    write_table(folder / "history.csv", epochs)
    dims = ["epoch", "quantity", "layer"]
    facts = {
        "layers": list(history.histograms[0].keys),
        "quantities": list(QUANTITIES),
        "versions": library_versions("torch", "torchvision"),
    }
    with writing(folder / "histograms.zarr", **facts) as store:
        counts = np.stack([h.counts for h in history.histograms]).astype(np.int32)
        store.add("counts", counts, [*dims, "bin"])
        store.add("ranges", np.stack([h.ranges for h in history.histograms]), [*dims, "edge"])
