"""Pictures that are rendered on demand: ten objects, and ten species of birds."""

from layerscope.datasets.rendered.rendering import (
    DATASETS,
    SPLITS,
    RenderedSet,
    Rendering,
    render,
)

__all__ = ["DATASETS", "SPLITS", "RenderedSet", "Rendering", "render"]
