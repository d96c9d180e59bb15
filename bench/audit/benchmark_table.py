"""The table of the faithfulness benchmark from its stored figures: means, intervals, groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.audit.benchmark import Benchmark, open_benchmark
from bench.audit.predictions import wilson
from bench.audit.report import Line, farthest
from bench.audit.subject import Subject, read_rows
from layerscope.faithfulness.baselines import BASELINES
from layerscope.faithfulness.measures import MEASURES

_SEED = 1  # another than the pipeline's
_RESAMPLES, _FLIPS = 2000, 9999
_ALIKE = 0.05
_ENOUGH = 30  # samples; of fewer, one set of resamples differs from the next
_ROUNDED = 5e-5  # what the table's four digits leave


def studentize(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """The bootstrap-t interval of 95 % (Efron and Tibshirani 1993, chapter 12)."""
    n, mean, error = len(values), values.mean(), values.std(ddof=1) / np.sqrt(len(values))
    drawn = rng.choice(values, (_RESAMPLES, n))
    errors = drawn.std(axis=1, ddof=1) / np.sqrt(n)
    there = errors > 1e-9 * error
    low, high = np.quantile((drawn.mean(axis=1) - mean)[there] / errors[there], [0.975, 0.025])
    return mean - low * error, mean - high * error


def take_percentiles(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """The former interval."""
    low, high = np.quantile(
        rng.choice(values, (_RESAMPLES, len(values))).mean(axis=1), [0.025, 0.975]
    )
    return float(low), float(high)


def compare_pairs(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """p-values of all pairs of methods (m, n), by flips of signs and Holm's correction: (m, m)."""
    m, n = values.shape
    signs = 1 - 2 * rng.integers(0, 2, (_FLIPS, n))
    table, places, found = np.ones((m, m)), [], []
    for i in range(m):
        for j in range(i):
            both = np.isfinite(values[i] + values[j])
            apart = values[i, both] - values[j, both]
            reached = np.abs(signs[:, both] @ apart) >= np.abs(apart.sum()) * (1 - 1e-9) - 1e-9
            places.append((i, j))
            found.append((1 + reached.sum()) / (1 + _FLIPS))
    worst = 0.0
    for step, at in enumerate(np.argsort(found, kind="stable")):
        worst = max(worst, min(1.0, found[at] * (len(found) - step)))
        table[places[at]] = table[places[at][::-1]] = worst
    return table


def audit_table(subject: Subject) -> Iterator[Line]:
    """``faithfulness.csv`` from the stored figures of all samples."""
    benchmark = open_benchmark(subject)
    rows = {(r["measure"], r["method"]): r for r in read_rows(subject.name, "faithfulness.csv")}
    rng = np.random.default_rng(_SEED)
    worst = {"mean": 0.0, "share": 0.0, "error": 0.0}
    n_rows = 0
    for at, measure in enumerate(benchmark.measures):
        for method, values in zip(benchmark.methods, benchmark.figures[at], strict=True):
            row, values = rows.get((measure, method)), values[np.isfinite(values)]
            if row is None or not len(values):
                continue
            n_rows += 1
            worst["mean"] = max(worst["mean"], abs(float(row["value"]) - values.mean()))
            told = [float(row[each] or "nan") for each in ("low", "high")]
            if MEASURES[measure].is_share:
                worst["share"] = max(
                    worst["share"], farthest(told, wilson(values.mean(), len(values)))
                )
            elif np.isfinite(told).all() and len(values) >= _ENOUGH:
                entry, error = MEASURES[measure], values.std(ddof=1) / np.sqrt(len(values))
                ends = np.clip(studentize(values, rng), entry.low, entry.high)
                apart = max(farthest(told, ends.tolist()) - _ROUNDED, 0.0)
                worst["error"] = max(worst["error"], apart / error)
    yield Line(8, f"means of faithfulness.csv, {n_rows} rows", difference=worst["mean"], by="NumPy")
    yield Line(4, "Wilson's intervals of shares", difference=worst["share"], by="NumPy")
    what = f"bootstrap-t intervals of means of {_ENOUGH} samples or more, in standard errors"
    yield Line(4, what, difference=worst["error"], by="NumPy, other resamples")
    yield from tell_intervals(benchmark, rows, rng)
    yield from tell_groups(benchmark, rows, rng)


def tell_intervals(
    benchmark: Benchmark, rows: dict[tuple[str, str], dict[str, str]], rng: np.random.Generator
) -> Iterator[Line]:
    """The pointing game of a few methods, of ten samples by percentiles, and as it is said now."""
    if "pointing_game" not in benchmark.measures:
        return
    figures = benchmark.figures[benchmark.measures.index("pointing_game")]
    for method in ("grad_cam", "score_cam", "saliency"):
        if method in benchmark.methods:
            few = figures[benchmark.methods.index(method)][:10]
            low, high = take_percentiles(few, rng)
            row = rows["pointing_game", method]
            former = f"{few.mean():.2f} [{low:.2f}, {high:.2f}], n = 10"
            value, *ends = (float(row[each]) for each in ("value", "low", "high"))
            now = f"{value:.2f} [{ends[0]:.2f}, {ends[1]:.2f}], n = {row['n']}"
            yield Line(4, f"{method}: pointing game", former, now, by="NumPy")


def tell_groups(
    benchmark: Benchmark, rows: dict[tuple[str, str], dict[str, str]], rng: np.random.Generator
) -> Iterator[Line]:
    """Which methods cannot be told apart from the best, by each measure that ranks."""
    methods, apart = benchmark.methods, 0
    for at, measure in enumerate(benchmark.measures):
        better, values = MEASURES[measure].better, benchmark.figures[at]
        ranked = [
            i for i, m in enumerate(methods) if m not in BASELINES and np.isfinite(values[i]).any()
        ]
        if not better or not ranked:
            continue
        best = max(ranked, key=lambda i: better * np.nanmean(values[i]))
        p_values = compare_pairs(values, rng)[best]
        mine = {methods[i] for i in ranked if p_values[i] >= _ALIKE}
        told = {
            m
            for m in methods
            if m not in BASELINES
            and float(rows.get((measure, m), {}).get("p_value") or 0) >= _ALIKE
        }
        apart += len(mine ^ told)
        yield Line(
            4,
            f"best by {measure}",
            f"{methods[best]} alone",
            ", ".join(sorted(told)),
            float(len(mine ^ told)),
            "NumPy, other flips: methods in one group alone",
        )
