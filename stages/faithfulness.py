"""Whether explanations are right: figures per method, against the ground truth, the model and chance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from layerscope.errors import NO_LABELS, InputError
from layerscope.explanation.method import check_options
from layerscope.explanation.methods import find_method
from layerscope.explanation.registry import list_unsupported
from layerscope.faithfulness.baselines import BASELINES
from layerscope.faithfulness.curves import list_shares
from layerscope.faithfulness.evaluation import (
    CURVES,
    Explainer,
    GroundTruth,
    Measured,
    Noise,
    Perturbation,
    compute_chances,
    measure_again,
    measure_maps,
)
from layerscope.faithfulness.measures import MEASURES
from layerscope.faithfulness.parts import list_parts, measure_importance, render_without
from layerscope.faithfulness.randomization import list_points, list_weighted
from layerscope.faithfulness.sampling import choose_samples
from layerscope.faithfulness.summary import gather, summarize, tabulate
from layerscope.models.layers import NO_CLASSES
from layerscope.models.registry import Classifier
from layerscope.parallel import Workers, working
from layerscope.params import FaithfulnessParams, Params, read_params
from layerscope.progress import track
from layerscope.runs.blocks import load_classifier
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.files import write_table, write_text
from layerscope.storage.store import DATA, Store, library_versions, store_path, writing
from stages.command import run_stage

CASCADES = ("randomized_curve", "ssim_curve")
_CHUNK = 5  # samples of a job


@dataclass(frozen=True)
class Subjects:
    """What is explained: samples (n,), of each an output (n,), and the truth where it is known."""

    uids: np.ndarray
    outputs: np.ndarray
    truths: list[GroundTruth] = field(default_factory=list)

    def __getitem__(self, part: slice) -> Subjects:
        return Subjects(self.uids[part], self.outputs[part], self.truths[part])


class FaithfulnessJob(NamedTuple):
    """Some samples that a method explains: once, or again under noise and while weights become random."""

    method: str
    start: int
    stop: int
    again: bool


def choose_subjects(run: str, settings: FaithfulnessParams) -> Subjects:
    """Samples that the model gets right, or whose class it does not have, each with what it says."""
    samples = Samples(store_path(run, "samples"))
    labels = samples.labels
    predictions = Predictions(store_path(run, "predictions"))
    if not predictions.categories or not samples.categories:
        reason = NO_LABELS if predictions.categories else NO_CLASSES
        raise InputError(f"{run}: {reason}; take it out of `faithfulness.runs` in params.yaml")
    true, predicted = predictions.targets(labels), predictions.predicted
    eligible = (true < 0) | (true == predicted)
    uids = choose_samples(labels, eligible, settings.n_samples, settings.random_state)
    if len(uids) < 2:
        raise InputError(f"{run}: the model gets fewer than two samples right; train it further")
    return Subjects(uids, predicted[uids])


def find_truths(location: str, run: str, subjects: Subjects, params: Params) -> list[GroundTruth]:
    """The part map of each sample, and what each part is to the model; `location` is the samples'."""
    samples, classifier = Samples(location), load_classifier(params.run(run), params.device)
    dataset = Store(location).attributes["dataset"]
    truths = []
    for uid, output in zip(subjects.uids.tolist(), subjects.outputs.tolist(), strict=True):
        part_map = samples.part_map(uid)
        assert part_map is not None  # asked for only where there are part maps
        drawn = render_without(
            dataset,
            samples.paths[uid],
            part_map,
            samples.part_names,
            params.prepare.random_state,
            samples.channels,
        )
        truths.append(GroundTruth(part_map, measure_importance(classifier, drawn, output)))
    return truths


def check_methods(
    settings: FaithfulnessParams, classifier: Classifier
) -> tuple[list[str], dict[str, str]]:
    """Methods that work on a model, and the baselines; and why the other methods do not."""
    for key in settings.options:
        if key not in settings.methods:
            raise InputError(f"params.yaml: faithfulness.options.{key}: not among the methods")
    for key in settings.methods:
        check_options(find_method(key).options, dict(settings.options.get(key, {})))
    unsupported = list_unsupported(classifier)
    skipped = {key: unsupported[key] for key in settings.methods if key in unsupported}
    return [*(key for key in settings.methods if key not in skipped), *BASELINES], skipped


def list_jobs(keys: list[str], n: int, settings: FaithfulnessParams) -> Iterator[FaithfulnessJob]:
    """Which method explains which samples, the same for all; a few at a time."""
    for key in keys:
        is_long = key not in BASELINES and find_method(key).long
        for again, count in enumerate((settings.n_samples, settings.n_again)):
            stop, step = min(n, count), 1 if is_long and again else _CHUNK
            for start in range(0, stop, step):
                yield FaithfulnessJob(key, start, min(start + step, stop), bool(again))


def measure(
    location: str, run: str, job: FaithfulnessJob, subjects: Subjects, params: Params
) -> Measured:
    """Do a job; `location` is that of the samples."""
    settings, samples = params.faithfulness, Samples(location)
    options = settings.options.get(job.method, {})
    explainer = Explainer(job.method, settings.random_state, options)
    pictures = np.stack([samples.picture(uid) for uid in subjects.uids.tolist()])
    task = (explainer, load_classifier(params.run(run), params.device), pictures, subjects.outputs)
    if job.again:
        return measure_again(*task, settings.n_points, Noise(settings.n_noisy, settings.noise))
    return measure_maps(
        *task,
        subjects.truths or None,
        tolerance=settings.tolerance,
        perturbation=Perturbation(
            settings.cell, settings.n_steps, tuple(settings.fills), settings.n_fills
        ),
    )


def spread_importance(truths: list[GroundTruth], n_parts: int) -> np.ndarray:
    """What each part is to the model, (n, n_parts) float32; NaN for parts that are not to be seen."""
    table = np.full((len(truths), n_parts), np.nan, dtype=np.float32)
    for row, truth in zip(table, truths, strict=True):
        row[list_parts(truth.part_map) - 1] = truth.importance
    return table


def _average(curves: np.ndarray) -> np.ndarray:
    """Means over samples of curves (methods, n, fills, steps); NaN under a fill that none was tried with."""
    known = np.isfinite(curves)
    with np.errstate(invalid="ignore"):
        return np.where(known, curves, 0).sum(axis=1) / known.sum(axis=1)


def write_figures(
    run: str, subjects: Subjects, found: Measured, chances: Measured, **facts: Any
) -> None:
    """Figures per sample, and curves: of deletion and insertion their means, for there are many."""
    params = read_params()
    settings = params.faithfulness
    measures = [name for name in MEASURES if name in found]
    n_parts = len(Samples(store_path(run, "samples")).part_names)
    with writing(
        store_path(run, "faithfulness"), params.compute.storage, measures=measures, **facts
    ) as store:

        def add(
            name: str, values: list[np.ndarray], dimensions: list[str], unit: str = "1"
        ) -> None:
            store.add(name, np.stack(values).astype(np.float32), dimensions, unit=unit)

        store.add("uid", subjects.uids, ["sample"])
        store.add("output", subjects.outputs, ["sample"])
        add("figures", [found[name] for name in measures], ["measure", "method", "sample"])
        by_fill = ["curve", "method", "sample", "fill"]
        add("fills", [found[f"{name}_fills"] for name in CURVES], by_fill)
        means = [_average(found[f"{name}_curve"]) for name in CURVES]
        add("curves", means, ["curve", "method", "fill", "step"])
        again = min(settings.n_again, len(subjects.uids))
        cascades = [found[name][:, :again] for name in CASCADES]
        add("cascade", cascades, ["curve", "method", "sample", "point"])
        if subjects.truths:
            importance = spread_importance(subjects.truths, n_parts)
            store.add("importance", importance, ["sample", "part"], unit="logit")
            add("chance", list(chances.values()), ["measure", "sample"])


def look(run: str, subjects: Subjects, params: Params, workers: Workers) -> list[GroundTruth]:
    """The ground truth of all subjects, where there is one."""
    samples, n = Samples(store_path(run, "samples")), len(subjects.uids)
    if not samples.part_names:
        return []
    parts = [subjects[start : start + _CHUNK] for start in range(0, n, _CHUNK)]
    looked = workers.map(find_truths, ((samples.location, run, part, params) for part in parts))
    told = f"{run}: {n} pictures without each part"
    return [truth for each in track(looked, told, len(parts)) for truth in each]


def measure_all(
    run: str, keys: list[str], subjects: Subjects, params: Params, workers: Workers
) -> Measured:
    """All methods on all subjects."""
    n, samples = len(subjects.uids), Samples(store_path(run, "samples"))
    jobs = list(list_jobs(keys, n, params.faithfulness))
    results = workers.map(
        measure,
        ((samples.location, run, job, subjects[job.start : job.stop], params) for job in jobs),
    )
    done = zip(jobs, track(results, f"{run}: {len(keys)} methods", len(jobs)), strict=True)
    return gather(keys, n, ((j.method, list(range(j.start, j.stop)), each) for j, each in done))


def main(run: str) -> None:
    params = read_params()
    settings = params.faithfulness
    subjects = choose_subjects(run, settings)
    classifier = load_classifier(params.run(run), params.device)
    keys, skipped = check_methods(settings, classifier)
    for key, reason in skipped.items():
        print(f"{run}: {key} is left out: {reason}")
    n = len(subjects.uids)
    with working(params.compute.scheduler) as workers:
        subjects = replace(subjects, truths=look(run, subjects, params, workers))
        found = measure_all(run, keys, subjects, params, workers)
    chances = compute_chances(subjects.truths, settings.tolerance)
    rows = tabulate(keys, found, chances, settings.random_state)
    n_layers = len(list_weighted(classifier.module))
    write_figures(
        run,
        subjects,
        found,
        chances,
        methods=keys,
        skipped=skipped,
        chance=list(chances),
        fills=list(settings.fills),
        shares=list_shares(settings.n_steps).tolist(),
        curves=list(CURVES),
        cascade=list(CASCADES),
        n_layers=n_layers,
        randomized_layers=list_points(n_layers, settings.n_points),
        settings=asdict(settings),
        versions=library_versions("torch", "captum", "grad-cam", "scikit-image"),
    )
    write_table(DATA / run / "faithfulness.csv", rows)
    summary = {"samples": n, **summarize(rows, chances)}
    write_text(DATA / run / "faithfulness.json", json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    run_stage(main, __doc__, run="a run in params.yaml")
