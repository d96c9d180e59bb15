"""Names: one pattern, wherever one enters, told in one line."""

from __future__ import annotations

import json
import shlex
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from layerscope.errors import InputError
from layerscope.models.registry import MODELS
from layerscope.names import RULE, check_name, is_name, name_run
from layerscope.params import read_params
from projects.add_run import add_run
from stages.export_experiments import export
from tests.shared.project import ROOT
from ui import library

GOOD = ("objects-vgg16_slim", "a", "7", "_x", "umap-distance-0.5", "a..b", "x" * 100)
WRONG = {
    "a path upwards": "../../evil",
    "nothing": "",
    "an option": "-x",
    "help": "--help",
    "a command": "$(touch pwned)",
    "a command in backticks": "`touch pwned`",
    "a command after another": "a;touch pwned",
    "spaces and brackets": "my run (v2)",
    "a quote": "it's",
    "a quote that ends another": "x'$(touch pwned)'",
    "a double quote": 'a"b',
    "a folder in it": "a/b",
    "a folder of Windows": "a\\b",
    "this folder": ".",
    "the folder above": "..",
    "a hidden one": ".hidden",
    "a wildcard": "*",
    "letters of other scripts": "größe",
    "digits of other scripts": "٣",
    "a line end": "a\n",
    "a null": "a\0b",
    "a colon": "c:d",
    "a template": "${runs}",
    "too long": "x" * 101,
}


@pytest.mark.parametrize("name", GOOD)
def test_a_name_comes_back_as_it_is(name: str) -> None:
    assert is_name(name) and check_name(name, "run") == name


@pytest.mark.parametrize("name", WRONG.values(), ids=WRONG)
def test_what_is_no_name_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(InputError) as error:
        check_name(name, "run")
    assert str(error.value).startswith(f"run: {RULE}")
    assert "\n" not in str(error.value) and len(str(error.value)) < 250


@given(st.text(max_size=8))
def test_a_name_is_one_word_of_a_shell_one_part_of_a_path_and_no_option(text: str) -> None:
    letters = string.ascii_letters + string.digits + "._-"
    assert is_name(text) == (bool(text) and set(text) <= set(letters) and text[0] not in ".-")
    if is_name(text):
        assert shlex.quote(text) == text
        assert Path("data", text).name == text


@pytest.mark.parametrize("model", [*MODELS, "timm:resnet18.a1_in1k", "timm:vit (large)"])
def test_the_name_of_a_run_is_one_and_one_level_of_keys(model: str) -> None:
    assert is_name(name_run("objects", model)) and "." not in name_run("objects", model)


# --- where names enter -------------------------------------------------------------------------


def write_params(folder: Path, place: str, name: str) -> Path:
    """The repository's ``params.yaml`` with a name at some place of it."""
    content = YAML(typ="safe").load(ROOT / "params.yaml")
    section, *rest = place.split(".")
    if not rest:
        content[section][name] = next(iter(content[section].values()))
    elif rest == ["runs"]:
        content[section]["runs"] = [name]
    elif rest == ["datasets"]:
        next(iter(content[section].values()))["datasets"] = [name]
    else:
        next(iter(content[section].values()))[rest[0]] = name
    path = folder / "params.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")  # which is YAML too, and soon written
    return path


@pytest.mark.parametrize("name", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("runs", "runs"),
        ("comparisons", "comparisons"),
        ("train", "train"),
        ("runs.dataset", "runs.objects-vgg16_slim.dataset"),
        ("runs.model", "runs.objects-vgg16_slim.model"),
        ("comparisons.first", "comparisons.objects.first"),
        ("comparisons.second", "comparisons.objects.second"),
        ("train.datasets", "train.rendered.datasets.0"),
        ("faithfulness.runs", "faithfulness.runs.0"),
    ],
)
def test_the_reader_names_the_place(tmp_path: Path, place: str, field: str, name: str) -> None:
    path = write_params(tmp_path, place, name)
    with pytest.raises(InputError) as error:
        read_params(path)
    assert str(error.value).startswith(f"{path}: {field}: {RULE}")


def test_a_model_of_timm_is_named_by_its_name_there(tmp_path: Path) -> None:
    read_params(write_params(tmp_path, "runs.model", "timm:tf_efficientnet_lite0.in1k"))


@pytest.mark.parametrize("name", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_nothing_is_exported_under_what_is_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["sweep", "run", "experiment"]
    names[place], what = name, names[place]
    with pytest.raises(InputError, match=f"{what}: a name consists of"):
        export(names[0], names[1], names[2:])
    assert not list(tmp_path.parent.rglob("*evil*"))


@pytest.mark.parametrize("name", ["../../evil", "$(touch pwned)", ""])
def test_no_run_is_added_of_what_is_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = (ROOT / "params.yaml").read_bytes()
    (tmp_path / "params.yaml").write_bytes(before)
    monkeypatch.chdir(tmp_path)
    for dataset, model in ((name, "vgg16"), ("objects", name), ("objects", f"timm:{name}")):
        with pytest.raises(InputError):
            add_run(dataset, model, None, [20], None)
    assert (tmp_path / "params.yaml").read_bytes() == before


def test_a_folder_that_is_no_name_is_no_run_and_the_app_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    known = library.list_runs()
    for name in ("my run (v2)", "built"):
        (tmp_path / "data" / name / "samples.zarr").mkdir(parents=True)
    runs, problem = library.list_runs()
    assert runs == (*known[0], "built")
    assert problem == f"folder in data: {RULE} (given: 'my run (v2)')"


@pytest.mark.parametrize("name", ["", "-x", "--", "--help me", "$(touch pwned)"])
def test_a_stage_refuses_an_argument_that_is_no_name(tmp_path: Path, name: str) -> None:
    code = "from stages.command import run_stage; run_stage(print, None, run='a run')"
    done = subprocess.run(
        [sys.executable, "-c", code, name],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: run: {RULE}") and done.stderr.count("\n") == 1


# --- what DVC hands to a shell -------------------------------------------------------------------


def test_every_name_that_dvc_hands_to_a_shell_is_quoted() -> None:
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    for stage in stages.values():
        words = stage.get("do", stage)["cmd"].split()
        assert words[:2] == ["python", "-m"]
        assert words[3:] and all(
            word.startswith("'${") and word.endswith("}'") for word in words[3:]
        )
