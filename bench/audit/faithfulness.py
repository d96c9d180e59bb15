"""The faithfulness benchmark: figures of stored samples by others' explanations."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from PIL import Image

from bench.audit.attribution import (
    find_cam_plus_plus,
    find_cams,
    find_saliency,
    integrate,
    integrate_enough,
)
from bench.audit.benchmark import Benchmark, Figures, open_benchmark
from bench.audit.cascade import audit_cascade
from bench.audit.measures import LOCATED, PARTS, describe, play_pointing, trace
from bench.audit.report import Line, farthest
from bench.audit.subject import Subject, find_last_maps
from layerscope.errors import InputError
from layerscope.explanation.methods import find_method

_INTEGRATED = 10  # samples, by Integrated Gradients, which take long
_FORMER_STEPS = 32


def tell_located(benchmark: Benchmark, method: str, figures: Figures, by: str) -> Iterator[Line]:
    """Lines of one method: the object, and its parts beside what area gives."""
    n = len(figures)
    found = {name: np.array([each[name] for each in figures]) for name in LOCATED}
    for name in LOCATED[:3]:
        apart = benchmark.compare(method, name, found[name])
        yield Line(
            8,
            f"{method}: {name}, mean of {n} samples",
            now=f"{np.nanmean(found[name]):.3f}",
            difference=apart,
            by=by,
        )
    means = {name: np.nanmean(found[name]) for name in PARTS}
    apart = max(benchmark.compare(method, name, found[name]) for name in PARTS)
    now = f"per pixel {means['parts_density']:.2f}, given area {means['parts_partial']:.2f}"
    yield Line(5, f"{method}: parts, mean of {n} samples", f"{means['parts']:.2f}", now, apart, by)


def audit_saliency(subject: Subject) -> Iterator[Line]:
    """Saliency by Captum, its measures, and deletion and insertion along it."""
    benchmark = open_benchmark(subject)
    maps = find_saliency(subject, benchmark.pictures, benchmark.outputs)
    for name in ("complexity", "sparseness"):
        found = np.array([describe(each)[name] for each in maps])
        apart = benchmark.compare("saliency", name, found)
        yield Line(
            7, f"saliency: {name}", now=f"{found.mean():.3f}", difference=apart, by="Captum, NumPy"
        )
    yield from audit_curves(benchmark, maps)
    yield from audit_cascade(benchmark, maps)
    yield from tell_located(benchmark, "saliency", benchmark.located(maps), "Captum, NumPy, SciPy")


def audit_curves(benchmark: Benchmark, maps: np.ndarray) -> Iterator[Line]:
    """Deletion and insertion of those samples that were filled with their mean colour, or black."""
    subject, method = benchmark.subject, benchmark.methods.index("saliency")
    stored, facts = benchmark.store.read("fills"), benchmark.store.attributes
    cell, n_steps = int(benchmark.setting("cell")), int(benchmark.setting("n_steps"))
    for at, name in enumerate(facts["curves"]):
        told = []
        for fill in ("mean", "black"):
            if fill not in facts["fills"]:
                continue
            areas = stored[at, method, : len(maps), facts["fills"].index(fill)]
            found = np.full(len(maps), np.nan)
            for i in np.flatnonzero(np.isfinite(areas)):
                picture, output = benchmark.pictures[i], int(benchmark.outputs[i])
                colour = picture.mean(axis=(0, 1)).round() if fill == "mean" else 0
                filled = np.broadcast_to(np.uint8(colour), picture.shape)
                start, end = (picture, filled) if name == "deletion" else (filled, picture)
                score = score_of(subject, output)
                found[i] = trace(maps[i], start, end, cell, n_steps, score)
            told.append((fill, np.nanmean(found), farthest(areas.tolist(), found.tolist())))
        if told:
            now = ", ".join(f"{fill} {mean:.3f}" for fill, mean, _ in told)
            apart = max(each for *_, each in told)
            yield Line(7, f"saliency: {name}", "one fill", now, apart, "Captum, torch, SciPy")


def score_of(subject: Subject, output: int) -> Callable[[np.ndarray], np.ndarray]:
    """The probability of an output, of pictures."""

    def score(pictures: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            logits = subject.module(subject.normalize(subject.to_pixels(pictures)))
        return logits.softmax(dim=1)[:, output].numpy()

    return score


def audit_integral(subject: Subject) -> Iterator[Line]:
    """Integrated Gradients by Captum, and how far they are from their sum."""
    benchmark = open_benchmark(subject)
    entry = {option.key: option.default for option in find_method("integrated_gradients").options}
    options = benchmark.store.attributes["settings"]["options"].get("integrated_gradients", {})
    entry |= options
    if entry["fill"] != "mean":
        raise InputError(
            f"{subject.name}: Integrated Gradients from {entry['fill']}, not the mean colour"
        )
    asked = list(zip(benchmark.pictures, benchmark.outputs.tolist(), strict=True))[:_INTEGRATED]
    former = [integrate(subject, *each, _FORMER_STEPS, "gausslegendre").missing for each in asked]
    now = [integrate_enough(subject, *each, int(entry["n_steps"])) for each in asked]
    missing = [each.missing for each in now]
    steps = [each.n_steps for each in now]
    yield Line(
        7,
        f"Integrated Gradients: missing of the sum, {len(asked)} samples",
        f"{np.mean(former):.1%} on average, up to {max(former):.1%}, in {_FORMER_STEPS} steps",
        f"{np.mean(missing):.1%}, up to {max(missing):.1%}, in {min(steps)} to {max(steps)} steps",
        by="Captum",
    )
    figures = benchmark.located(np.stack([each.values for each in now]))
    yield from tell_located(benchmark, "integrated_gradients", figures, "Captum, NumPy, SciPy")


def audit_pointing(subject: Subject) -> Iterator[Line]:
    """Where class activation maps point, by pytorch-grad-cam, and Grad-CAM++ by its equation as well."""
    benchmark = open_benchmark(subject)
    layer, tolerance = find_last_maps(subject), benchmark.setting("tolerance")
    asked = (layer, benchmark.pictures, benchmark.outputs)
    size = benchmark.pictures.shape[2], benchmark.pictures.shape[1]
    equation = [
        np.asarray(Image.fromarray(each.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))
        for each in find_cam_plus_plus(subject, *asked)
    ]
    for key, maps, by in (
        ("grad_cam", find_cams(subject, "grad_cam", *asked), "pytorch-grad-cam"),
        (
            "grad_cam_plus_plus",
            find_cams(subject, "grad_cam_plus_plus", *asked),
            "pytorch-grad-cam",
        ),
        ("grad_cam_plus_plus", equation, "equation 19, torch, Pillow"),
    ):
        found = np.array(
            [
                play_pointing(each, part_map > 0, tolerance)
                for each, part_map in zip(maps, benchmark.part_maps, strict=True)
            ]
        )
        stored = benchmark.stored(key, "pointing_game")
        other = int((np.abs(stored - found) > 0.5).sum())
        now = f"{found.mean():.3f}; {other} of {len(found)} samples differ by more than a half"
        yield Line(
            8,
            f"{key}: pointing game",
            now=now,
            difference=benchmark.compare(key, "pointing_game", found),
            by=by,
        )
