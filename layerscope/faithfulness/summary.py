"""Figures of all methods: gathered, averaged, compared with each other and with chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from layerscope.faithfulness.baselines import BASELINES
from layerscope.faithfulness.measures import MEASURES
from layerscope.faithfulness.statistics import average, average_share, compare_methods

if TYPE_CHECKING:  # figures are put together without the model that they are of
    from layerscope.faithfulness.evaluation import Measured

HEADLINES = ("pointing_game", "mass", "parts", "parts_partial", "deletion", "insertion")
SAME = 0.05  # p-values from here on do not tell a method from the best
Row = dict[str, str | int | float]


def gather(keys: list[str], n: int, results: Iterable[tuple[str, list[int], Measured]]) -> Measured:
    """Put together what was measured of some samples at a time.

    Parameters
    ----------
    keys : list of str
        Of all methods.
    n : int
        Samples there are.
    results : iterable of (str, list of int, dict of ndarray)
        A method, the samples, and what was measured of them.

    Returns
    -------
    dict of ndarray of float64, (methods, n, ...)
        By measure; NaN where it was not measured.
    """
    found: Measured = {}
    for key, samples, measured in results:
        for name, values in measured.items():
            shape = (len(keys), n, *values.shape[1:])
            table = found.setdefault(name, np.full(shape, np.nan))
            table[keys.index(key), samples] = values
    return found


def tabulate(keys: list[str], found: Measured, chances: Measured, random_state: int) -> list[Row]:
    """A row per measure and method.

    Parameters
    ----------
    keys : list of str
        Of the methods.
    found : dict of ndarray
        Of `gather`.
    chances : dict of ndarray
        Of `layerscope.faithfulness.evaluation.compute_chances`, and NaN where it is not defined.
    random_state : int
        Of the bootstrap, and of the comparison.

    Returns
    -------
    list of dict
        ``method``, ``measure``; ``value``, ``low`` and ``high``, mean and 95 % interval; ``n``, of how many
        samples; ``chance``, on the same samples; and of measures that methods are ranked by ``p_value``,
        that of a difference from the best method, corrected for all pairs of methods. A text is empty where
        there is no number.
    """
    rows: list[Row] = []
    for measure in (each for each in MEASURES.values() if each.key in found):
        values = found[measure.key]
        known = np.isfinite(values)
        p_values = _compare_with_best(keys, values, measure.better, random_state)
        for i, key in enumerate(keys):
            mine = values[i, known[i]]
            if not len(mine):
                continue
            figure = (
                average_share(mine)
                if measure.is_share
                else average(mine, random_state, measure.low, measure.high)
            )
            chance = (
                chances[measure.key][known[i]].mean() if measure.key in chances else float("nan")
            )
            numbers = {**asdict(figure), "chance": chance, "p_value": p_values[i]}
            rows.append({"method": key, "measure": measure.key, **_write(numbers)})
    return rows


def _write(numbers: Mapping[str, float]) -> Row:
    return {
        name: "" if not np.isfinite(value) else value if name == "n" else round(float(value), 4)
        for name, value in numbers.items()
    }


def _compare_with_best(
    keys: list[str], values: np.ndarray, better: int, random_state: int
) -> np.ndarray:
    """p-values (methods,) of differences from the best method that is no baseline; NaN without a ranking."""
    counts = np.isfinite(values).sum(axis=1)
    means = better * np.nansum(values, axis=1) / np.maximum(counts, 1)
    ranked = [i for i, key in enumerate(keys) if key not in BASELINES and counts[i]]
    if not better or not ranked:
        return np.full(len(keys), np.nan)
    return compare_methods(values, random_state)[max(ranked, key=lambda i: means[i])]


def summarize(rows: list[Row], chances: Measured) -> Mapping[str, Mapping[str, float]]:
    """By method the figures worth a headline; and of chance."""
    summary: dict[str, dict[str, float]] = {}
    for name, values in chances.items():
        summary.setdefault("chance", {})[name] = round(float(np.nanmean(values)), 4)
    for row in rows:
        if row["measure"] in HEADLINES:
            of_method = summary.setdefault(str(row["method"]), {})
            of_method[str(row["measure"])] = float(row["value"])
    return summary
