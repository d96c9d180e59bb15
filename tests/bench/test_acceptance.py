"""Code that alters no result is taken into ``dvc.lock``; other code is not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dvc.repo import Repo
from ruamel.yaml import YAML

from bench.acceptance import SETTINGS, accept
from bench.projects import ROOT, copy_code, edit_params, environment, shrink_params
from layerscope.errors import InputError
from layerscope.params import read_params

FILES = {
    "params.yaml": "device: cpu\nfirst: {n: 50}\nsecond: {power: 2}\n",
    "layerscope/__init__.py": "",
    "layerscope/scale.py": "FACTOR = 2\n",
    "stages/__init__.py": "",
    "stages/first.py": """
import numpy, zarr
from layerscope.scale import FACTOR
from ruamel.yaml import YAML
n = YAML(typ="safe").load(open("params.yaml"))["first"]["n"]
group = zarr.open_group("data/first.zarr", mode="w")
group.create_array("row", data=FACTOR * numpy.arange(n))
group.create_array("ones", data=numpy.ones(n))
""",
    "stages/second.py": """
import zarr
open("data/second.json", "w").write(str(int(zarr.open("data/first.zarr")["row"][-1])))
""",
    "dvc.yaml": """
stages:
  first:
    cmd: python -m stages.first
    deps: [stages/first.py, layerscope/scale.py]
    params: [first]
    outs:
      - data/first.zarr: {push: false}
  second:
    cmd: python -m stages.second
    deps: [stages/second.py, data/first.zarr]
    params: [second]
    outs: [data/second.json]
""",
}
SMALL = {"first": {"n": 5}}


def commit(folder: Path) -> None:
    names = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", *names, "commit", "-qm", "State"], cwd=folder, check=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of two stages as a clone has it: with ``dvc.lock``, without data."""
    folder = tmp_path_factory.mktemp("built")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc/config", folder / ".dvc")
    (folder / ".gitignore").write_text("/data/\n/.dvc/tmp\n/.dvc/cache\n__pycache__\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    repro = [sys.executable, "-m", "dvc", "repro", "-q"]
    subprocess.run(repro, cwd=folder, env=environment(folder), check=True)
    commit(folder)
    for name in ("data", ".dvc/cache"):
        shutil.rmtree(folder / name)
    return folder


@pytest.fixture
def top(built: Path, tmp_path: Path) -> Path:
    """A copy of it to change."""
    return Path(shutil.copytree(built, tmp_path / "top"))


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def lock_of(folder: Path) -> dict[str, Any]:
    return YAML(typ="safe").load(folder / "dvc.lock")["stages"]


def changed_code(folder: Path) -> list[str]:
    """Code that is not as ``dvc.lock`` has it."""
    with Repo(str(folder)) as repo:
        deps = [dep for stage in repo.index.stages for dep in stage.deps]
        changed = [dep.def_path for dep in deps if dep.workspace_status()]
    return [path for path in changed if not path.startswith("data/")]


@pytest.mark.slow
def test_a_comment_is_accepted(top: Path, built: Path) -> None:
    append(top / "layerscope/scale.py", "# a comment\n")
    append(top / "stages/second.py", "# another\n")
    assert changed_code(top) == ["layerscope/scale.py", "stages/second.py"]
    lines = list(accept(top, None, SMALL))
    assert changed_code(top) == []
    assert lines[0].startswith("6 files of 2 outputs, ")
    assert lines[1:] == ["dvc.lock: 2 stages have the new code"]
    for stage, entry in lock_of(built).items():
        assert {**lock_of(top)[stage], "deps": ()} == {**entry, "deps": ()}


@pytest.mark.slow
def test_a_constant_that_alters_an_array_is_refused_with_its_name(top: Path) -> None:
    before = (top / "dvc.lock").read_bytes()
    (top / "layerscope/scale.py").write_text("FACTOR = 3\n")
    told = []
    with pytest.raises(InputError, match="2 arrays and files are not as at"):
        told.extend(accept(top, None, SMALL))
    assert told == [
        "first: data/first.zarr/row: 4 of 5 values differ, by at most 4",
        "second: data/second.json: 1 of 1 lines differ",
    ]
    assert (top / "dvc.lock").read_bytes() == before


@pytest.mark.slow
def test_a_moved_module_is_accepted_under_its_new_path(top: Path, built: Path) -> None:
    (top / "layerscope/room").mkdir()
    (top / "layerscope/scale.py").rename(top / "layerscope/room/scale.py")
    for name in ("dvc.yaml", "stages/first.py"):
        text = (top / name).read_text().replace("layerscope/scale", "layerscope/room/scale")
        (top / name).write_text(text.replace("layerscope.scale", "layerscope.room.scale"))
    list(accept(top, None, SMALL))
    old, new = lock_of(built), lock_of(top)
    assert [dep["path"] for dep in new["first"]["deps"]] == [
        "layerscope/room/scale.py",
        "stages/first.py",
    ]
    assert new["first"]["outs"] == old["first"]["outs"]
    assert new["second"] == old["second"]


@pytest.mark.slow
def test_a_stage_whose_parameters_changed_too_is_to_be_built(top: Path) -> None:
    append(top / "stages/first.py", "# a comment\n")
    append(top / "stages/second.py", "# another\n")
    edit_params("second", folder=top, power=3)
    lines = list(accept(top, None, {**SMALL, "third": {"n": 1}}))
    assert lines[0] == "params.yaml before has no third.n: compared without"
    assert "not accepted: second: changed too: second" in lines
    assert lines[-1] == "dvc.lock: 1 stages have the new code"
    assert changed_code(top) == ["stages/second.py", "params.yaml"]


@pytest.mark.slow
def test_code_that_was_never_built_is_not_accepted(top: Path) -> None:
    (top / "layerscope/scale.py").write_text("FACTOR = 3\n")
    commit(top)
    before = (top / "dvc.lock").read_bytes()
    append(top / "layerscope/scale.py", "# a comment\n")
    lines = list(accept(top, "HEAD", SMALL))
    assert "not accepted: first: dvc.lock is of other code than what was compared" in lines
    assert (top / "dvc.lock").read_bytes() == before


def test_the_small_run_has_every_stage_and_fits_the_parameters(tmp_path: Path) -> None:
    copy_code(tmp_path)
    assert shrink_params(tmp_path, SETTINGS) == []
    read_params(tmp_path / "params.yaml")
    with Repo(str(tmp_path)) as repo:
        found = {stage.name.split("@")[0] for stage in repo.index.stages}
    assert found == set(YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"])
