"""What an experiment is: parameters, what was measured, and when; read from what DVC prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from layerscope.errors import InputError

Params = Mapping[str, object]
_ELSEWHERE = ("train.", "comparisons.")  # sections that say nothing on a run
# How stages work rather than what they make: rounding is all that it changes.
_TECHNICAL = ("device", "compute.")
_UNREADABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class Experiment:
    """One set of parameters, as far as one run is concerned.

    Attributes
    ----------
    name : str
    revision : str
        Hash of the commit that holds it; empty for what has none.
    created : str
        ISO 8601, without time zone; empty where that is not known.
    params : mapping of str to object
        Dotted names to numbers, texts, or lists of them.
    metrics : mapping of str to float
        Dotted names, as in the run's ``metrics.json``.
    """

    name: str
    revision: str
    created: str
    params: Params = field(hash=False)
    metrics: Mapping[str, float] = field(hash=False)


def flatten(tree: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested mappings as one, with dotted names; lists stay as they are."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{before}{key}"
        flat |= flatten(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flat


def keep_of_run(params: Params, run: str) -> dict[str, object]:
    """The parameters without those of other runs; the run's own lose its name: ``sizes``."""
    own = f"runs.{run}."
    kept = {
        name.removeprefix(own): value
        for name, value in params.items()
        if name.startswith(own) or not name.startswith(("runs.", *_ELSEWHERE))
    }
    return drop_technical(kept)


def drop_technical(params: Params) -> dict[str, object]:
    """The parameters without those that say how stages work: device, scheduler, batches."""
    return {
        name: value
        for name, value in params.items()
        if not name.startswith(_TECHNICAL) and not name.endswith(".batch_size")
    }


def read_number(value: object) -> float | None:
    """A figure, or None for what is no number; True is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def read_metrics(tree: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a ``metrics.json``, by dotted name."""
    numbers = {name: read_number(value) for name, value in flatten(tree).items()}
    return {name: number for name, number in numbers.items() if number is not None}


def parse_experiments(shown: object, run: str) -> tuple[Experiment, ...]:
    """Experiments out of what ``dvc exp show --json`` prints (DVC 3.67).

    Those that wait, run or failed are left out; so are those that changed arrays of other runs and
    none of this one, whose parameters would seem to have no effect.

    Parameters
    ----------
    shown : object
        The parsed JSON: a list of commits, each with the experiments that began there.
    run : str

    Raises
    ------
    InputError
        Where it has another form.
    """
    try:
        found = []
        for commit in _as_list(shown):
            for each in commit.get("experiments") or []:
                data = each["revs"][0]["data"]
                if each.get("executor") or not data or not data.get("timestamp"):
                    continue
                if _says_something(data, commit.get("data") or {}, run):
                    found.append(_read_experiment(each, run))
        return tuple(found)
    except _UNREADABLE as error:
        raise InputError(
            f"`dvc exp show --json` answered in an unknown form ({type(error).__name__}); "
            "this version reads that of DVC 3"
        ) from error


def _as_list(shown: object) -> list[Any]:
    if not isinstance(shown, list):
        raise TypeError("no list of commits")
    return shown


def _read_experiment(each: Mapping[str, Any], run: str) -> Experiment:
    revision = each["revs"][0]["rev"]
    name = each.get("name") or revision[:7]
    data = each["revs"][0]["data"]
    if not all(isinstance(text, str) for text in (name, revision, data["timestamp"])):
        raise TypeError("name, revision and time must be texts")
    params = flatten(data["params"]["params.yaml"]["data"])
    metrics = data["metrics"].get(f"data/{run}/metrics.json", {}).get("data", {})
    return Experiment(
        name, revision, data["timestamp"], keep_of_run(params, run), read_metrics(metrics)
    )


def _says_something(data: Mapping[str, Any], before: Mapping[str, Any], run: str) -> bool:
    """Whether an experiment changed something of a run, or nothing of any."""
    changed = {
        path.split("/")[1]
        for kind in ("outs", "metrics")
        for path, value in data[kind].items()
        if path.startswith("data/") and _is_new(value, (before.get(kind) or {}).get(path))
    }
    return run in changed or not changed


def _is_new(value: Mapping[str, Any], before: object) -> bool:
    """Whether an output is there, and another than before; a stage that never ran has no hash."""
    return value != before and value.get("hash", "") is not None


def write_value(value: object) -> str:
    """A parameter's value as text: numbers without needless digits, lists with commas."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(write_value, value))
    return str(value)


def list_varied(experiments: Sequence[Experiment]) -> tuple[str, ...]:
    """Names of the parameters that are not the same in all experiments, in their order.

    One that some experiments do not have varies as well. Numbers are compared as numbers: 10 is 10.0.
    """
    names = dict.fromkeys(name for each in experiments for name in each.params)
    return tuple(
        name for name in names if len({write_value(e.params.get(name)) for e in experiments}) > 1
    )


def find_usual(experiments: Sequence[Experiment], names: Sequence[str]) -> dict[str, str]:
    """The value, as text, that most experiments have of each parameter; of equals the first."""
    return {
        name: Counter(write_value(e.params.get(name)) for e in experiments).most_common(1)[0][0]
        for name in names
        if experiments
    }


def list_changes(params: Params, usual: Mapping[str, str]) -> dict[str, str]:
    """What of some parameters is not as usual, with its value as text."""
    values = {name: write_value(params.get(name)) for name in usual}
    return {name: value for name, value in values.items() if value != usual[name]}


def list_differences(first: Params, second: Params) -> tuple[str, ...]:
    """Names of the parameters that two experiments do not have the same value of."""
    names = dict.fromkeys((*first, *second))
    return tuple(n for n in names if write_value(first.get(n)) != write_value(second.get(n)))


def is_repetition(first: Params, second: Params) -> bool:
    """Whether one embedding of some samples depends on nothing that differs but ``random_state``.

    Which other numbers of samples and other perplexities were computed as well does not count.
    """
    idle = ("sizes", "tsne.perplexity")
    differences = (name for name in list_differences(first, second) if name not in idle)
    return all(name.endswith("random_state") for name in differences)
