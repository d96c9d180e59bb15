"""Names of runs, and what a run's stages are, in a copy of the repository's pipeline."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest
from ruamel.yaml import YAML

from layerscope.errors import InputError
from layerscope.params import PARAMS, read_params
from projects.building import Plan, locked, open_repo, plan_build
from projects.changing import rename_run
from projects.listing import describe_runs, list_statuses, parse_statuses, write_statuses
from projects.state import BuildState, read_times, write_state, write_times
from tests.shared.project import ROOT, copy_pipeline

RUN, LITE = "objects-vgg16_slim", "objects-efficientnet_lite0"


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy_pipeline(tmp_path, (RUN, LITE))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def find_plan() -> Plan:
    with open_repo() as repo, locked(repo):
        return plan_build(repo, ())


def states_of(run: str = RUN) -> dict[str, str]:
    status = next(each for each in list_statuses() if each.name == run)
    return {stage.name: stage.state for stage in status.stages}


def edit_params(old: str, new: str) -> None:
    text = PARAMS.read_text(encoding="utf-8")
    assert text.count(old) == 1
    PARAMS.write_text(text.replace(old, new), encoding="utf-8")


def test_stages_are_told_in_order_with_what_they_made_and_took(pipeline: Path) -> None:
    write_times({f"umap@{RUN}": 12.5, f"tsne@{RUN}-30": 3.0})
    edit_params("perplexity: [10, 30, 90]", "perplexity: [10, 90, 30, 5]")
    statuses = {each.name: each for each in list_statuses()}
    assert list(statuses) == list(read_params().runs)
    stages = {stage.name: stage for stage in statuses[RUN].stages}
    assert list(stages) == [
        *("prepare", "predict", "activations", "pca", "neighbors"),
        *("tsne 5", "tsne 10", "tsne 30", "tsne 90", "umap", "cam", "channels", "metrics"),
        "faithfulness",
    ]
    assert {name for name, stage in stages.items() if stage.state == "missing"} == {"tsne 5"}
    assert stages["activations"].state == "not kept"  # no page reads it
    assert stages["metrics"].state == "stale"  # which reads the perplexities
    assert (stages["umap"].seconds, stages["tsne 30"].seconds) == (12.5, 3.0)
    assert stages["pca"].seconds is None
    made = ROOT / "data" / RUN / "umap.zarr"
    assert stages["umap"].n_bytes == sum(p.stat().st_size for p in made.rglob("*") if p.is_file())
    assert parse_statuses(write_statuses()) == list(statuses.values())
    assert statuses[RUN].n_bytes == sum(stage.n_bytes for stage in stages.values())


def test_a_build_at_work_has_the_repository_for_itself(
    pipeline: Path,
) -> None:
    own = psutil.Process()
    plan = (f"activations@{RUN}", f"tsne@{RUN}-30", f"umap@{RUN}", f"metrics@{RUN}")
    write_state(
        BuildState((RUN,), f"tsne@{RUN}@30", 1, 4, 0.3, None, own.pid, own.create_time(), plan=plan)
    )
    with open_repo() as repo, repo.lock:  # as the build has it; here nobody waits for it
        states, others = states_of(), set(states_of(LITE).values())
        told = list(describe_runs())
    assert states["activations"] == "built"  # by the plan
    assert (states["tsne 30"], states["umap"], states["metrics"]) == (
        *("running", "waiting", "waiting"),
    )
    assert (states["pca"], states["tsne 10"]) == ("built", "built")  # not in the plan: up to date
    assert others == {"unknown"}
    assert f"building: {RUN}: tsne 30, 1 of 4 stages, 30%" in told[0]


def test_a_repository_that_is_locked_is_said_to_be(pipeline: Path) -> None:
    with open_repo() as repo, repo.lock, pytest.raises(InputError, match="DVC is at work here"):
        list_statuses()


def test_a_renamed_run_is_built_still_and_keeps_its_place_and_comments(pipeline: Path) -> None:
    edit_params(f"  {RUN}:\n", f"  # the first of all\n  {RUN}:\n")
    edit_params(f"  {LITE}:\n", f"  {LITE}: # of ImageNet\n")
    before, lock = find_plan(), YAML(typ="safe").load(Path("dvc.lock"))
    assert before.stale == ()
    write_times({f"tsne@{RUN}-30": 3.0, f"umap@{RUN}": 2.0, f"umap@{LITE}": 1.0})
    rename_run(RUN, "shapes")
    assert read_times() == {"tsne@shapes-30": 3.0, "umap@shapes": 2.0, f"umap@{LITE}": 1.0}
    params = read_params()
    assert list(params.runs) == ["shapes", "birds-vgg16_slim", LITE]
    assert "shapes" in params.faithfulness.runs and RUN not in params.faithfulness.runs
    pairs = {name: (pair.first, pair.second) for name, pair in params.comparisons.items()}
    assert pairs == {"objects": ("shapes", LITE), "birds": ("birds-vgg16_slim",) * 2}
    text = PARAMS.read_text(encoding="utf-8")
    assert "  # the first of all\n  shapes:\n" in text and f"  {LITE}: # of ImageNet\n" in text
    assert (pipeline / "data/shapes/umap.zarr").exists() and not (pipeline / "data" / RUN).exists()
    assert find_plan().stale == ()
    rename_run("shapes", RUN)
    assert find_plan().stale == ()
    assert YAML(typ="safe").load(Path("dvc.lock")) == lock
    assert next(iter(read_params().runs)) == RUN


def test_runs_whose_names_begin_alike_stay_apart(pipeline: Path) -> None:
    lock = YAML().load(Path("dvc.lock"))
    lock["stages"][f"umap@{RUN}-30"] = json.loads(
        json.dumps(lock["stages"][f"umap@{RUN}"]).replace(RUN, f"{RUN}-30")
    )
    with Path("dvc.lock").open("w") as file:
        YAML().dump(lock, file)
    rename_run(RUN, "shapes")
    stages = YAML(typ="safe").load(Path("dvc.lock"))["stages"]
    assert stages[f"umap@{RUN}-30"] == lock["stages"][f"umap@{RUN}-30"]
    assert "tsne@shapes-30" in stages and f"tsne@{RUN}-30" not in stages


@pytest.mark.parametrize(
    ("run", "name", "told"),
    [
        ("gone", "shapes", "no run 'gone'"),
        (RUN, LITE, f"run {LITE} is there already"),
        (RUN, "../out", "given: '../out'"),
        (RUN, "a.b", "given: 'a.b'"),
        (RUN, "lost", "data/lost: is there already"),
    ],
)
def test_names_that_cannot_be_given_change_nothing(
    pipeline: Path, run: str, name: str, told: str
) -> None:
    (pipeline / "data/lost").mkdir()
    before = PARAMS.read_bytes(), Path("dvc.lock").read_bytes()
    with pytest.raises(InputError) as error:
        rename_run(run, name)
    assert told in str(error.value)
    assert (PARAMS.read_bytes(), Path("dvc.lock").read_bytes()) == before
    assert (pipeline / "data" / RUN).is_dir()
