"""A folder becomes a project, is brought up to date with the code, and nobody else's is touched."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import projects.folder
from layerscope.errors import InputError
from layerscope.params import read_params
from projects.building import open_repo, plan_build
from projects.folder import copy_demo, digest_code, list_code, open_folder, read_stages
from tests.shared.project import ROOT


def content_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_new_folder_has_every_setting_and_no_run(tmp_path: Path) -> None:
    open_folder(tmp_path / "new" / "project")
    params = read_params(tmp_path / "new/project/params.yaml")
    ours = read_params(ROOT / "params.yaml")
    assert params.runs == {} and params.comparisons == {} and params.train == {}
    assert params.tsne == ours.tsne and params.activations == ours.activations
    assert "# " in (tmp_path / "new/project/params.yaml").read_text(encoding="utf-8")


def test_its_stages_are_those_of_the_repository_but_for_the_training(tmp_path: Path) -> None:
    open_folder(tmp_path)
    here, there = (
        YAML(typ="safe").load(folder / "dvc.yaml")["stages"] for folder in (tmp_path, ROOT)
    )
    assert list(here) == [name for name in there if name != "train"]
    for name, stage in here.items():
        own, other = (each.get("do", each) for each in (stage, there[name]))
        assert own["outs"] == other["outs"] if "outs" in other else "outs" not in own
        assert own["cmd"].replace("layerscope stage ", "stages.") == other["cmd"].replace(
            "-m stages.", "-m stages."
        )
        assert len(own["deps"]) == len(other["deps"])
        for dep in own["deps"]:
            assert not dep.startswith(("layerscope/", "stages/"))


def test_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    open_folder(tmp_path)
    before = content_of(tmp_path)
    (tmp_path / "params.yaml").write_text(
        (tmp_path / "params.yaml")
        .read_text(encoding="utf-8")
        .replace("n_iter: 500", "n_iter: 400"),
        encoding="utf-8",
    )
    open_folder(tmp_path)
    after = content_of(tmp_path)
    assert b"n_iter: 400" in after.pop("params.yaml")
    before.pop("params.yaml")
    assert after == before


def test_a_folder_with_git_keeps_its_history_there(tmp_path: Path) -> None:
    config = tmp_path / ".dvc/config"
    open_folder(tmp_path)
    assert "no_scm = true" in config.read_text()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("/mine\n")
    open_folder(tmp_path)
    assert "no_scm" not in config.read_text()
    assert (tmp_path / ".gitignore").read_text() == "/mine\n"


def test_what_belongs_to_others_is_refused_and_stays(tmp_path: Path) -> None:
    for name, text in (("dvc.yaml", "stages: {}\n"), ("params.yaml", "learning_rate: 0.1\n")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as error:
            open_folder(folder)
        assert str(folder / name) in str(error.value) and "\n" not in str(error.value)
        assert content_of(folder) == {name: text.encode()}


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="--project") as error:
        open_folder(tmp_path / "file" / "project")
    assert "\n" not in str(error.value)


def test_code_that_changes_makes_its_stages_stale_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    stages = read_stages()
    for path in list_code(stages):
        file = home / path if Path(path).suffix else home / path / "module.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path, encoding="utf-8")
    for name in ("dvc.yaml", "params.yaml"):
        (home / name).write_bytes((ROOT / name).read_bytes())
    for name in ("weights/published", ".dvc/plots"):
        (home / name).mkdir(parents=True)
    monkeypatch.setattr(projects.folder, "find_home", lambda: home)
    folder = tmp_path / "project"
    open_folder(folder)
    before = content_of(folder)
    (home / "layerscope/embedding/pca.py").write_text("changed", encoding="utf-8")
    compiled = home / "layerscope/datasets/__pycache__/module.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"compiled")
    open_folder(folder)
    after = content_of(folder)
    assert [name for name in after if after[name] != before[name]] == [
        ".layerscope/layerscope/embedding/pca.py.sha256"
    ]


def test_a_digest_of_a_folder_knows_names_and_content(tmp_path: Path) -> None:
    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return digest_code(tmp_path)

    first = write("a.py", "one")
    assert write("a.py", "two") != first
    assert write("a.py", "one") == first
    assert write("b.py", "") != first
    (tmp_path / "b.py").rename(tmp_path / "c.py")
    assert digest_code(tmp_path) not in {first, write("b.py", "")}


def test_nothing_is_to_be_built_where_there_is_no_run(tmp_path: Path) -> None:
    open_folder(tmp_path)
    with chdir(tmp_path), open_repo() as repo, repo.lock:
        assert plan_build(repo, ()).stages == ()


def test_the_demo_is_a_copy_that_reads_the_bundle_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = copy_demo()
    assert folder.is_relative_to(tmp_path)
    assert read_params(folder / "params.yaml").runs == read_params(ROOT / "params.yaml").runs
    with chdir(folder), open_repo() as repo:
        assert Path(repo.cloud.get_remote().path).resolve() == (ROOT / "bundle").resolve()
    (folder / ".dvc/config").unlink()  # a copy that was cut short is made anew
    assert copy_demo() == folder and (folder / ".dvc/config").is_file()
