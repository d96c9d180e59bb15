"""What a sweep computes, what it keeps, and that the workspace stays as it is whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from hashlib import md5, sha256
from pathlib import Path

import psutil
import pytest

from layerscope.errors import InputError
from layerscope.experiments.repository import list_references, read_outputs
from projects.building import build
from projects.folder import format_yaml, open_yaml, write_params
from projects.state import BuildState
from projects.sweeping import Trial, _copying, list_trials, read_trials, sweep
from tests.shared.pipeline import write_pipeline
from tests.shared.project import ROOT

RUN = {"dataset": "objects", "model": "vgg16_slim", "weights": "weights/published"}


def git(*arguments: str) -> str:
    names = ("-c", "user.name=a", "-c", "user.email=a@localhost")
    return subprocess.run(
        ["git", *names, *arguments], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two runs in a repository, the first of which is built; a parameter is changed, and not committed."""
    monkeypatch.setenv("NOTES", str(tmp_path))
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write_pipeline(
        prepare="prepare.random_state", pca="umap.n_neighbors", metrics="metrics.n_neighbors"
    )
    Path(".dvc/config").write_text("[core]\n    analytics = false\n")
    Path(".gitignore").write_text("/data/\n.cache/\n/.dvc/cache\n/.dvc/tmp\n")
    content = open_yaml().load(write_params())
    content["runs"] = {"a": RUN, "b": RUN}
    Path("params.yaml").write_text(format_yaml(content))
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "project")
    content["umap"]["n_neighbors"] = 16
    Path("params.yaml").write_text(format_yaml(content))
    build(["a"], lambda state: None, lambda line: None)
    (tmp_path / "log").unlink()
    return folder


def take_stock() -> dict[str, str]:
    """All that a sweep must leave as it is."""
    files = [*Path("data").rglob("*"), Path("params.yaml"), Path("dvc.lock"), Path("dvc.yaml")]
    stock = {str(path): sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}
    branches = git("for-each-ref", "refs/heads", "refs/stash") + git("rev-parse", "HEAD")
    return stock | {
        "git": git("status", "--porcelain", "--ignored=no") + git("diff", "--cached") + branches
    }


def run_sweep(*settings: str, name: str | None = None) -> tuple[str, list[str], list[BuildState]]:
    """Stages that a sweep of the first run ran, what it told, and the states that it showed."""
    log = Path("../log")
    log.unlink(missing_ok=True)
    told: list[str] = []
    states: list[BuildState] = []
    before = take_stock()
    try:
        sweep("a", list_trials("a", settings, name), states.append, told.append)
    finally:
        assert take_stock() == before
        assert not Path(".cache/sweep").exists()
    return (log.read_text().strip() if log.exists() else ""), told, states


def list_kept() -> dict[str, str]:
    """Experiments by name, with the digest of what the last stage made."""
    lines = [line.split() for line in list_references(Path.cwd())]
    return {ref.split("/")[-1]: read_outputs(Path.cwd(), rev, "a")["metrics"] for rev, ref in lines}


def digest(text: str) -> str:
    return md5(text.encode()).hexdigest()


def test_what_is_computed_is_told_before_kept_after_and_not_computed_again(project: Path) -> None:
    settings = ("umap.n_neighbors=5", "metrics.n_neighbors=3,4")
    ran, told, states = run_sweep(*settings)
    assert ran == "pca@a metrics@a metrics@a"  # `prepare` is built, the same `pca` serves both
    first, second = (f"a-umap.n_neighbors-5-metrics.n_neighbors-{n}" for n in (3, 4))
    assert told == [
        "2 experiments of a",
        f"  {first}: 2 stages to run",
        f"  {second}: 1 stage to run, 1 as in one before",
    ]
    assert list_kept() == {first: digest("053"), second: digest("054")}
    changed = git(
        "diff", "--unified=0", "HEAD", list_references(project)[0][:40], "--", "params.yaml"
    )
    lines = [
        line for line in changed.splitlines() if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert len(lines) == 4 and "+  n_neighbors: 5" in lines  # and no other line of the file
    listed = [sys.executable, "-m", "dvc", "exp", "list", "--name-only"]
    assert set(subprocess.check_output(listed, text=True).split()) == {first, second}
    assert [state.share for state in states] == sorted(state.share for state in states)
    assert (states[-1].n, states[-1].n_done, states[-1].stage) == (3, 2, f"metrics@{second}")
    assert run_sweep(*settings) == ("", ["2 experiments of a, 2 of them there already"], [])
    ran, told, _ = run_sweep("umap.n_neighbors=5", "metrics.n_neighbors=3,4,6")
    assert ran == "metrics@a" and told[0] == "3 experiments of a, 2 of them there already"


@pytest.mark.slow
def test_what_is_not_kept_is_made_once_for_all(project: Path) -> None:
    git("add", ".")
    git("commit", "--quiet", "--message", "built")
    for name in ("prepare", "pca"):
        (project / "data/a" / name).unlink()
    shutil.rmtree(project / ".dvc/cache")
    ran, told, _ = run_sweep("metrics.n_neighbors=3,4", name="few")
    assert ran == "prepare@a pca@a metrics@a metrics@a"
    assert told[0] == "2 experiments of a; first, for all, as they are not kept: prepare, pca"
    assert list_kept() == {"few-1": digest("0163"), "few-2": digest("0164")}


@pytest.mark.slow
def test_an_interrupted_sweep_keeps_what_is_finished_and_goes_on(project: Path) -> None:
    before = take_stock()
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from projects.sweeping import *; "
        "sweep('a', list_trials('a', ['metrics.n_neighbors=3,88']), lambda state: None, print)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not Path("../waiting").exists():
        assert child.poll() is None
    with pytest.raises(InputError, match=f"another build is at work here .process {child.pid}."):
        sweep("a", list_trials("a", ["metrics.n_neighbors=9"]), print, print)
    assert take_stock() == before
    build(["b"], lambda state: None, lambda line: None)  # a build beside it is none of its business
    before = take_stock()
    workers = psutil.Process(child.pid).children(recursive=True)
    os.killpg(child.pid, signal.SIGINT)
    child.communicate()
    psutil.wait_procs(workers)
    assert take_stock() == before and not Path(".cache/sweep").exists()
    assert list_kept() == {"a-metrics.n_neighbors-3": digest("0163")}
    Path("../go").touch()
    ran, told, _ = run_sweep("metrics.n_neighbors=3,88")
    assert ran == "metrics@a" and told[0] == "2 experiments of a, 1 of them there already"
    assert list_kept()["a-metrics.n_neighbors-88"] == digest("01688")


def test_a_stage_that_refuses_says_so_and_the_other_experiments_are_computed(project: Path) -> None:
    with pytest.raises(InputError) as error:
        run_sweep("metrics.n_neighbors=77,5", name="odd")
    assert str(error.value) == "odd-1: the setting is refused"
    assert list_kept() == {"odd-2": digest("0165")}
    with pytest.raises(InputError, match="experiment odd-2: there already, of other settings or"):
        run_sweep("metrics.n_neighbors=77,6", name="odd")


REFUSED = [
    ("umap.min_distance=0.5", "-S umap.min_distance=0.5: Could not override"),
    (
        "umap.min_dist=0.5",
        "-S umap.min_dist=0.5: no stage up to metrics of a reads umap.min_dist",
    ),
    ("runs.b.split=val", "-S runs.b.split=val: Could not override"),
    ("metrics.n_neighbors=-1", "params.yaml: metrics.n_neighbors: "),
    ("metrics.n_neighbors=[1", "-S metrics.n_neighbors=[1: "),
    ("metrics.n_neighbors=1,+1", "two experiments would be called a-metrics.n_neighbors-1"),
]


def test_settings_that_make_no_experiment_are_refused_in_one_line(project: Path) -> None:
    for setting, told in REFUSED:
        with pytest.raises(InputError) as error:
            run_sweep(setting)
        assert str(error.value).startswith(told) and "\n" not in str(error.value)


def test_without_a_repository_or_a_commit_it_says_what_to_do(project: Path) -> None:
    shutil.rmtree(project / ".git")
    with pytest.raises(
        InputError, match="there is no repository here; `git init`, commit, and try"
    ):
        sweep("a", [Trial("x", ())], print, print)
    git("init", "--quiet")
    with pytest.raises(InputError, match="nothing is committed yet; commit, and try again"):
        sweep("a", [Trial("x", ())], print, print)


def test_what_git_does_not_have_is_found_from_the_copy(project: Path) -> None:
    (project.parent / "photos").mkdir()
    Path("labels.csv").touch()
    content = open_yaml().load(Path("params.yaml"))
    content["runs"]["a"] |= {"dataset": "imagefolder", "root": "../photos", "labels": "labels.csv"}
    Path("params.yaml").write_text(format_yaml(content))
    with _copying("a") as copy:
        assert Path.cwd() == copy.folder != project
        assert Path("../photos").resolve() == project.parent / "photos"
        assert Path("labels.csv").resolve() == project / "labels.csv"
    assert (
        Path.cwd() == project
        and (project.parent / "photos").is_dir()
        and Path("labels.csv").exists()
    )


def test_names_say_what_is_set_and_files_name_them(tmp_path: Path) -> None:
    settings = ("runs.a-b.sizes=[100]", "tsne.perplexity=[5,50]", "umap.min_dist=0.1,0.5")
    assert [trial.name for trial in list_trials("a-b", settings)] == [
        "a-b-sizes-100-tsne.perplexity-5-50-umap.min_dist-0.1",
        "a-b-sizes-100-tsne.perplexity-5-50-umap.min_dist-0.5",
    ]
    assert list_trials("a", [], "base") == [Trial("base", ())]
    file = tmp_path / "trials.txt"
    file.write_text("base\n\nseed-1   tsne.random_state=1 umap.random_state=1\n")
    assert read_trials(file, ["pca.variance=0.5"]) == [
        Trial("base", ("pca.variance=0.5",)),
        Trial("seed-1", ("pca.variance=0.5", "tsne.random_state=1", "umap.random_state=1")),
    ]
