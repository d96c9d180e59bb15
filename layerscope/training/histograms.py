"""Distributions of a network's weights, activations and gradients, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from layerscope.models.registry import SLIM_INPUTS, to_pixels

N_BINS = 64
QUANTITIES = ("weight", "bias", "activation", "gradient")


@dataclass(frozen=True)
class Histograms:
    """Counts and ranges.

    Attributes
    ----------
    keys : tuple of str
        Convolutions and dense layers, L of them.
    counts : ndarray of int64, (4, L, 64)
        By quantity (weight, bias, activation, gradient of the loss by the weight), layer and bin.
    ranges : ndarray of float32, (4, L, 2)
        Lower edge of the first bin and upper edge of the last.
    """

    keys: tuple[str, ...]
    counts: np.ndarray
    ranges: np.ndarray

    def as_tensors(self) -> dict[str, object]:
        """A form that `torch.load(weights_only=True)` reads back."""
        counts, ranges = torch.from_numpy(self.counts), torch.from_numpy(self.ranges)
        return {"keys": list(self.keys), "counts": counts, "ranges": ranges}

    @classmethod
    def from_tensors(cls, state: dict) -> Histograms:
        """Inverse of `as_tensors`."""
        return cls(tuple(state["keys"]), state["counts"].numpy(), state["ranges"].numpy())


def _histogram(values: Tensor | None) -> tuple[np.ndarray, np.ndarray]:
    assert values is not None  # a gradient, after the backward pass
    flat = values.detach().float().flatten().cpu().numpy()
    counts, _ = np.histogram(flat, bins=N_BINS)
    return counts, np.array([flat.min(), flat.max()], dtype=np.float32)


def measure(
    model: nn.Module, pictures: np.ndarray, labels: np.ndarray, device: torch.device
) -> Histograms:
    """Histograms over one batch.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode; its gradients are cleared afterwards.
    pictures : ndarray of uint8, (N, S, S, 3)
    labels : ndarray of int64, (N,)
    device : torch.device
    """
    layers = {k: m for k, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}
    activations: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def keep(key: str):
        return lambda _module, _inputs, output: activations.update({key: _histogram(output)})

    handles = [module.register_forward_hook(keep(key)) for key, module in layers.items()]
    try:
        inputs = (to_pixels(pictures, device) - SLIM_INPUTS.mean[0]) / SLIM_INPUTS.std[0]
        loss = functional.cross_entropy(model(inputs), torch.from_numpy(labels).to(device))
        loss.backward()
    finally:
        for handle in handles:
            handle.remove()
    rows = [
        [_histogram(module.weight) for module in layers.values()],
        [_histogram(module.bias) for module in layers.values()],
        [activations[key] for key in layers],
        [_histogram(module.weight.grad) for module in layers.values()],
    ]
    model.zero_grad(set_to_none=True)
    counts = np.array([[count for count, _ in row] for row in rows], dtype=np.int64)
    ranges = np.array([[edges for _, edges in row] for row in rows], dtype=np.float32)
    return Histograms(tuple(layers), counts, ranges)
