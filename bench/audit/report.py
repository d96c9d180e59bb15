"""Lines, and how they are told: by the point that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

OTHER = 0
POINTS = {
    OTHER: "What all else rests on",
    1: "Layers on one grid",
    2: "Nearest in the layer, not in its components",
    3: "Neighbours agree from a band of layers",
    4: "Intervals of the faithfulness benchmark",
    5: "Parts, and their area",
    6: "Random weights",
    7: "Deletion, insertion, complexity, the sum of Integrated Gradients",
    8: "A benchmark for the run that is looked at",
    9: "Similarity, and what it would be anyway",
    10: "Clumps of a t-SNE",
    11: "How much a layout keeps",
    12: "The sweep that comes along",
    13: "Selectivity, F1 and AUC with their chance and intervals",
    14: "The networks of the rendered sets",
    15: "The network of Imagenette",
}


@dataclass(frozen=True)
class Line:
    """One figure.

    Attributes
    ----------
    point : int
        Of `POINTS`.
    what : str
    former, now : str
        As it would have been said, and as it is said; either may be empty.
    difference : float or None
        The largest between stored and recomputed; None where nothing is stored.
    by : str
        Who recomputed it.
    """

    point: int
    what: str
    former: str = ""
    now: str = ""
    difference: float | None = None
    by: str = ""


def tell(title: str, lines: Iterable[Line]) -> Iterator[str]:
    """Lines of Markdown: a table for each point."""
    by_point: dict[int, list[Line]] = {}
    for line in lines:
        by_point.setdefault(line.point, []).append(line)
    yield f"\n## {title}"
    for point, its_lines in sorted(by_point.items()):
        yield f"\n### {f'{point}. ' if point else ''}{POINTS[point]}\n"
        yield "| figure | formerly | now | largest difference | by |"
        yield "| --- | --- | --- | --- | --- |"
        for each in its_lines:
            apart = "" if each.difference is None else f"{each.difference:.2g}"
            yield f"| {each.what} | {each.former} | {each.now} | {apart} | {each.by} |"


def farthest(stored: Iterable[float], found: Iterable[float]) -> float:
    """The largest difference of pairs; what neither has is none, what one of them lacks is infinite."""
    apart = [0.0]
    for one, other in zip(stored, found, strict=True):
        lacking = (one != one) + (other != other)
        apart.append({0: abs(one - other), 1: float("inf"), 2: 0.0}[lacking])
    return max(apart)
