"""Channels: which classes they prefer, by chance as well; where they light up, and whether they ever do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from bench.audit.report import Line
from bench.audit.subject import Subject, find_last_maps
from layerscope.errors import InputError

_SHUFFLES = 1000
_SEED = 1  # another than the pipeline's
_LOOKED_AT = 60  # samples whose maps are searched for their peak


def measure_selectivity(values: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The index of Morcos et al. (2018) of channels (n, C), and means by class (C, classes).

    The index is NaN where a mean is negative, or all are zero.
    """
    means = np.stack([values[labels == each].mean(axis=0) for each in np.unique(labels)], axis=1)
    ordered = np.sort(means, axis=1)
    most, rest = ordered[:, -1], ordered[:, :-1].mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        index = (most - rest) / (most + rest)
    return np.where((ordered[:, 0] >= 0) & (most > 0), index, np.nan), means


def audit_selectivity(subject: Subject) -> Iterator[Line]:
    """Selectivity of the channels of the last maps, and of the same with labels shuffled."""
    key, n = find_last_maps(subject), subject.size
    if not key:
        raise InputError(f"{subject.name}: no layer with maps")
    store = subject.store("channels")
    rows = slice(*store.attributes["rows"][key])
    (values,) = subject.maps((key, "grid1"))
    values = values.astype(np.float64)
    index, means = measure_selectivity(values, subject.labels)
    kept = store.read(f"{n}/class_mean")[rows][:, np.unique(subject.labels)]
    apart = float(np.abs(kept - means).max() / np.abs(means).max())
    yield Line(
        13,
        f"means by class of {len(index)} channels of {key}, of the largest",
        difference=apart,
        by="NumPy",
    )
    rng = np.random.default_rng(_SEED)
    chance = np.stack(
        [measure_selectivity(values, rng.permutation(subject.labels))[0] for _ in range(_SHUFFLES)]
    )
    there = np.isfinite(index) & np.isfinite(chance).all(axis=0)
    if not there.any():
        raise InputError(f"{subject.name}: {key} has means below 0: no selectivity")
    found = {
        "expected": chance.mean(axis=0),
        "high": np.quantile(chance, 0.95, axis=0),
        "p": ((chance >= index - 1e-9).sum(axis=0) + 1) / (_SHUFFLES + 1),
    }
    told = {name: store.read(f"{n}/selectivity/{name}")[rows] for name in found}
    lacking = int((np.isfinite(told["expected"]) != there).sum())
    former = f"{index[there].mean():.3f} on average"
    now = (
        f"{index[there].mean():.3f}; by chance {found['expected'][there].mean():.3f}; "
        f"{(found['p'][there] > 0.05).sum()} of {there.sum()} no more than chance"
    )
    yield Line(
        13,
        f"selectivity of {key}",
        former,
        now,
        float(lacking),
        "NumPy, channels of which it is defined",
    )
    few = subject.params.channels.n_permutations
    errors = chance[:, there].std(axis=0) * np.sqrt(1 / _SHUFFLES + 1 / few)  # of a difference
    for name, values in found.items():
        apart = np.abs(values - told[name])[there]
        difference = float((apart / errors if name == "expected" else apart).max())
        what = {
            "expected": "mean by chance, in standard errors",
            "high": "95 % of shuffles",
            "p": "p-values",
        }[name]
        yield Line(
            13,
            f"selectivity of {key}: {what}",
            difference=difference,
            by=f"NumPy, {_SHUFFLES} other shuffles",
        )


def audit_maps(subject: Subject) -> Iterator[Line]:
    """Channels that light up along the border, and filters that never do."""
    key = find_last_maps(subject)
    if not key:
        raise InputError(f"{subject.name}: no layer with maps")
    taken: list[Tensor] = []
    hook = subject.find_module(key).register_forward_hook(
        lambda _m, _i, output: taken.append(output)
    )
    try:
        with torch.inference_mode():
            for start in range(0, min(_LOOKED_AT, subject.size), 20):
                pictures = subject.samples.pictures(start, start + 20)
                subject.module(subject.normalize(subject.to_pixels(pictures)))
    finally:
        hook.remove()
    maps = torch.cat(taken).numpy()  # (n, C, h, w)
    height, width = maps.shape[2:]
    rows, columns = np.divmod(maps.reshape(*maps.shape[:2], -1).argmax(axis=2), width)
    edge = (rows % (height - 1) == 0) | (columns % (width - 1) == 0)
    active = maps.max(axis=(2, 3)) > 0
    shares = np.divide(
        (edge & active).sum(axis=0),
        active.sum(axis=0),
        out=np.zeros(maps.shape[1]),
        where=active.any(axis=0),
    )
    ring = 1 - (height - 2) * (width - 2) / (height * width)
    told = (
        f"{(shares > 0.9).sum()} of {len(shares)}; on average in {shares.mean():.2f}, and the border is "
        f"{ring:.2f} of the map"
    )
    yield Line(
        14,
        f"channels of {key} with their peak on the border in 9 of 10 pictures",
        now=told,
        by="NumPy",
    )
    for first in subject.keys[1:3]:
        (values,) = subject.maps((first, "grid1"))
        told = f"{(np.ptp(values, axis=0) == 0).sum()} of {values.shape[1]}"
        yield Line(
            14, f"channels of {first} that are the same for every picture", now=told, by="NumPy"
        )
