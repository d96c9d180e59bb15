"""How far a build is: written by the process that builds, read by pages."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from layerscope.storage.files import write_text

BUILDS = Path(".cache/build")
_STATE, _STOP, _TIMES = BUILDS / "state.json", BUILDS / "stop", BUILDS / "times.json"


@dataclass(frozen=True)
class BuildState:
    """How far a build is.

    Attributes
    ----------
    runs : tuple of str
    stage : str
        What is at work: ``umap@objects-vgg16_slim``, ``tsne@objects-vgg16_slim@30``.
    n_done, n : int
        Stages that are done, and all of this build.
    share : float
        Of the whole work, 0 to 1.
    left : float or None
        Seconds, an estimate from what the stages before took; None while that says nothing.
    pid, born : int, float
        The process that builds.
    problem : str
        Why it ended before its time.
    plan : tuple of str
        Its stages in order, as DVC calls them; those before `n_done` are done.
    """

    runs: tuple[str, ...]
    stage: str
    n_done: int
    n: int
    share: float
    left: float | None
    pid: int
    born: float
    problem: str = ""
    plan: tuple[str, ...] = ()

    @property
    def is_at_work(self) -> bool:
        """Whether the process is there still."""
        try:
            process = psutil.Process(self.pid)
            is_it = process.create_time() == self.born
            return is_it and not self.problem and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def tell(self) -> str:
        """What a user reads: stage, stages, share, time left."""
        if not self.n:
            return "finding out what is to be built"
        if not self.stage:
            return tell_count(self.n)
        stage, run, *setting = self.stage.split("@")
        stage = " ".join([stage, *setting])
        left = "" if self.left is None else f", {tell_seconds(self.left)} left"
        return f"{run}: {stage}, {self.n_done} of {self.n} stages, {self.share:.0%}{left}"

    def stop(self) -> None:
        """Ask the process to end; what is finished is kept."""
        write_text(_STOP, str(self.pid))

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to."""
        return is_stopped(self.pid)


def is_stopped(pid: int) -> bool:
    """Whether somebody has asked a process to end its build."""
    try:
        return _STOP.read_text(encoding="utf-8") == str(pid)
    except OSError:
        return False


def to_planned(said: str) -> str:
    """What DVC calls a stage: ``tsne@<run>-30`` where the stage says of itself ``tsne@<run>@30``."""
    name, _, rest = said.partition("@")
    return f"{name}@{rest.replace('@', '-')}" if rest else name


def name_stage(planned: str, run: str) -> str:
    """A stage of a run as people read it: ``tsne 30``."""
    name, _, rest = planned.partition("@")
    return f"{name} {rest.removeprefix(run).removeprefix('-')}".strip()


def read_times() -> dict[str, float]:
    """Seconds that stages took when they were built here the last time."""
    try:
        content = json.loads(_TIMES.read_text(encoding="utf-8"))
        return {str(stage): float(seconds) for stage, seconds in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_times(times: dict[str, float]) -> None:
    """Keep what `read_times` reads."""
    write_text(_TIMES, json.dumps(times))


def tell_count(n: int) -> str:
    """How many stages there are to run."""
    return f"{n} stage{'s' * (n != 1)} to run"


def tell_seconds(seconds: float) -> str:
    """A duration, as exactly as an estimate is worth: ``about 3 min``."""
    if seconds < 90:
        return f"about {max(5, round(seconds / 5) * 5)} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"


def write_state(state: BuildState) -> None:
    """Let pages of this project know."""
    BUILDS.mkdir(parents=True, exist_ok=True)
    write_text(_STATE, json.dumps(asdict(state)))


def read_state() -> BuildState | None:
    """The build that is under way, or was the last one; None where there was none, or it ended well."""
    try:
        content = json.loads(_STATE.read_text(encoding="utf-8"))
        lists = {name: tuple(content[name]) for name in ("runs", "plan")}
        return BuildState(**content | lists)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def forget_state() -> None:
    """What ended well is no news."""
    _STATE.unlink(missing_ok=True)
    _STOP.unlink(missing_ok=True)


_FIRST_LOOK = "-first-look"


def find_run(name: str, runs: Collection[str]) -> str:
    """The run that a first look is of; another name as it is."""
    run = name.removesuffix(_FIRST_LOOK)
    return run if name not in runs and run in runs else name


def first_look_of(run: str) -> str:
    """What the first look at a run is called: a run beside it, of a few samples, until the run is there."""
    return run + _FIRST_LOOK
