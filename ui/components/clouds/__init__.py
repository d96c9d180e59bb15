"""The embeddings of all layers of a run, sent to the page once and drawn there by the tour.

It is a component of its own because a component's data is sent as a whole: in the tour's data all
layers would travel again with every choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ui.components.component import Component

_COMPONENT = Component("clouds")
_LARGEST = np.iinfo(np.int16).max


@dataclass(frozen=True)
class Clouds:
    """One cloud a layer, centred and scaled alike, in steps that are too small to be seen.

    The cloud of layer ``l`` is ``steps[l] * step[l]``, and the embedding it was made of
    ``cloud * scale[l] + mean[l]``.

    Attributes
    ----------
    family : str
        Clouds that replace each other have the same name.
    layers : tuple of str
        Their keys.
    steps : ndarray of int16, (n_layers, n, d)
    step : ndarray of float64, (n_layers,)
    mean : ndarray of float64, (n_layers, d)
    scale : ndarray of float64, (n_layers,)
        Root of the mean squared distance from the centre; 1 where all samples are in one place.
    """

    family: str
    layers: tuple[str, ...]
    steps: np.ndarray
    step: np.ndarray
    mean: np.ndarray
    scale: np.ndarray


def compose_clouds(embedding: np.ndarray, layers: Sequence[str], family: str) -> Clouds:
    """Centre each layer and scale it to a mean squared distance of 1 from the centre.

    Parameters
    ----------
    embedding : ndarray, (n_layers, n, d)
        Finite.
    layers : sequence of str
        A key for each.
    family : str
    """
    values = embedding.astype(np.float64)
    mean = values.mean(axis=1)
    values -= mean[:, None]
    spread = np.sqrt((values**2).sum(axis=2).mean(axis=1))
    scale = np.where(spread > 0, spread, 1.0)
    values /= scale[:, None, None]
    step = np.maximum(np.abs(values).max(axis=(1, 2)), 1e-12) / _LARGEST
    steps = np.rint(values / step[:, None, None]).astype("<i2")
    return Clouds(family, tuple(layers), steps, step, mean, scale)


def send_clouds(
    clouds: Clouds, *, key: str, only: Sequence[str] | None = None, keep: Sequence[str] = ()
) -> None:
    """Put clouds on the page.

    Parameters
    ----------
    clouds : Clouds
    key : str
        Of the component.
    only : sequence of str, optional
        Keys of the layers to send; all without it.
    keep : sequence of str
        Other families on the page; what belongs to none of them is forgotten.
    """
    chosen = [i for i, layer in enumerate(clouds.layers) if only is None or layer in only]
    table = pa.table(
        {
            "layer": pa.array([clouds.layers[i] for i in chosen], pa.string()),
            "steps": pa.array([clouds.steps[i].tobytes() for i in chosen], pa.binary()),
            "mean": pa.array([clouds.mean[i].astype("<f8").tobytes() for i in chosen], pa.binary()),
            "step": pa.array(clouds.step[chosen], pa.float64()),
            "scale": pa.array(clouds.scale[chosen], pa.float64()),
        }
    )
    families = [clouds.family, *keep]
    data = {"clouds": table, "d": clouds.steps.shape[2], "family": clouds.family, "keep": families}
    _COMPONENT.draw(key=key, data=data)
