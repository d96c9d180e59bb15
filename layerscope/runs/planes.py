"""What lays out each layer of a run in the plane, one by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from layerscope.parallel import working
from layerscope.params import Params
from layerscope.progress import track
from layerscope.storage.store import Store, library_versions, round_digits, store_path, writing

KEEPBITS = 14  # of coordinates: on a plot of 3000 pixels, a tenth of one


def write_planes(
    run: str, name: str, embed: Callable[..., np.ndarray], params: Params, library: str
) -> None:
    """Embed all layers and sizes of a run and write the store `name`.

    Parameters
    ----------
    embed : callable
        At the top of a module, or a partial of one. Of the locations of components and neighbours, a size, a
        layer's index and its key; gives (n, 2).
    library : str
        Whose version is kept.
    """
    sizes = params.run(run).sizes[::-1]  # the longest first
    components = Store(store_path(run, "components"))
    neighbors = Store(store_path(run, "neighbors"))
    layers = components.attributes["layers"]
    facts = {"layers": layers, "versions": library_versions(library)}
    with (
        writing(store_path(run, name), params.compute.storage, **facts) as store,
        working(params.compute.scheduler) as workers,
    ):
        tasks = (
            (components.location, neighbors.location, size, index, layer)
            for size in sizes
            for index, layer in enumerate(layers)
        )
        found = track(workers.map(embed, tasks), f"{run}: {name}", len(sizes) * len(layers))
        for size in sizes:
            points = round_digits(np.stack([next(found) for _ in layers]), KEEPBITS)
            store.add(f"{size}/points", points, ["layer", "sample", "component"])
