"""The faithfulness benchmark as the stage left it: which run's figures are shown, and what they are."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from layerscope.errors import InputError
from layerscope.explanation.methods import METHODS
from layerscope.faithfulness.baselines import BASELINES
from layerscope.faithfulness.measures import MEASURES
from layerscope.faithfulness.summary import SAME
from layerscope.storage import files
from layerscope.storage.store import DATA
from ui.arrays import load_array, load_attributes
from ui.explain.address import ExplainChoice
from ui.explain.networks import find_network, list_networks
from ui.library import find_source, is_built, list_runs

STORE = "faithfulness"


@dataclass(frozen=True)
class FaithfulnessFigure:
    """A mean over samples.

    Attributes
    ----------
    value : float
    low, high : float or None
        Its 95 % interval; None where it has none.
    n : int
        Samples.
    chance : float or None
        What a map that is the same everywhere gets.
    p_value : float or None
        Of a difference from the best method; None where methods are not ranked.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    chance: float | None
    p_value: float | None

    @property
    def leads(self) -> bool:
        """Whether methods are ranked, and this one cannot be told apart from the best."""
        return self.p_value is not None and self.p_value >= SAME

    def tell_interval(self) -> str:
        """The interval in words, or why there is none."""
        if self.low is not None and self.high is not None:
            return f"95 % interval {self.low:.3f} to {self.high:.3f}, n = {self.n}"
        few = "one picture" if self.n == 1 else f"the {self.n} pictures are too much alike"
        return f"no interval: {few}"


Table = dict[str, dict[str, FaithfulnessFigure]]  # measure -> method -> figure


@dataclass(frozen=True)
class FaithfulnessSamples:
    """Figures by sample.

    Attributes
    ----------
    facts : mapping
        The store's attributes.
    uids : ndarray of int64, (n,)
    figures : ndarray of float32, (measures, methods, n)
        NaN where one is not defined, or not measured of the sample.
    fills : ndarray of float32, (2, methods, n, fills)
        Areas of deletion and of insertion.
    cascade : ndarray of float32, (2, methods, n_again, points)
        Rank correlation and structural similarity while weights become random.
    """

    facts: Mapping[str, Any]
    uids: np.ndarray
    figures: np.ndarray
    fills: np.ndarray
    cascade: np.ndarray


def find_measured_run(choice: ExplainChoice, run: str) -> str:
    """The run whose figures are of the network that the picture is shown to.

    Raises
    ------
    InputError
        In one line, where no run is of that network.
    """
    if choice.is_of_run:
        return run
    wanted = find_network(choice.network, run)
    found = [each for each in filter(is_built, list_runs()[0]) if _has_source(each, wanted)]
    if not found:
        (name,) = (each.name for each in list_networks(run, False) if each.key == choice.network)
        raise InputError(
            f"{name}: no run here is of this network; add one with its data (`make run`), name it under "
            "`faithfulness.runs` in params.yaml and run `dvc repro`"
        )
    return next((each for each in found if (DATA / each / "faithfulness.csv").exists()), found[0])


def _has_source(run: str, wanted: object) -> bool:
    try:
        return find_source(run) == wanted
    except InputError:  # params.yaml does not say where its network comes from
        return False


def read_table(run: str) -> Table | None:
    """What the stage measured of a run; None where it has not run. Raises `InputError`."""
    path = DATA / run / "faithfulness.csv"
    table: Table = {}
    is_old = False
    try:
        for row in files.read_table(path):
            if "p_value" not in row and "chance" in row:
                is_old = True
                break
            figure = _read_figure(row)
            if row["measure"] in MEASURES:
                table.setdefault(row["measure"], {})[row["method"]] = figure
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        table = {}
    if is_old:
        raise InputError(f"{path}: of an earlier version; run `dvc repro faithfulness@{run}`")
    if not table:
        raise InputError(f"{path}: damaged; delete it and run `dvc repro faithfulness@{run}`")
    return table


def _read_figure(row: dict[str, str]) -> FaithfulnessFigure:
    low, high, chance, p_value = (
        float(row[name]) if row[name] else None for name in ("low", "high", "chance", "p_value")
    )
    figure = FaithfulnessFigure(float(row["value"]), low, high, int(row["n"]), chance, p_value)
    numbers = (figure.value, *(each for each in (low, high, chance, p_value) if each is not None))
    if not all(map(isfinite, numbers)) or (low is None) != (high is None):
        raise ValueError("not a number")
    return figure


def read_samples(run: str) -> FaithfulnessSamples:
    """Figures by sample. Raises `Unavailable`."""
    arrays = (load_array(run, STORE, name) for name in ("uid", "figures", "fills", "cascade"))
    return FaithfulnessSamples(load_attributes(run, STORE), *arrays)


def name_method(key: str) -> str:
    """A method or a baseline as people read it."""
    if key in METHODS:
        return METHODS[key].name
    return f"{BASELINES[key].name} (baseline)" if key in BASELINES else key
