"""The faithfulness benchmark: figures of stored samples by others' explanations, and the table of means."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from PIL import Image
from skimage.metrics import structural_similarity
from torch import nn

from bench.audit.attribution import (
    find_cam_plus_plus,
    find_cams,
    find_saliency,
    integrate,
    integrate_enough,
)
from bench.audit.measures import correlate, describe, locate, play_pointing, trace
from bench.audit.report import Line, farthest
from bench.audit.subject import Subject, find_last_maps
from layerscope.datasets.rendered import render
from layerscope.errors import InputError
from layerscope.explanation.methods import find_method
from layerscope.storage.store import Store

_SAMPLES = 20
_INTEGRATED = 10  # of them, by Integrated Gradients, which take long
_FORMER_STEPS = 32
LOCATED = ("pointing_game", "mass", "rank", "parts", "parts_density", "parts_partial")
PARTS = LOCATED[3:]
Figures = list[dict[str, float]]


@dataclass(frozen=True)
class Benchmark:
    """What is stored of a run, and its first samples."""

    subject: Subject
    store: Store

    @cached_property
    def measures(self) -> list[str]:
        """Keys, in the order of `figures`."""
        return list(self.store.attributes["measures"])

    @cached_property
    def methods(self) -> list[str]:
        """Keys, baselines among them."""
        return list(self.store.attributes["methods"])

    @cached_property
    def figures(self) -> np.ndarray:
        """(measure, method, sample)."""
        return self.store.read("figures").astype(np.float64)

    @cached_property
    def uids(self) -> np.ndarray:
        """Of the samples that are looked at."""
        return self.store.read("uid")[:_SAMPLES]

    @cached_property
    def outputs(self) -> np.ndarray:
        """What is explained of them."""
        return self.store.read("output")[:_SAMPLES]

    @cached_property
    def pictures(self) -> np.ndarray:
        """(n, H, W, C) uint8."""
        return np.stack([self.subject.samples.picture(int(uid)) for uid in self.uids])

    @cached_property
    def part_maps(self) -> list[np.ndarray]:
        """Of each sample. Raises `InputError` where the data set has none."""
        found = [self.subject.samples.part_map(int(uid)) for uid in self.uids]
        maps = [each for each in found if each is not None]
        if len(maps) < len(found):
            raise InputError(f"{self.subject.name}: no masks of objects and parts")
        return maps

    @cached_property
    def importance(self) -> np.ndarray:
        """What each part is to the network, (n, parts)."""
        return self.store.read("importance")[:_SAMPLES].astype(np.float64)

    def setting(self, name: str) -> float:
        """A number that the stage was given."""
        return float(self.store.attributes["settings"][name])

    def stored(self, method: str, measure: str) -> np.ndarray:
        """Figures of the samples that are looked at. Raises `InputError` where there are none."""
        if method not in self.methods or measure not in self.measures:
            raise InputError(f"{self.subject.name}: no {measure} of {method} is stored")
        return self.figures[self.measures.index(measure), self.methods.index(method)][
            : len(self.uids)
        ]

    def located(self, maps: np.ndarray) -> Figures:
        """Measures of where the object and its parts are, of maps of the first samples."""
        tolerance = self.setting("tolerance")
        truth = zip(maps, self.part_maps, self.importance, strict=False)
        return [locate(*each, tolerance) for each in truth]

    def compare(self, method: str, measure: str, found: np.ndarray) -> float:
        """The largest difference from what is stored of the first samples."""
        return farthest(self.stored(method, measure)[: len(found)].tolist(), found.tolist())


def open_benchmark(subject: Subject) -> Benchmark:
    """Raises `InputError` where the run has none."""
    if subject.name not in subject.params.faithfulness.runs:
        raise InputError(f"{subject.name}: not in `faithfulness.runs` of params.yaml")
    return Benchmark(subject, subject.store("faithfulness"))


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
    yield from tell_located(benchmark, "saliency", benchmark.located(maps), "Captum, NumPy, SciPy")
    for name in ("complexity", "sparseness"):
        found = np.array([describe(each)[name] for each in maps])
        apart = benchmark.compare("saliency", name, found)
        yield Line(
            7, f"saliency: {name}", now=f"{found.mean():.3f}", difference=apart, by="Captum, NumPy"
        )
    yield from audit_curves(benchmark, maps)
    yield from audit_cascade(benchmark, maps)


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
