"""Figures of all methods: gathered, averaged, and compared with chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from layerscope.explanation.object_share import share_covered
from layerscope.faithfulness.localization import widen
from layerscope.faithfulness.statistics import average

if TYPE_CHECKING:  # figures are put together without the model that they are of
    from layerscope.faithfulness.evaluation import GroundTruth, Measured

MEASURES = (
    "pointing_game",
    "mass",
    "rank",
    "parts",
    "deletion",
    "insertion",
    "randomized",
    "randomized_all",
    "ssim",
)
HEADLINES = ("pointing_game", "mass", "parts", "deletion", "insertion", "randomized")
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


def compute_chances(truths: list[GroundTruth], tolerance: float) -> Measured:
    """What a map gets that points anywhere, per sample (n,), for the measures of where the object is."""
    if not truths:
        return {}
    masks = [truth.part_map > 0 for truth in truths]
    covered = np.array([share_covered(mask) for mask in masks])
    near = np.array([share_covered(widen(mask, tolerance)) for mask in masks])
    return {"pointing_game": near, "mass": covered, "rank": covered}


def tabulate(keys: list[str], found: Measured, chances: Measured, random_state: int) -> list[Row]:
    """A row per measure and method: mean, interval, number of samples, and chance where it is known.

    Parameters
    ----------
    keys : list of str
        Of the methods.
    found : dict of ndarray
        Of `gather`.
    chances : dict of ndarray
        Of `compute_chances`.
    random_state : int
        Of the bootstrap.
    """
    rows: list[Row] = []
    for measure in (name for name in MEASURES if name in found):
        for key, values in zip(keys, found[measure], strict=True):
            known = np.isfinite(values)
            if not known.any():
                continue
            figure = asdict(average(values[known], random_state))
            chance = chances[measure][known].mean() if measure in chances else None
            rows.append(
                {
                    "method": key,
                    "measure": measure,
                    **{name: round(value, 4) for name, value in figure.items()},
                    "chance": "" if chance is None else round(float(chance), 4),
                }
            )
    return rows


def summarize(rows: list[Row], chances: Measured) -> Mapping[str, Mapping[str, float]]:
    """By method the figures worth a headline; and of chance."""
    summary: dict[str, dict[str, float]] = {}
    for name, values in chances.items():
        summary.setdefault("chance", {})[name] = round(float(values.mean()), 4)
    for row in rows:
        if row["measure"] in HEADLINES:
            of_method = summary.setdefault(str(row["method"]), {})
            of_method[str(row["measure"])] = float(row["value"])
    return summary
