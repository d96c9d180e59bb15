"""Two sides beside each other: medians, ratios, floors, memory, bytes and quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np

from bench.measured import Measured
from bench.quality import FIGURES

SIDES = ("recipe", "ours")
RUNNING = "running"  # ours, on workers that are there already and have imported what they need
PHASES = ("forward", "PCA", "t-SNE")
ALL = "all"
Row = dict[str, Any]


def compare(measured: Mapping[str, Sequence[Measured]], floors: Mapping[str, float]) -> list[Row]:
    """Rows of the table.

    Parameters
    ----------
    measured : mapping
        By side, a repeat each.
    floors : mapping
        Seconds of pure arithmetic by phase, where a phase has a floor.
    """
    rows: list[Row] = []
    for phase in (*PHASES, ALL):
        sides = {
            side: median(each.total if phase == ALL else each.seconds[phase] for each in repeats)
            for side, repeats in measured.items()
        }
        row = _row(phase, "s", sides)
        if phase in floors:
            row["floor"] = floors[phase]
        rows.append(row)
    for name, unit, of in (
        ("processor time", "s", lambda each: each.processor_seconds),
        ("peak memory", "MB", lambda each: each.peak_mb),
        ("stored", "MB", lambda each: each.bytes / 2**20),
    ):
        sides = {side: median(of(each) for each in repeats) for side, repeats in measured.items()}
        rows.append(_row(name, unit, sides))
    return rows


def compare_quality(measured: Mapping[str, Sequence[Measured]]) -> list[Row]:
    """Means over layers by figure and perplexity, and the layer where ours is behind the most.

    ``least`` is by how much ours is better there: negative where the recipe is. Both sides' rows are of
    the same layers in the same order.
    """
    usual, own = ([row for each in measured[side] for row in each.quality] for side in SIDES)
    rows: list[Row] = []
    for figure, sign in FIGURES.items():
        for perplexity in dict.fromkeys(row["perplexity"] for row in usual):
            pairs = [
                (one, other)
                for one, other in zip(usual, own, strict=True)
                if one["perplexity"] == perplexity
            ]
            gains = [sign * (other[figure] - one[figure]) for one, other in pairs]
            at = int(np.argmin(gains))
            rows.append(
                {
                    "measure": figure,
                    "perplexity": perplexity,
                    "recipe": float(np.mean([one[figure] for one, _ in pairs])),
                    "ours": float(np.mean([other[figure] for _, other in pairs])),
                    "least": gains[at],
                    "least_layer": pairs[at][0]["layer"],
                }
            )
    return rows


def _row(name: str, unit: str, sides: Mapping[str, float]) -> Row:
    ratios = {
        "ratio" if side == "ours" else f"ratio_{side}": sides["recipe"] / value
        if value
        else float("inf")
        for side, value in sides.items()
        if side != "recipe"
    }
    return {"measure": name, "unit": unit, **sides, **ratios}


def list_parts(measured: Mapping[str, Sequence[Measured]]) -> dict[str, dict[str, float]]:
    """Median seconds of what each side's phases consist of."""
    return {
        side: {part: median(each.stages[part] for each in repeats) for part in repeats[0].stages}
        for side, repeats in measured.items()
    }


def write_rows(rows: Sequence[Row]) -> str:
    """The table of what `compare` found, as text."""
    lines = [
        f"{'':26} {'recipe':>10} {'ours':>10} {'ratio':>8} {RUNNING:>10} {'ratio':>8} {'floor':>9}"
    ]
    for row in rows:
        name = f"{row['measure']}, {row['unit']}"
        found = f"{row['recipe']:10.2f} {row['ours']:10.2f} {row['ratio']:8.1f}"
        more = " " * 20
        if RUNNING in row:
            more = f" {row[RUNNING]:10.2f} {row[f'ratio_{RUNNING}']:8.1f}"
        floor = f" {row['floor']:9.2f}" if "floor" in row else ""
        lines.append(f"{name:26} {found}{more}{floor}".rstrip())
    return "\n".join(lines)


def write_quality(rows: Sequence[Row]) -> str:
    """The table of what `compare_quality` found, as text."""
    lines = [f"{'':26} {'recipe':>10} {'ours':>10} {'least gain':>11}  of"]
    for row in rows:
        name = f"{row['measure']}, {row['perplexity']:g}"
        sides = " ".join(f"{row[side]:10.4f}" for side in SIDES)
        lines.append(f"{name:26} {sides} {row['least']:11.4f}  {row['least_layer']}")
    return "\n".join(lines)
