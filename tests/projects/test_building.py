"""What a build does, in which order, and what it leaves where it fails or is interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import chdir
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from layerscope.errors import InputError
from projects.building import (
    Plan,
    Stopped,
    _find_error,
    build,
    open_repo,
    plan_build,
    tell_plan,
)
from projects.state import (
    BuildState,
    name_stage,
    read_state,
    read_times,
    tell_seconds,
    to_planned,
    write_state,
    write_times,
)
from tests.shared.pipeline import write_pipeline
from tests.shared.project import ROOT, copy_pipeline, edit_params


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_pipeline(**{stage: f"runs.${{key}}.{stage}" for stage in ("prepare", "pca", "umap")})
    edit()
    return tmp_path


def edit(**settings: object) -> None:
    """``params.yaml`` of two runs, the settings of whose stages are 1 but for those of the first."""
    usual = {"prepare": 1, "pca": 1, "umap": 1}
    Path("params.yaml").write_text(json.dumps({"runs": {"a": usual | settings, "b": usual}}))


def run_build(*runs: str) -> tuple[str, list[BuildState]]:
    """Stages that a build ran, and the states that it told."""
    Path("log").unlink(missing_ok=True)
    states: list[BuildState] = []
    build(runs, states.append, lambda line: None)
    log = Path("log")
    return (log.read_text().strip() if log.exists() else ""), states


def test_a_run_is_built_without_the_others_and_then_all(project: Path) -> None:
    ran, states = run_build("a")
    assert ran == "prepare@a pca@a umap@a"
    assert (project / "data/a/umap").read_text() == "111"
    assert not (project / "data/b").exists()
    assert [state.share for state in states] == sorted(state.share for state in states)
    last = states[-1]
    assert (last.stage, last.n_done, last.n, last.runs) == ("umap@a", 2, 3, ("a",))
    assert last.share == pytest.approx((72 + 298 + 654 / 2) / (72 + 298 + 654))
    assert read_state() is None  # what ended well is no news
    assert set(run_build()[0].split()) == {"prepare@b", "pca@b", "umap@b"}
    assert run_build()[0] == ""


def test_what_is_not_kept_and_is_read_again_is_made_again(project: Path) -> None:
    run_build("a")
    for name in ("prepare", "pca"):  # as in a fresh clone
        (project / "data/a" / name).unlink()
    shutil.rmtree(project / ".dvc/cache")
    with open_repo() as repo, repo.lock:
        assert plan_build(repo, ("a",)) == Plan((), ())  # nobody needs them
    edit(umap=2)
    with open_repo() as repo, repo.lock:
        plan = plan_build(repo, ("a",))
    assert plan == Plan(("prepare@a", "pca@a"), ("umap@a",))
    assert tell_plan(plan).startswith(
        "3 stages to run, 2 of them again, as what they made is not kept; about"
    )
    assert run_build("a")[0] == "prepare@a pca@a umap@a"
    assert (project / "data/a/umap").read_text() == "112"


def test_a_stage_that_refuses_says_so_in_its_own_line_and_the_others_stay(project: Path) -> None:
    run_build("a")
    edit(pca=3, umap="refuse")
    with pytest.raises(InputError) as error:
        run_build("a")
    assert str(error.value) == "the setting is refused"
    state = read_state()
    assert state is not None and not state.is_at_work and state.problem == "the setting is refused"
    assert (project / "data/a/pca").read_text() == "13"  # it was finished
    assert (project / "data/a/umap").read_text() == "111"  # what it had made before
    edit(pca=3)
    assert run_build("a")[0] == "umap@a"
    assert read_state() is None


def test_an_interrupted_build_gives_back_and_goes_on(project: Path) -> None:
    run_build("a")
    edit(umap="wait")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from projects.building import build; "
        "build(['a'], lambda state: None, print)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    while not Path("waiting").exists():
        assert child.poll() is None
    state = read_state()
    assert state is not None and state.is_at_work and state.pid == child.pid
    with pytest.raises(InputError, match=f"another build is at work here .process {child.pid}."):
        run_build("b")
    workers = psutil.Process(child.pid).children(recursive=True)
    os.kill(child.pid, signal.SIGINT)
    child.communicate()
    psutil.wait_procs(workers)
    assert (project / "data/a/umap").read_text() == "111"
    state = read_state()
    assert state is not None and not state.is_at_work
    Path("go").touch()
    assert run_build("a")[0] == "umap@a"
    assert (project / "data/a/umap").read_text() == "11wait"


def test_a_build_that_is_asked_to_stop_ends_gives_back_and_goes_on(project: Path) -> None:
    run_build("a")
    edit(pca=2, umap="wait")

    def ask(state: BuildState) -> None:
        if state.stage == "umap@a":
            state.stop()

    with pytest.raises(Stopped, match="what is finished is kept"):
        build(["a"], ask, print)
    assert (project / "data/a/pca").read_text() == "12"
    assert (project / "data/a/umap").read_text() == "111"
    assert read_state() is None  # who asked for it needs no news
    Path("go").touch()
    assert run_build("a")[0] == "umap@a"


def test_times_are_kept_and_told_before_the_same_is_done_again(project: Path) -> None:
    run_build("a")
    times = read_times()
    assert set(times) == {"prepare@a", "pca@a", "umap@a"} and min(times.values()) > 0
    assert tell_plan(Plan((), ("umap@a", "umap@b"))) == "2 stages to run"
    write_times({"umap@a": 62.0, "tsne@a-30": 118.0})
    plan = Plan((), ("umap@a", "tsne@a-30"))
    assert tell_plan(plan) == "2 stages to run; about 3 min, as the last time"


def test_what_stages_say_of_themselves_is_what_dvc_calls_them() -> None:
    assert to_planned("tsne@a-b@30") == "tsne@a-b-30" and to_planned("umap@a") == "umap@a"
    assert name_stage("tsne@a-b-30", "a-b") == "tsne 30" and name_stage("umap@a", "a") == "umap"


def test_a_plan_that_cannot_be_made_says_why_and_is_no_build(project: Path) -> None:
    (project / "dvc.yaml").write_text("stages: [")
    with pytest.raises(InputError, match=r"dvc\.yaml"):
        run_build("a")
    state = read_state()
    assert state is not None and not state.is_at_work and "dvc.yaml" in state.problem


def test_the_line_that_says_why_is_found() -> None:
    said = "Running stage\n  half\rbar\nerror: too few\nERROR: failed to reproduce 'a': exited with 1\n"
    assert _find_error(said) == "too few"
    assert _find_error("ERROR: no such stage\n") == "no such stage"
    assert "build.log" in _find_error("Traceback\n")


def test_a_state_outlives_its_process_as_a_build_that_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_state() is None
    own = psutil.Process()
    state = BuildState(("a",), "tsne@a@30", 6, 12, 0.43, 130.0, own.pid, own.create_time())
    write_state(state)
    assert read_state() == state and state.is_at_work
    assert state.tell() == "a: tsne 30, 6 of 12 stages, 43%, about 2 min left"
    assert not BuildState(**asdict(state) | {"born": own.create_time() - 1}).is_at_work
    Path(".cache/build/state.json").write_text('{"runs": 3}')
    assert read_state() is None


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (1, "about 5 s"),
        (62, "about 60 s"),
        (90, "about 2 min"),
        (3599, "about 60 min"),
        (9000, "about 2.5 h"),
    ],
)
def test_estimates_are_told_no_finer_than_they_are(seconds: float, told: str) -> None:
    assert tell_seconds(seconds) == told


def test_the_plan_of_a_fresh_clone_begins_with_what_a_new_perplexity_reads(tmp_path: Path) -> None:
    """Of the repository itself: nothing of it is computed here."""
    copy_pipeline(tmp_path, ("objects-vgg16_slim",))
    with chdir(tmp_path):
        edit_params("tsne", perplexity=[10, 30, 90, 5])
    with chdir(tmp_path), open_repo() as repo, repo.lock:
        plan = plan_build(repo, ("objects-vgg16_slim",))
    assert plan == Plan(
        tuple(f"{stage}@objects-vgg16_slim" for stage in ("activations", "pca", "neighbors")),
        ("tsne@objects-vgg16_slim-5", "metrics@objects-vgg16_slim"),
    )
