"""``python -m bench.audit [RUN ...] [--part PART ...] [--half]``: see the package."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator

import bench.audit
from bench.audit.benchmark_table import audit_table
from bench.audit.channels import audit_maps, audit_selectivity
from bench.audit.coverage import audit_coverage
from bench.audit.faithfulness import audit_integral, audit_pointing, audit_saliency
from bench.audit.kept import audit_sweeps, audit_trainings
from bench.audit.layers import audit_grids, audit_layers, audit_neighbors
from bench.audit.layouts import audit_clumps, audit_divergence, audit_layouts
from bench.audit.predictions import audit_areas, audit_cams, audit_predictions, audit_scores
from bench.audit.report import OTHER, Line, tell
from bench.audit.similarity import audit_similarity
from bench.audit.subject import Subject
from bench.audit.truth import audit_truth
from layerscope.errors import InputError
from layerscope.params import Params, read_params

# By name: what is asked of a run, and which point it is about where it cannot be answered.
PARTS: dict[str, tuple[tuple[Callable[[Subject], Iterator[Line]], int], ...]] = {
    "layers": ((audit_layers, OTHER), (audit_grids, 1), (audit_neighbors, 2)),
    "layouts": ((audit_layouts, 11), (audit_divergence, 11), (audit_clumps, 10)),
    "predictions": ((audit_predictions, OTHER), (audit_scores, 13), (audit_areas, 13), (audit_cams, OTHER)),
    "channels": ((audit_selectivity, 13), (audit_maps, 14)),
    "similarity": ((audit_similarity, 9),),
    "faithfulness": (
        (audit_table, 4), (audit_truth, 5), (audit_saliency, 6), (audit_integral, 7), (audit_pointing, 8),
    ),
}  # fmt: skip
BESIDE: dict[str, tuple[Callable[[], Iterator[Line]], ...]] = {
    "coverage": (audit_coverage,),
    "kept": (audit_sweeps, audit_trainings),
}
_MANY = {"layers", "layouts", "predictions", "channels"}  # ask for many layers


def ask(name: str, point: int, lines: Iterator[Line]) -> Iterator[Line]:
    """Lines, and the reason where there are no more; seconds go to the terminal."""
    start = time.perf_counter()
    try:
        yield from lines
    except InputError as error:
        yield Line(point, f"left out: {error}")
    print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)


def audit_run(run: str, parts: list[str], params: Params, half: bool) -> Iterator[Line]:
    """All that is asked of a run."""
    try:
        subject = Subject(run, params, half)
    except InputError as error:
        yield Line(OTHER, f"left out: {error}")
        return
    start = time.perf_counter()
    if _MANY & set(parts):
        subject.prepare()
        print(
            f"{run}: layers of {subject.size} samples, {time.perf_counter() - start:.0f} s",
            file=sys.stderr,
        )
    for part in parts:
        for audit, point in PARTS[part]:
            yield from ask(f"{run}: {audit.__name__}", point, audit(subject))


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.audit", description=str(bench.audit.__doc__).splitlines()[0]
    )
    parser.add_argument("run", nargs="*", help="runs of params.yaml; all by default")
    parser.add_argument(
        "--part", nargs="+", action="extend", choices=[*BESIDE, *PARTS], help="all by default"
    )
    parser.add_argument(
        "--half", action="store_true", help="round layers to float16, as they are stored"
    )
    params = read_params()
    arguments = parser.parse_args()
    parts = arguments.part or [*BESIDE, *PARTS]
    beside = [each for part in BESIDE if part in parts for each in BESIDE[part]]
    if beside:
        lines = [line for each in beside for line in ask(each.__name__, OTHER, each())]
        print("\n".join(tell("Beside runs", lines)), flush=True)
    asked = [part for part in PARTS if part in parts]
    for run in (arguments.run or params.runs) if asked else ():
        print("\n".join(tell(run, audit_run(run, asked, params, arguments.half))), flush=True)


if __name__ == "__main__":
    main()
