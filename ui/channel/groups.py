"""The classes that channels are told apart by: those of the data, or those predicted where it has none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ui.arrays import explaining, load_attributes, load_predictions, load_samples
from ui.library import tell_label
from ui.palette import mark_class


@dataclass(frozen=True)
class ChannelGroups:
    """What the last axis of ``class_mean`` in ``channels.zarr`` is.

    Attributes
    ----------
    what : str
        "class" or "predicted class".
    names, colors : tuple of str
    of : ndarray of int, (n,)
        The group of each sample; -1 for none.
    """

    what: str
    names: tuple[str, ...]
    colors: tuple[str, ...]
    of: np.ndarray


def read_groups(run: str) -> ChannelGroups:
    """Raises `Unavailable`."""
    samples = load_samples(run)
    if samples.categories:
        what, of = "class", samples.labels
        names = tuple(each.name for each in samples.categories)
    else:
        predictions, what = load_predictions(run), "predicted class"
        with explaining(run, "channels"):
            outputs = load_attributes(run, "channels").get("outputs", [])
            names = tuple(predictions.categories[output].name for output in outputs)
        of = np.full(len(samples), -1)
        for group, output in enumerate(outputs):
            of[predictions.predicted == output] = group
    return ChannelGroups(what, names, tuple(mark_class(i)[0] for i in range(len(names))), of)


def name_sample(run: str, uid: int) -> str:
    """The true class of a sample, in words."""
    samples = load_samples(run)
    return tell_label(samples.categories, int(samples.labels[uid]))
