"""Saliency of a network that forgets, layer by layer."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import torch
from skimage.metrics import structural_similarity
from torch import nn

from bench.audit.attribution import find_saliency
from bench.audit.benchmark import Benchmark
from bench.audit.measures import correlate
from bench.audit.report import Line
from layerscope.errors import InputError


def audit_cascade(benchmark: Benchmark, maps: np.ndarray) -> Iterator[Line]:
    """Rank correlation and SSIM of saliency with that of a network that forgets, along the cascade."""
    facts, method = benchmark.store.attributes, benchmark.methods.index("saliency")
    stored = benchmark.store.read("cascade")[:, method]  # (curve, sample, point)
    n = min(stored.shape[1], len(maps))
    points = list(facts["randomized_layers"])
    forgotten = forget(benchmark.subject.module, points, int(benchmark.setting("random_state")))
    found = np.full((2, n, len(points)), np.nan)
    for at, module in enumerate(forgotten):
        again = find_saliency(
            benchmark.subject, benchmark.pictures[:n], benchmark.outputs[:n], module
        )
        for i, pair in enumerate(zip(maps[:n], again, strict=True)):
            found[:, i, at] = compare_maps(*pair)
    apart = np.abs(found - stored[:, :n]).max(axis=(1, 2))
    for name, curve, difference in zip(("rank correlation", "SSIM"), found, apart, strict=True):
        means = curve.mean(axis=0)
        former = f"{means.mean():.2f} when the last layer is made random"
        told = ", ".join(
            f"{mean:.2f} at {point}" for mean, point in zip(means, points, strict=True)
        )
        now = f"{told} of {facts['n_layers']} layers, mean {means.mean():.2f}"
        yield Line(
            6,
            f"saliency: {name}, {n} samples",
            former,
            now,
            float(difference),
            "Captum, SciPy, scikit-image",
        )


def forget(module: nn.Module, points: list[int], random_state: int) -> Iterator[nn.Module]:
    """A copy whose layers become random from the output down, once for each point: the same one each time."""
    forgetting = copy.deepcopy(module)
    weighted = [each for each in forgetting.modules() if list(each.parameters(recurse=False))][::-1]
    generator, done = torch.Generator().manual_seed(random_state), 0
    for point in points:
        for layer in weighted[done:point]:
            if isinstance(layer, nn.modules.batchnorm._NormBase):
                raise InputError("a network with normalisation is not made random here")
            for name, values in layer.named_parameters(recurse=False):
                with torch.no_grad():
                    if name == "bias":
                        values.zero_()
                    else:
                        spread = (2 / values[0].numel()) ** 0.5
                        values.copy_(
                            torch.empty(values.shape).normal_(0, spread, generator=generator)
                        )
        done = point
        yield forgetting


def compare_maps(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Rank correlation and SSIM of two maps without their signs, each scaled to its peak for the second."""
    one, other = np.abs(first.astype(np.float64)), np.abs(second.astype(np.float64))
    scaled = (each / (each.max() or 1) for each in (one, other))
    return correlate(one.ravel(), other.ravel()), structural_similarity(*scaled, data_range=1.0)
