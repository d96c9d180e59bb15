"""Build what is missing or stale of a project with DVC, and tell how far it is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from layerscope.errors import InputError
from layerscope.progress import REPORT
from projects.state import (
    BUILDS,
    BuildState,
    forget_state,
    is_stopped,
    read_state,
    read_times,
    tell_count,
    tell_seconds,
    to_planned,
    write_state,
    write_times,
)

if TYPE_CHECKING:
    from dvc.output import Output
    from dvc.repo import Repo
    from dvc.stage import PipelineStage

_LINES, LOG = BUILDS / "progress", BUILDS / "build.log"
_LOOK = 0.25  # seconds between two looks at what stages have said
STAGES = (  # of a run by itself, in order
    "prepare", "predict", "activations", "pca", "neighbors", "tsne", "umap", "densmap", "pacmap", "cam",
    "channels", "metrics",
)  # fmt: skip
_SHARES = {  # seconds that stages took of 7,000 photographs through `vgg16_slim`: see docs/photographs.md
    "prepare": 72, "predict": 117, "activations": 165, "pca": 298, "neighbors": 53, "tsne": 265, "umap": 654,
    "densmap": 300, "pacmap": 200, "cam": 276, "channels": 204, "metrics": 211, "similarity": 120,
    "faithfulness": 900,
}  # fmt: skip
_USUAL = 100  # of a stage that somebody has added


class Stopped(InputError):
    """Somebody asked for it."""


@dataclass(frozen=True)
class Plan:
    """Stages to run, in order.

    Attributes
    ----------
    lost : tuple of str
        Up to date, but what they made is not here, and a stage of `stale` reads it.
    stale : tuple of str
        Never run, or what they depend on has changed.
    """

    lost: tuple[str, ...]
    stale: tuple[str, ...]

    @property
    def stages(self) -> tuple[str, ...]:
        return self.lost + self.stale


def open_repo() -> Repo:
    """The DVC repository of the folder, with or without git."""
    from dvc.repo import Repo

    is_tracked = Path(".dvc/config").is_file() and Path(".git").exists()
    return Repo(config={} if is_tracked else {"core": {"no_scm": True}})


@contextmanager
def locked(repo: Repo) -> Iterator[None]:
    """The repository for oneself. Raises `InputError` where somebody else has it, or it cannot be read."""
    from dvc.exceptions import DvcException
    from dvc.lock import LockError

    try:
        with repo.lock:
            yield
    except LockError:
        raise InputError(f"{Path.cwd()}: DVC is at work here; wait until it is done") from None
    except DvcException as error:
        raise InputError(f"{Path.cwd()}: {' '.join(str(error).split())}") from None


def plan_build(repo: Repo, runs: Sequence[str], last: str = "") -> Plan:
    """What a build of some runs has to do.

    Parameters
    ----------
    repo : Repo
    runs : sequence of str
        As ``params.yaml`` has them; none for everything in it.
    last : str
        A stage, ``metrics``: of the runs it alone, and what it needs. All of theirs without.

    Returns
    -------
    Plan
        Stages behind a stale one count as stale: what it makes may turn out to be the same.
    """
    import networkx

    graph = repo.index.graph
    ordered = [stage for stage in networkx.dfs_postorder_nodes(graph) if not stage.frozen]
    if runs:
        wanted = [
            stage
            for stage in ordered
            if set(runs) & runs_of(stage) and last in ("", stage.addressing.partition("@")[0])
        ]
        needed = set(wanted).union(*(networkx.descendants(graph, stage) for stage in wanted))
        ordered = [stage for stage in ordered if stage in needed]
    stale: list[PipelineStage] = []
    for stage in ordered:
        if not set(graph.successors(stage)).isdisjoint(stale) or stage.changed(allow_missing=True):
            stale.append(stage)
    lost: set[PipelineStage] = set()
    waiting = list(stale)
    while waiting:
        stage = waiting.pop()
        for maker in graph.successors(stage):
            made = {out.fs_path for out in maker.outs}
            is_read = any(
                dep.fs_path in made or any(path.startswith(dep.fs_path + os.sep) for path in made)
                for dep in stage.deps
                if not dep.exists
            )
            if is_read and maker not in stale and maker not in lost:
                lost.add(maker)
                waiting.append(maker)
    return Plan(
        tuple(stage.addressing for stage in ordered if stage in lost),
        tuple(stage.addressing for stage in stale),
    )


def fetch(repo: Repo, out: Output) -> None:
    """Bring an output from the cache or the remote, where it is there; the repository must be locked.

    `Repo.pull` would read ``dvc.lock`` anew for each.
    """
    if out.can_push and repo.config["core"].get("remote"):
        for database, objects in out.get_used_objs().items():
            repo.cloud.pull(objects, odb=database)
    if not out.changed_cache():  # of all its files
        out.checkout()


def runs_of(stage: PipelineStage) -> set[str]:
    """The runs that a stage makes something of: the first names below ``data`` in its outputs."""
    parts = [Path(out.def_path).parts for out in stage.outs]
    return {part[1] for part in parts if part[0] == "data" and part[1] != "similarity"}


def tell_plan(plan: Plan) -> str:
    """One line: how much there is to do, and how long that took the last time, where it is known."""
    if not plan.stages:
        return "everything is built"
    again = f", {len(plan.lost)} of them again, as what they made is not kept" if plan.lost else ""
    times = read_times()
    known = [times.get(stage) for stage in plan.stages]
    took = "" if None in known else f"; {tell_seconds(sum(filter(None, known)))}, as the last time"
    return f"{tell_count(len(plan.stages))}{again}{took}"


def announce(runs: Sequence[str], doing: str = "", pid: int | None = None) -> None:
    """Tell pages what is done to runs before they are built, by this process or another."""
    process = psutil.Process(pid)
    stage, n = (f"{doing}@{runs[0]}", 1) if doing else ("", 0)
    write_state(BuildState(tuple(runs), stage, 0, n, 0.0, None, process.pid, process.create_time()))


def refuse_second() -> None:
    """Raise `InputError` where a build is at work in this folder."""
    state = read_state()
    if state and state.is_at_work and state.pid != os.getpid():
        raise InputError(
            f"{Path.cwd()}: another build is at work here (process {state.pid}); wait for it, or end it"
        )


@dataclass
class _Follower:
    """Sums up what stages say of themselves."""

    plan: Plan
    runs: tuple[str, ...]
    show: Callable[[BuildState], object]
    begun: float = field(default_factory=time.monotonic)
    done: dict[str, float] = field(default_factory=dict)  # shares of stages that are over
    at: str = ""
    since: float = 0.0  # when it began
    part: float = 0.0  # of the stage at work
    read: int = 0

    def look(self) -> None:
        """Read new lines, and tell."""
        try:
            with _LINES.open("rb") as file:
                file.seek(self.read)
                content = file.read()
        except FileNotFoundError:
            return
        whole = content[: content.rfind(b"\n") + 1]
        if not whole:
            return
        self.read += len(whole)
        for line in whole.splitlines():
            self._take(json.loads(line))
        state = self.state()
        write_state(state)
        self.show(state)

    def _take(self, said: dict[str, str | int]) -> None:
        if "stage" in said:
            self.finish()
            self.at, self.part, self.since = str(said["stage"]), 0.0, time.monotonic()
        elif said["of"]:
            self.part = max(self.part, int(said["done"]) / int(said["of"]))

    def finish(self) -> None:
        """The stage at work is over."""
        if self.at:
            self.done[self.at] = share_of(self.at)
            write_times(read_times() | {to_planned(self.at): time.monotonic() - self.since})

    def state(self) -> BuildState:
        """What is known now."""
        whole = sum(map(share_of, self.plan.stages))
        done = sum(self.done.values()) + self.part * (share_of(self.at) if self.at else 0)
        share = min(done / whole, 1.0) if whole else 0.0
        passed = time.monotonic() - self.begun
        process = psutil.Process()
        return BuildState(
            self.runs,
            self.at,
            len(self.done),
            len(self.plan.stages),
            share,
            passed / share * (1 - share) if share > 0.05 else None,
            process.pid,
            process.create_time(),
            plan=self.plan.stages,
        )


def share_of(stage: str) -> float:
    return _SHARES.get(stage.partition("@")[0], _USUAL)


def build(
    runs: Sequence[str],
    show: Callable[[BuildState], object],
    tell: Callable[[str], object],
    first: Callable[[], object] | None = None,
) -> None:
    """Bring runs of the project in the working folder up to date.

    What fails, or is interrupted, keeps the stages that are finished, and gives the one at work back what it
    had made before.

    Parameters
    ----------
    runs : sequence of str
        None of them for everything.
    show : callable
        Given the state several times a second.
    tell : callable
        Given lines for the user: what is to be done, before it is.
    first : callable, optional
        Called before anything else is done.

    Raises
    ------
    InputError
        In one line where a stage refuses, or another build is at work.
    """
    refuse_second()
    with announced(runs):
        if first is not None:
            first()
            announce(runs)
        plan = find_plan(runs)
        tell(tell_plan(plan))
        if plan.stages:
            run_plan(plan, runs, show)
            tell("built")


@contextmanager
def announced(runs: Sequence[str]) -> Iterator[None]:
    """Work on runs, told to pages; what ends it early stays told, but where somebody asked for it."""
    announce(runs)
    try:
        yield
    except Stopped:
        forget_state()
        raise
    except BaseException as error:
        problem = str(error) if isinstance(error, InputError) else "interrupted"
        if state := read_state():
            write_state(replace(state, problem=problem))
        raise
    forget_state()


def find_plan(runs: Sequence[str], last: str = "") -> Plan:
    """`plan_build` in the working folder, once what is lost here and kept elsewhere has been brought."""
    with open_repo() as repo, locked(repo):
        plan = plan_build(repo, runs, last)
        stages = [each for stage in plan.lost for each in repo.stage.collect(stage)]
        away = [out for stage in stages for out in stage.outs if not out.exists]
        for out in away:
            fetch(repo, out)
        return plan_build(repo, runs, last) if any(out.exists for out in away) else plan


def run_plan(plan: Plan, runs: Sequence[str], show: Callable[[BuildState], object]) -> None:
    """Run the stages of a plan; parameters and errors as of `build`."""
    _LINES.unlink(missing_ok=True)
    BUILDS.mkdir(parents=True, exist_ok=True)
    LOG.write_bytes(b"")
    follower = _Follower(plan, tuple(runs), show)
    write_state(follower.state())
    try:
        if plan.lost:
            _repro(["--single-item", "--force", *plan.lost], follower)
        if plan.stale:
            _repro(["--single-item", *plan.stale], follower)
    except BaseException:
        follower.look()
        _give_back(to_planned(follower.at))
        raise
    follower.finish()


def _repro(arguments: Sequence[str], follower: _Follower) -> None:
    """Run ``dvc repro``; what it says goes to the log, and its last error is raised."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, REPORT: str(_LINES.absolute()), "PYTHONUTF8": "1"}
    start = LOG.stat().st_size
    with LOG.open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "dvc", "repro", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # Ctrl-C reaches it by the line below, once
        )
        try:
            while True:
                try:
                    child.wait(_LOOK)
                    break
                except subprocess.TimeoutExpired:
                    follower.look()
                    if is_stopped(os.getpid()):
                        raise Stopped(
                            "stopped; what is finished is kept, and a build goes on from there"
                        ) from None
        except BaseException:
            os.killpg(child.pid, signal.SIGINT)
            child.wait()
            raise
    follower.look()
    if child.returncode:
        raise InputError(_find_error(LOG.read_bytes()[start:].decode(errors="replace")))


def _find_error(said: str) -> str:
    """The line that says why: of the stage, else of DVC."""
    lines = [line.strip() for line in said.replace("\r", "\n").splitlines()]
    own = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    dvc = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (own or dvc or [f"a stage ended; {LOG} has what it said"])[-1]


def _give_back(stage: str) -> None:
    """Check out again what a stage had made before, where it is kept."""
    try:
        with open_repo() as repo, locked(repo):
            for each in repo.stage.collect(stage) if stage else ():
                for out in each.outs:
                    if not out.exists and out.hash_info:
                        out.checkout(allow_missing=True)
    except (InputError, OSError):
        pass  # it was not kept: the next build makes it
