"""Which classes of a run have coarse ones: those that are ImageNet's."""

from __future__ import annotations

from dataclasses import dataclass

from layerscope.coarse import Coarse, coarse_of
from ui.library import Contents


@dataclass(frozen=True)
class CoarseClasses:
    """Coarse classes of the model's outputs, or else of the data set's classes.

    Attributes
    ----------
    predicted : bool
        Whether they are of the outputs.
    of : tuple of Coarse
        For each output, or for each class of the data set.
    """

    predicted: bool
    of: tuple[Coarse, ...]


def find_coarse(contents: Contents) -> CoarseClasses | None:
    """Those of the outputs where all of these are ImageNet's, else of the classes, else none."""
    for predicted, categories in ((True, contents.outputs), (False, contents.categories)):
        found = tuple(coarse for each in categories if (coarse := coarse_of(each)) is not None)
        if categories and len(found) == len(categories):
            return CoarseClasses(predicted, found)
    return None
