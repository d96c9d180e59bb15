"""What is kept beside runs: the sweep that comes along, and what trainings left."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from bench.audit.report import Line
from bench.projects import ROOT

_FORMER = "tsne-30"  # the embedding whose figures all rows showed


def audit_sweeps() -> Iterator[Line]:
    """How many experiments of a sweep show what its base shows."""
    for path in sorted((ROOT / "experiments").glob("*.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))["experiments"]
        base = rows[0]["metrics"]
        others = [each["metrics"] for each in rows[1:]]
        shown = sum(
            all(each.get(k) == v for k, v in base.items() if _FORMER in k) for each in others
        )
        alike = sum(each == base for each in others)
        former, now = (f"{n} of {len(others)}" for n in (shown, alike))
        what = f"rows of {path.stem} with the base's figures: of {_FORMER}, and of all"
        yield Line(12, what, former, now, by="plain Python")


def audit_trainings() -> Iterator[Line]:
    """First and last epoch, and what the kept network reached."""
    for path in sorted((ROOT / "weights").glob("*/history.csv")):
        rows = read(path)
        best = max(rows, key=lambda row: float(row["val_accuracy"]))
        told = (
            f"epochs {rows[0]['epoch']} to {rows[-1]['epoch']}, validation accuracy "
            f"{float(rows[-1]['val_accuracy']):.3f} at the end, {float(best['val_accuracy']):.3f} at best"
        )
        yield Line(
            15 if path.parent.name == "imagenette" else 14,
            f"history of {path.parent.name}",
            now=told,
        )


def read(path: Path) -> list[dict[str, str]]:
    """A table's rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
