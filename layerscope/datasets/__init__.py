"""Pictures with labels: what there is, how it is read, and in which order samples are taken.

Importing this package imports neither torch nor torchvision; opening some data sets does.
"""

from layerscope.datasets.categories import Category
from layerscope.datasets.dataset import Dataset, PictureSource, Sample
from layerscope.datasets.order import draw, select
from layerscope.datasets.registry import DATASETS, open_dataset

__all__ = [
    "DATASETS",
    "Category",
    "Dataset",
    "PictureSource",
    "Sample",
    "draw",
    "open_dataset",
    "select",
]
