"""The top-activating samples of each channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from layerscope.models.layers import Layer

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class ChannelMaxima:
    """The maximum of each channel of a layer for each sample of a batch, its position, and the mean.

    Attributes
    ----------
    value : ndarray of float32, (N, C)
        Largest activation of each channel.
    position : ndarray of int16, (N, C, 2)
        Row and column where it is, the first of equal ones; zeros for dense layers.
    mean : ndarray of float32, (N, C)
        Mean activation over the map.
    """

    value: np.ndarray
    position: np.ndarray
    mean: np.ndarray


def find_maxima(output: Tensor) -> ChannelMaxima:
    """Reduce a layer's output, (N, C, H, W) or (N, C) on any device."""
    flat = output.float().flatten(2) if output.ndim == 4 else output.float().unsqueeze(2)
    value, place = flat.max(dim=2)
    width = output.shape[3] if output.ndim == 4 else 1
    index = place.cpu().numpy()
    position = np.stack([index // width, index % width], axis=-1).astype(np.int16)
    return ChannelMaxima(value.cpu().numpy(), position, flat.mean(dim=2).cpu().numpy())


class TopSamples:
    """The top-activating samples of each channel of a layer, found batch by batch.

    Parameters
    ----------
    n_channels : int
    k : int
        Samples to keep of each channel; at least that many must be added.

    Attributes
    ----------
    uid : ndarray of int32, (C, k)
        By falling activation; of equal ones the smaller uid comes first.
    value : ndarray of float32, (C, k)
    position : ndarray of int16, (C, k, 2)
        Row and column of the activation within the map.
    """

    def __init__(self, n_channels: int, k: int) -> None:
        self.uid = np.full((n_channels, k), -1, dtype=np.int32)
        self.value = np.full((n_channels, k), -np.inf, dtype=np.float32)
        self.position = np.zeros((n_channels, k, 2), dtype=np.int16)

    def add(self, start: int, n: int, maxima: ChannelMaxima) -> None:
        """Take in the next batch.

        Parameters
        ----------
        start : int
            Uid of its first sample; uids rise from batch to batch.
        n : int
            Samples that are taken of it, from the first on.
        maxima : ChannelMaxima
        """
        k = self.uid.shape[1]
        values = np.concatenate([self.value, maxima.value[:n].T], axis=1)  # (c, k + n)
        uids = np.arange(start, start + n, dtype=np.int32)
        candidates = np.concatenate([self.uid, np.broadcast_to(uids, (len(values), n))], axis=1)
        places = np.concatenate([self.position, maxima.position[:n].swapaxes(0, 1)], axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, :k]  # stable: earlier uids stay first
        self.value = np.take_along_axis(values, order, axis=1)
        self.uid = np.take_along_axis(candidates, order, axis=1)
        self.position = np.take_along_axis(places, order[:, :, None], axis=1)


def locate_channels(layers: Sequence[Layer]) -> dict[str, tuple[int, int]]:
    """Where each layer's channels stand in arrays that hold those of all layers: from, to."""
    rows, start = {}, 0
    for layer in layers:
        rows[layer.key] = (start, start + layer.shape[0])
        start += layer.shape[0]
    return rows


def find_row(attributes: Mapping[str, Any], layer: str, channel: int) -> int:
    """A channel's row in the arrays of ``channels.zarr``, as its attributes tell.

    Raises
    ------
    KeyError
        Where there is no such layer.
    IndexError
        Where the layer has no such channel.
    """
    start, stop = attributes["rows"][layer]
    if not 0 <= channel < stop - start:
        raise IndexError(f"{layer} has no channel {channel}")
    return int(start) + channel
