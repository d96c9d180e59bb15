"""Which runs a project has, and how far each is built."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from layerscope.params import read_params
from layerscope.storage.store import DATA
from projects.building import STAGES, locked, open_repo, plan_build, runs_of
from projects.state import BuildState, name_stage, read_state, read_times, to_planned


@dataclass(frozen=True)
class StageStatus:
    """A stage of a run.

    Attributes
    ----------
    name : str
        ``umap``, ``tsne 30``.
    state : str
        ``built``; ``not kept``: built, but what it made is not here, and is made again when it is needed;
        ``stale``: what it depends on has changed; ``missing``; ``running``; ``waiting`` for its turn;
        ``unknown`` while DVC is at work on others.
    n_bytes : int
        Of what it made, as far as it is here.
    seconds : float or None
        How long it took, where it was built by this project's builds.
    """

    name: str
    state: str
    n_bytes: int
    seconds: float | None


@dataclass(frozen=True)
class RunStatus:
    """A run and its stages, in the order in which they run."""

    name: str
    stages: tuple[StageStatus, ...]

    @property
    def n_bytes(self) -> int:
        return sum(stage.n_bytes for stage in self.stages)

    def count(self) -> Counter[str]:
        """Stages by state."""
        return Counter(stage.state for stage in self.stages)


def count_bytes(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 for nothing."""
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def list_statuses() -> list[RunStatus]:
    """All runs of the project in the working folder, as ``params.yaml`` has them.

    While a build is at work it has the repository for itself: other runs than its are not looked at.

    Raises
    ------
    InputError
        Where ``params.yaml`` or ``dvc.yaml`` cannot be read, or DVC is at work.
    """
    runs = read_params().runs
    state = read_state()
    at_work = state if state is not None and state.is_at_work else None
    times = read_times()
    found: dict[str, list[StageStatus]] = {run: [] for run in runs}
    unseen = {run: "unknown" if (DATA / run).exists() else "missing" for run in runs}

    def is_looked_at(run: str) -> bool:
        return at_work is None or (bool(at_work.plan) and run in (at_work.runs or runs))

    with open_repo() as repo, nullcontext() if at_work else locked(repo):
        stale = set() if at_work else set(plan_build(repo, ()).stale)
        for stage in repo.index.stages:
            planned = stage.addressing
            n_bytes = sum(count_bytes(Path(out.fs_path)) for out in stage.outs)
            is_there = any(out.exists for out in stage.outs)
            for run in runs_of(stage) & runs.keys():
                found[run].append(StageStatus(
                    name_stage(planned, run),
                    _find_state(planned in stale, is_there) if is_looked_at(run) else unseen[run],
                    n_bytes,
                    times.get(planned),
                ))  # fmt: skip
    statuses = [RunStatus(run, tuple(sorted(stages, key=_order))) for run, stages in found.items()]
    return follow(statuses, at_work)


def _find_state(is_stale: bool, is_there: bool) -> str:
    if is_stale:
        return "stale" if is_there else "missing"
    return "built" if is_there else "not kept"


def _order(stage: StageStatus) -> tuple[int, float]:
    """As they run; perplexities by their size."""
    name, _, setting = stage.name.partition(" ")
    try:
        number = float(setting or 0)
    except ValueError:
        number = 0.0
    return STAGES.index(name) if name in STAGES else len(STAGES), number


def follow(statuses: Sequence[RunStatus], build: BuildState | None) -> list[RunStatus]:
    """Statuses from the beginning of a build, as far as it is now."""
    if build is None or not build.is_at_work:
        return list(statuses)
    times, at = read_times(), to_planned(build.stage)

    def state_of(stage: StageStatus, place: int, planned: str) -> StageStatus:
        if planned == at:
            return replace(stage, state="running")
        if place < build.n_done:
            return replace(stage, state="built", seconds=times.get(planned))
        return replace(stage, state="waiting")

    followed = []
    for run in statuses:
        planned = {name_stage(each, run.name): (i, each) for i, each in enumerate(build.plan)}
        stages = (
            state_of(stage, *planned[stage.name]) if stage.name in planned else stage
            for stage in run.stages
        )
        followed.append(RunStatus(run.name, tuple(stages)))
    return followed


def describe_runs() -> Iterator[str]:
    """A line a run: name, sizes, bytes, state of its stages."""
    runs = read_params().runs
    if not runs:
        yield "no run yet: `layerscope open FOLDER` adds one"
        return
    state = read_state()
    wide = max(map(len, runs))
    for status in list_statuses():
        at_work = state is not None and state.is_at_work and status.name in state.runs
        stages = ", ".join(f"{n} {name}" for name, n in sorted(status.count().items()))
        yield (
            f"{status.name:{wide}}  {', '.join(map(str, runs[status.name].sizes))} samples  "
            f"{status.n_bytes / 1e6:,.1f} MB  {stages}"
            + (f"  (building: {state.tell()})" if at_work and state else "")
        )


def write_statuses() -> str:
    """What `list_statuses` finds, as JSON."""
    return json.dumps([asdict(status) for status in list_statuses()])


def parse_statuses(text: str) -> list[RunStatus]:
    """Read what `write_statuses` writes."""
    return [
        RunStatus(each["name"], tuple(StageStatus(**stage) for stage in each["stages"]))
        for each in json.loads(text)
    ]
