"""Where the samples lie in a layer's plane, and which layouts have the same samples."""

from __future__ import annotations

import numpy as np

from layerscope.embedding.orientation import orient_layers
from ui.arrays import Stamp, Unavailable, load_array, load_attributes, stamp
from ui.library import Contents
from ui.memory import keep
from ui.selection import Selection


def locate(selection: Selection) -> tuple[str, str]:
    """The store and the array in it that hold the selected embedding, (layer, sample, 2)."""
    if selection.method == "tsne":
        name = "tsne" if selection.perplexity is None else f"tsne/{selection.perplexity}"
        return name, f"{selection.size}/points"
    if selection.method == "umap":
        return "umap", f"{selection.size}/2d"
    return selection.method, f"{selection.size}/points"


@keep
def _keep_layouts(_embedding: np.ndarray, of: tuple[str, str, str, Stamp]) -> np.ndarray:
    return orient_layers(_embedding)


def load_layout(selection: Selection, contents: Contents) -> np.ndarray:
    """Where the samples lie in the selected layer, (n, 2) float32, turned onto the layers before.

    Raises
    ------
    Unavailable
        Where the embedding is missing, broken, or does not fit the samples.
    """
    run, size = selection.run, selection.size
    name, array = locate(selection)
    embedding = load_array(run, name, array)
    if embedding.shape != (len(contents.layers), size, 2):
        raise Unavailable(run, name, broken=True)
    depth = contents.depth(selection.layer)
    extent = float(np.ptp(embedding[depth], axis=0).max())
    # Zeros are what Zarr reads where a file is gone.
    if not np.isfinite(extent) or (extent == 0 and not is_constant(run, size, selection.layer)):
        raise Unavailable(run, name, broken=True)
    return _keep_layouts(embedding, (run, name, array, stamp(run, name)))[depth]


def is_constant(run: str, size: int, layer: str) -> bool:
    """Whether the first samples are all equal in a layer, which then has nothing to lay out.

    Raises
    ------
    Unavailable
        Where the components are missing or broken.
    """
    return layer in load_attributes(run, "pca").get("constant", {}).get(str(size), [])


def family(selection: Selection) -> str:
    """What has the same samples has the same name: thumbnails, and layouts that turn into another."""
    made, _ = stamp(selection.run, "samples")
    return f"{selection.run}/{selection.size}/{made}"
