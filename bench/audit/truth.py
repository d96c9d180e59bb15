"""What parts are to a network, and what maps get that know nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image

from bench.audit.benchmark import open_benchmark
from bench.audit.measures import LOCATED, PARTS
from bench.audit.report import Line, farthest
from bench.audit.subject import Subject
from layerscope.datasets.rendered import render


def audit_truth(subject: Subject) -> Iterator[Line]:
    """What parts are to the network, and what a map gets that is the same everywhere, or is noise."""
    benchmark = open_benchmark(subject)
    found = np.full(benchmark.importance.shape, np.nan)
    for row, uid, part_map, output in zip(
        found, benchmark.uids, benchmark.part_maps, benchmark.outputs, strict=True
    ):
        parts = np.unique(part_map[part_map > 0])
        logits = find_logits(subject, int(uid), part_map, parts)[:, output]
        row[parts - 1] = logits[0] - logits[1:]
    apart = farthest(benchmark.importance.ravel().tolist(), found.ravel().tolist())
    yield Line(
        5,
        f"what removing a part costs, in logits, {len(found)} samples",
        difference=apart,
        by="torch, Pillow",
    )
    flat = benchmark.located(np.ones((len(found), *benchmark.part_maps[0].shape)))
    chance = benchmark.store.read("chance")
    names = list(benchmark.store.attributes["chance"])
    worst = max(
        farthest(chance[names.index(name), : len(flat)].tolist(), [each[name] for each in flat])
        for name in LOCATED
    )
    means = {name: np.nanmean([each[name] for each in flat]) for name in LOCATED}
    told = ", ".join(f"{name} {means[name]:.2f}" for name in LOCATED[:3])
    yield Line(8, "a constant map", now=told, difference=worst, by="NumPy, SciPy")
    now = f"per pixel {means['parts_density']:.2f}, given area {means['parts_partial']:.2f}"
    yield Line(
        5,
        "a constant map, which is area alone",
        f"{means['parts']:.2f}",
        now,
        worst,
        "NumPy, SciPy",
    )
    noise = np.random.default_rng(1).random((len(flat), *benchmark.part_maps[0].shape))
    means = {name: np.nanmean([each[name] for each in benchmark.located(noise)]) for name in PARTS}
    now = f"per pixel {means['parts_density']:.2f}, given area {means['parts_partial']:.2f}"
    yield Line(5, "noise", f"{means['parts']:.2f}", now, by="NumPy, SciPy")


def find_logits(subject: Subject, uid: int, part_map: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Logits of a sample drawn anew, and without each of its parts, (1 + parts, K)."""
    split, index = subject.samples.paths[uid].split("/")
    dataset = subject.store("samples").attributes["dataset"]
    names = subject.samples.part_names
    drawn = []
    for gone in (frozenset[str](), *(frozenset({names[part - 1]}) for part in parts)):
        picture = render(
            dataset,
            seed=subject.params.prepare.random_state,
            split=split,
            index=int(index),
            without=gone,
        ).picture
        size = part_map.shape[1], part_map.shape[0]
        drawn.append(np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)))
    with torch.inference_mode():
        return subject.module(subject.normalize(subject.to_pixels(np.stack(drawn)))).numpy()
