"""Adding a run writes what was asked for, or nothing."""

from __future__ import annotations

import difflib
import errno
import os
import shutil
from pathlib import Path

import pytest

from layerscope.errors import InputError
from layerscope.params import read_params
from stages.add_run import add_run, parse_sizes
from tests.shared.project import ROOT


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "params.yaml"


def test_vgg16_slim_gets_the_weights_that_were_trained_on_the_data_set() -> None:
    name = add_run("imagenette", "vgg16_slim", None, [20, 40], None)
    run = read_params().run(name)
    assert run.weights == "weights/imagenette/vgg16_slim.safetensors"
    assert run.sizes == (20, 40)


def test_all_else_in_the_file_stays_as_it_is(project: Path) -> None:
    before = project.read_text().splitlines()
    add_run("imagewoof", "vgg16", None, [100], "photographs")
    after = project.read_text().splitlines()
    changes = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    assert {kind for kind, *_ in changes} == {"equal", "insert"}
    assert len(after) == len(before) + 6


@pytest.mark.parametrize(
    ("dataset", "model", "sizes", "message"),
    [
        ("cifar10", "vgg16_slim", [20], "vgg16_slim was not trained on cifar10"),
        ("paintings", "vgg16", [20], "unknown data set 'paintings'"),
        ("objects", "vgg17", [20], "unknown model 'vgg17'"),
        ("imagewoof", "vgg16", [40, 20], "sizes must rise"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_written(
    project: Path, dataset: str, model: str, sizes: list[int], message: str
) -> None:
    before = project.read_text()
    with pytest.raises(InputError, match=message):
        add_run(dataset, model, None, sizes, None)
    assert project.read_text() == before


def test_a_full_disk_leaves_the_file_as_it_was(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = project.read_text(encoding="utf-8")

    def fill(path: Path, text: str, encoding: str) -> int:
        path.write_bytes(text.encode(encoding)[:100])  # what still fits
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", fill)
    with pytest.raises(OSError, match=r"No space left.*params\.yaml"):
        add_run("imagewoof", "vgg16", None, [100], "photographs")
    assert project.read_text(encoding="utf-8") == before
    assert list(project.parent.iterdir()) == [project]


def test_sizes_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="whole numbers"):
        parse_sizes("100,many")


def test_a_run_can_be_added_where_there_is_none(project: Path) -> None:
    text = project.read_text(encoding="utf-8")
    start, end = text.index("runs:\n"), text.index("device:")
    project.write_text(f"{text[:start]}runs:\n\n{text[end:]}", encoding="utf-8")
    name = add_run("imagewoof", "vgg16", None, [100], "photographs")
    assert list(read_params().runs) == [name]
