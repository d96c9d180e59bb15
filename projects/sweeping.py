"""A sweep: one run under other parameters, each an experiment of DVC, computed beside the workspace.

`dvc exp run`, with ``--temp`` as well, stashes what the workspace has changed and puts it back later: what is
interrupted meanwhile stays stashed. Here a copy of the workspace is built, and only git's references are
added to.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from layerscope.datasets.registry import DEFAULT_ROOT, ROOT_VARIABLE
from layerscope.errors import InputError
from layerscope.experiments.repository import call, is_repository
from layerscope.names import check_name
from layerscope.params import PARAMS, parse_params, read_params
from layerscope.storage.store import DATA
from projects.building import (
    LOG,
    Plan,
    announce,
    find_plan,
    open_repo,
    refuse_second,
    run_plan,
    share_of,
)
from projects.folder import STAGES, format_yaml, open_yaml
from projects.state import BuildState, name_stage, tell_count

_SWEEP = Path(".cache/sweep")  # removed when the sweep ends
# As deep as pictures may lie outside, by their relative path.
_COPY = _SWEEP / "up/up/up/up/up/up/workspace"
_LOCK = Path("dvc.lock")
_LAST = "metrics"  # what experiments are compared by; all stages that it needs run, and no other
# Where git knows no one.
_NOBODY = {"user.name": "Layerscope", "user.email": "layerscope@localhost"}
_WAIT = 60.0  # seconds for a command of git


@dataclass(frozen=True)
class Trial:
    """What becomes an experiment: its name, and settings as ``tsne.perplexity=[5,50]``."""

    name: str
    settings: tuple[str, ...]


@dataclass(frozen=True)
class _Work:
    """What a trial has to do, and which of it no trial before it does: by what makes it what it is."""

    trial: Trial
    plan: Plan
    new: dict[Hashable, float]


def list_trials(run: str, settings: Sequence[str], name: str | None = None) -> list[Trial]:
    """The product of all values that settings name.

    Parameters
    ----------
    run : str
    settings : sequence of str
        ``key=value`` or ``key=value,value``, in Hydra's grammar, as ``dvc exp run -S`` takes them.
    name : str, optional
        Of the experiment; of several, its beginning. Else they are called by the run and their settings.

    Raises
    ------
    InputError
        Where a setting cannot be read, or two would have the same name.
    """
    from dvc.exceptions import DvcException
    from dvc.utils.hydra import get_hydra_sweeps
    from hydra.errors import HydraException

    try:
        found = [each[str(PARAMS)] for each in get_hydra_sweeps({str(PARAMS): list(settings)})]
    except (DvcException, HydraException) as error:
        raise InputError(f"-S {' '.join(settings)}: {_first_line(error)}") from None
    if name is not None:
        ends = [f"-{number}" for number in range(1, len(found) + 1)] if len(found) > 1 else [""]
        return _check(
            [Trial(name + end, tuple(each)) for end, each in zip(ends, found, strict=True)]
        )
    return _check([Trial(_name_trial(run, each), tuple(each)) for each in found])


def read_trials(path: Path, settings: Sequence[str]) -> list[Trial]:
    """Trials of a file, a line each: a name, then settings, which go before those of all."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return _check(
        [Trial(each[0], (*settings, *each[1:])) for line in lines if (each := line.split())]
    )


def _name_trial(run: str, settings: Sequence[str]) -> str:
    own = [re.sub(r"[^A-Za-z0-9._]+", "-", each.removeprefix(f"runs.{run}.")) for each in settings]
    return "-".join([run, *(each.strip("-.") for each in own)])[:100]


def _check(trials: list[Trial]) -> list[Trial]:
    for trial in trials:
        check_name(trial.name, "experiment")
    names = [trial.name for trial in trials]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two experiments would be called {name}; name them with --name")
    return trials


def _first_line(error: BaseException) -> str:
    """What Hydra says, of an error of DVC's as well."""
    return str(error.__cause__ or error).splitlines()[0]


def sweep(
    run: str,
    trials: Sequence[Trial],
    show: Callable[[BuildState], object],
    tell: Callable[[str], object],
) -> None:
    """Compute experiments of a run of the project in the working folder, which stays as it is.

    Each takes what the workspace has at the beginning, changes not yet committed included. Those that are
    finished are kept, whatever happens to the others; those that are there already are not computed again.

    Parameters
    ----------
    run : str
    trials : sequence of Trial
    show, tell : callable
        As of `build`.

    Raises
    ------
    InputError
        Where git is not there, a setting is refused or read by no stage, an experiment of a name is another
        one, or, once the others are computed, where a stage refused.
    """
    read_params().run(run)
    with _copying(run) as copy:
        works, kept = [], 0
        for trial in trials:
            copy.set(trial)
            if copy.has(trial):
                kept += 1
            else:
                works.append(copy.examine(trial, {key for work in works for key in work.new}))
        tell(_tell_works(run, works, kept))
        for work in works:
            tell(f"  {work.trial.name}: {_tell_stages(work)}")
        _compute(copy, works, _Bar(run, works, show), tell)


def _tell_works(run: str, works: Sequence[_Work], kept: int) -> str:
    count = f"{len(works) + kept} experiment{'s' * (len(works) + kept != 1)} of {run}"
    there = f", {kept} of them there already" if kept else ""
    lost = ", ".join(name_stage(stage, run) for stage in _list_lost(works))
    return f"{count}{there}" + (f"; first, for all, as they are not kept: {lost}" if lost else "")


def _tell_stages(work: _Work) -> str:
    new = len(work.new)
    shared = len(work.plan.stale) - new
    return tell_count(new) + (f", {shared} as in one before" if shared else "")


def _list_lost(works: Sequence[_Work]) -> tuple[str, ...]:
    """What all trials together read and is not kept, in order."""
    return tuple(dict.fromkeys(stage for work in works for stage in work.plan.lost))


def _compute(copy: _Copy, works: Sequence[_Work], bar: _Bar, tell: Callable[[str], object]) -> None:
    if lost := _list_lost(works):
        copy.restore()
        run_plan(Plan(lost, ()), [copy.run], bar.of(copy.run, lost))
        copy.lock = _LOCK.read_bytes()
    problems: dict[str, list[str]] = {}
    for work in works:
        copy.set(work.trial)
        shutil.rmtree(DATA / copy.run, ignore_errors=True)  # of the trial before
        plan = find_plan([copy.run], _LAST)
        try:
            run_plan(plan, [copy.run], bar.of(work.trial.name, plan.stages, work))
        except InputError as error:
            problems.setdefault(str(error), []).append(work.trial.name)
            tell(f"  {work.trial.name}: {error}")
            continue
        copy.keep(work.trial)
    if problems:
        told = [f"{', '.join(names)}: {problem}" for problem, names in problems.items()]
        raise InputError("; ".join(told))


class _Bar:
    """One bar over all that a sweep does."""

    def __init__(
        self, run: str, works: Sequence[_Work], show: Callable[[BuildState], object]
    ) -> None:
        lost = _list_lost(works)
        self.run, self.show = run, show
        self.n = len(lost) + sum(len(work.new) for work in works)
        self.whole = sum(map(share_of, lost)) + sum(sum(work.new.values()) for work in works)
        self.n_before, self.before, self.begun = 0, 0.0, time.monotonic()

    def of(
        self, name: str, stages: Sequence[str], work: _Work | None = None
    ) -> Callable[[BuildState], object]:
        """What shows the states of one build among them: the share of the whole, for that of its stages."""
        own = sum(map(share_of, stages))
        new = sum(work.new.values()) if work else own
        n_before, before = self.n_before, self.before
        self.n_before += len(work.new) if work else len(stages)
        self.before += new

        def show(state: BuildState) -> None:
            share = min(1.0, (before + min(new, state.share * own)) / self.whole)
            passed = time.monotonic() - self.begun
            self.show(replace(
                state,
                stage=state.stage.replace(f"@{self.run}", f"@{name}", 1),
                n_done=n_before + state.n_done,
                n=self.n,
                share=share,
                left=passed / share * (1 - share) if share > 0.05 else None,
            ))  # fmt: skip

        return show


@dataclass
class _Copy:
    """A copy of the workspace, in which this process works."""

    run: str
    workspace: Path
    folder: Path
    head: str
    params: bytes  # as the workspace has them
    lock: bytes

    def restore(self) -> None:
        """Parameters, and what is known to be built, as in the beginning."""
        PARAMS.write_bytes(self.params)
        if self.lock:
            _LOCK.write_bytes(self.lock)
        else:
            _LOCK.unlink(missing_ok=True)

    def set(self, trial: Trial) -> None:
        """Give it the trial's parameters. Raises `InputError` where they are refused."""
        from dvc.exceptions import DvcException
        from dvc.utils.hydra import apply_overrides

        self.restore()
        try:
            for setting in trial.settings:  # one by one: a later one goes before
                apply_overrides(str(PARAMS), [setting])
        except DvcException as error:
            raise InputError(f"-S {setting}: {_first_line(error)}") from None
        content = open_yaml().load(self.params.decode())
        _merge(content, YAML(typ="safe").load(PARAMS))  # DVC has laid the file out in its own way
        PARAMS.write_text(format_yaml(content), encoding="utf-8")
        parse_params(PARAMS.read_bytes()).run(self.run)

    def has(self, trial: Trial) -> bool:
        """Whether the experiment is there. Raises `InputError` where another one has its name."""
        ref = self._name_ref(trial)
        there = _git("for-each-ref", "--format=%(objectname)", ref, folder=self.workspace)
        if not there:
            return False
        same_code = not _git("diff", "--name-only", there, "--", ".", f":!{_LOCK}")
        if same_code and _git("log", "-1", "--format=%s", there) == self._title(trial):
            return True
        raise InputError(
            f"experiment {trial.name}: there already, of other settings or other code; choose another "
            f"--name, or `dvc exp remove {trial.name}` first"
        )

    def examine(self, trial: Trial, known: set[Hashable]) -> _Work:
        """What has to be done for a trial, but for what is `known`."""
        import networkx
        from dvc.dependency import ParamsDependency
        from dvc.utils.hydra import to_hydra_overrides

        plan = find_plan([self.run], _LAST)
        read: set[str] = set()
        works: dict[str, Hashable] = {}
        with open_repo() as repo:
            graph = repo.index.graph
            (last,) = repo.stage.collect(f"{_LAST}@{self.run}")
            for stage in networkx.dfs_postorder_nodes(graph, last):
                params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
                read |= {name for dep in params for name in dep.params}
                if stage.addressing in plan.stale:
                    values = repr([dep.read_params() for dep in params])
                    before = [works[each.addressing] for each in graph.successors(stage)
                              if each.addressing in works]  # fmt: skip
                    works[stage.addressing] = (stage.addressing, values, frozenset(before))
        for setting in trial.settings:
            key = to_hydra_overrides([setting])[0].key_or_group
            if not any(f"{key}.".startswith(f"{n}.") or n.startswith(f"{key}.") for n in read):
                raise InputError(f"-S {setting}: no stage up to {_LAST} of {self.run} reads {key}")
        new = {works[name]: share_of(name) for name in plan.stale if works[name] not in known}
        return _Work(trial, plan, new)

    def keep(self, trial: Trial) -> None:
        """Make what has been built the experiment: a commit on the workspace's, where DVC looks for it."""
        _git("add", "--update", ".")
        _git("add", "--force", str(_LOCK))
        commit = _git("commit-tree", _git("write-tree"), "-p", self.head, "-m", self._title(trial))
        ref = self._name_ref(trial)
        _git("update-ref", ref, commit)
        _git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", str(self.folder), f"{ref}:{ref}",
             folder=self.workspace)  # fmt: skip

    def _name_ref(self, trial: Trial) -> str:
        return f"refs/exps/{self.head[:2]}/{self.head[2:]}/{trial.name}"

    def _title(self, trial: Trial) -> str:
        return f"{self.run}: {' '.join(trial.settings)}".strip()


def _merge(there: Any, wanted: Any) -> None:
    """Make a mapping what another one is; what is the same keeps its place, its comments and its form."""
    for key in [key for key in there if key not in wanted]:
        del there[key]
    for key, value in wanted.items():
        if isinstance(value, dict) and isinstance(there.get(key), dict):
            _merge(there[key], value)
        elif key not in there or there[key] != value:
            there[key] = CommentedSeq(value) if isinstance(value, list) else value
            if isinstance(value, list):
                there[key].fa.set_flow_style()


def _git(*arguments: str, folder: Path = Path()) -> str:
    return call(["git", *arguments], folder, _WAIT).strip()


@contextmanager
def _copying(run: str) -> Iterator[_Copy]:
    """Work in a copy of the workspace, which goes when the block ends."""
    workspace = Path.cwd()
    if not is_repository(workspace):
        raise InputError(
            f"{workspace}: experiments are kept in git, and there is no repository here; `git init`, commit, "
            "and try again"
        )
    try:
        head = _git("rev-parse", "HEAD")
    except InputError:
        raise InputError(f"{workspace}: nothing is committed yet; commit, and try again") from None
    (workspace / _SWEEP).mkdir(parents=True, exist_ok=True)
    with chdir(workspace / _SWEEP):
        refuse_second()
        announce([run], "sweep")
    folder = workspace / _COPY
    try:
        shutil.rmtree(workspace / _SWEEP / _COPY.relative_to(_SWEEP).parts[0], ignore_errors=True)
        _fill(workspace, folder, head, _list_files(run))
        with chdir(folder):
            lock = _LOCK.read_bytes() if _LOCK.exists() else b""
            yield _Copy(run, workspace, folder, head, PARAMS.read_bytes(), lock)
    except InputError as error:
        if str(LOG) not in str(error) or not (folder / LOG).exists():
            raise
        log = _SWEEP.with_suffix(".log")
        shutil.copy(folder / LOG, workspace / log)
        raise InputError(str(error).replace(str(LOG), str(log))) from None
    finally:
        shutil.rmtree(workspace / _SWEEP, ignore_errors=True)


def _list_files(run: str) -> list[str]:
    """What stages of a run may read beside what git has, as far as it is named from the workspace on."""
    params = read_params().run(run)
    vectors = params.vectors.file if params.vectors else None
    named = [params.root, params.labels, params.weights, vectors]
    named += [os.environ.get(ROOT_VARIABLE), DEFAULT_ROOT]
    return [each for each in named if each and "://" not in each and each[0] not in "/~"]


def _fill(workspace: Path, folder: Path, head: str, files: Sequence[str]) -> None:
    """The workspace as it stands, at another place, with the same cache."""
    changed = ""
    if _git("status", "--porcelain", "--untracked-files=no", folder=workspace):
        nobody = [part for each in _NOBODY.items() for part in ("-c", "=".join(each))]
        # A commit that nothing refers to: neither the workspace nor the stash changes.
        changed = _git(*nobody, "stash", "create", folder=workspace)
    _git("clone", "--quiet", "--shared", "--no-checkout", str(workspace), str(folder))
    _git("checkout", "--quiet", "--detach", head, folder=folder)
    if changed:
        _git("restore", "--source", changed, "--staged", "--worktree", ".", folder=folder)
    for name, usual in _NOBODY.items():
        with suppress(InputError):  # nobody is named here
            usual = _git("config", name, folder=workspace)
        _git("config", name, usual, folder=folder)
    if not (folder / ".dvc/config").exists():
        raise InputError(f"{workspace}: .dvc/config is not committed; commit it, and try again")
    for path in (PARAMS, STAGES, _LOCK):  # though git may not know them yet
        if (workspace / path).exists():
            shutil.copy(workspace / path, folder / path)
    for file in files:
        there = Path(os.path.normpath(folder / file))
        is_inside = there.is_relative_to(workspace / _SWEEP)
        if is_inside and (workspace / file).exists() and not there.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            there.symlink_to((workspace / file).resolve())
    with open_repo() as repo:
        local, cache = repo.config.read("local"), repo.cache.local_cache_dir
    with chdir(folder), open_repo() as repo, repo.config.edit("local") as config:
        config.update(local)
        config.setdefault("cache", {})["dir"] = cache
