"""Texts are UTF-8, whatever the locale of the machine."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layerscope.errors import InputError
from layerscope.params import read_params
from layerscope.runs.predictions import Predictions
from layerscope.runs.samples import Samples
from layerscope.storage.files import read_table
from layerscope.storage.store import store_path
from projects.add_run import add_run
from tests.shared.project import ROOT, edit_params

CODE = ("layerscope", "stages", "ui", "pages", "bench")
CLASSES = ("Ωμέγα", "日本語", "קטגוריה")
RUN = "imagefolder-vgg16_slim"
WEIGHTS = "weights/imagenette/vgg16_slim.safetensors"
LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0"}


def find_silent(tree: ast.AST) -> Iterator[int]:
    """Lines where a text file is opened, or a command's output read, without naming an encoding."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if "encoding" in given:
            continue
        is_method = isinstance(call.func, ast.Attribute)
        name = call.func.attr if is_method else getattr(call.func, "id", "")
        modes = call.args[:1] if is_method else call.args[1:2]
        mode = ast.unparse((modes or [given.get("mode", ast.Constant("r"))])[0])
        is_text = "fileobj" not in given and re.fullmatch("'[rwax][t+]*'", mode)
        if (
            (is_method and name in {"read_text", "write_text"})
            or (name == "open" and is_text)
            or any(
                ast.unparse(given.get(key, call)) == "True"
                for key in ("text", "universal_newlines")
            )
        ):
            yield call.lineno


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("path.read_text()", 1),
        ("path.write_text(text)", 1),
        ("open(path)", 1),
        ("open(path, 'w')", 1),
        ("path.open()", 1),
        ("path.open(newline='')", 1),
        ("path.open(mode='a')", 1),
        ("subprocess.run(command, text=True)", 1),
        ("path.read_text(encoding='utf-8')", 0),
        ("path.open('rb')", 0),
        ("open(path, 'wb')", 0),
        ("Image.open(path)", 0),
        ("visitor.open('')", 0),
        ("zarr.open(path, mode='r')", 0),
        ("tarfile.open(fileobj=data, mode='r:gz')", 0),
        ("write_text(path, text)", 0),  # of layerscope.storage.files
    ],
)
def test_what_names_no_encoding_is_found(code: str, count: int) -> None:
    assert len(list(find_silent(ast.parse(code)))) == count


def test_every_text_file_names_its_encoding() -> None:
    files = [file for folder in CODE for file in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 200
    found = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in files
        for line in find_silent(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert found == []


def make_pictures(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for i in range(5):
            pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"絵{i}.png")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "weights").symlink_to(ROOT / "weights")
    monkeypatch.chdir(tmp_path)
    make_pictures(tmp_path / "写真")
    edit_params("prepare", folder=tmp_path, split="all")
    edit_params("compute", folder=tmp_path, scheduler="synchronous")
    return tmp_path


@pytest.mark.slow
def test_names_in_any_script_go_through_the_stages(project: Path) -> None:
    def call(*command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            env=os.environ | {"PYTHONPATH": str(ROOT)} | LOCALE,
            capture_output=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    model = ("--model", "vgg16_slim", "--weights", WEIGHTS)
    call("-m", "layerscope", "add", "imagefolder", *model, "--root", "写真", "--sizes", "15")
    assert "root: 写真" in (project / "params.yaml").read_text(encoding="utf-8")
    assert read_params().run(RUN).root == "写真"
    call("-m", "stages.prepare", RUN)
    call("-m", "stages.predict", RUN)
    call("-c", f"from stages.metrics import write_confusion; write_confusion({RUN!r})")
    samples = Samples(store_path(RUN, "samples"))
    names = [category.name for category in samples.categories]
    assert sorted(names) == sorted(CLASSES)
    assert {path.split("/")[0] for path in samples.paths} == set(CLASSES)
    assert {path.split("/")[1] for path in samples.paths} == {f"絵{i}.png" for i in range(5)}
    rows = read_table(Path("data") / RUN / "confusion.csv")
    assert [row["true"] for row in rows] == [names[label] for label in samples.labels]
    assert len(Predictions(store_path(RUN, "predictions")).predicted) == 15
    kept = json.loads((store_path(RUN, "samples") / "zarr.json").read_text(encoding="utf-8"))
    assert "日本語" in str(kept)


@pytest.mark.parametrize("place", ["class", "picture"])
def test_a_name_that_is_not_utf8_is_refused_in_one_line(project: Path, place: str) -> None:
    name = os.fsdecode(b"caf\xe9")
    if place == "class":
        (project / "写真" / name).mkdir()
        (project / "写真" / name / "0.png").write_bytes(b"")
    else:
        (project / "写真" / CLASSES[0] / f"{name}.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"写真.*'caf\\udce9.*' is not UTF-8; rename it"):
        add_run("imagefolder", "vgg16_slim", WEIGHTS, [15], "写真")
    assert not (project / "data").exists()
