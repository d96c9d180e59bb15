"""Adding a run writes what was asked for, or nothing."""

from __future__ import annotations

import difflib
import errno
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from layerscope.errors import InputError
from layerscope.names import is_name, name_run
from layerscope.params import read_params
from projects.add_run import add_run, list_differences, parse_sizes
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


# --- names ------------------------------------------------------------------------------------


def make_folder(folder: Path, n: int = 12) -> str:
    """Two classes of n blank pictures each, in both splits; the folder's path."""
    for split in ("train", "val"):
        for name in ("cat", "dog"):
            (folder / split / name).mkdir(parents=True)
            for i in range(n):
                Image.new("RGB", (4, 4), (i, i, i)).save(folder / split / name / f"{i}.png")
    return str(folder)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("pets", "pets-vgg16"),
        ("my pets (2024).v1", "my_pets_2024_v1-vgg16"),
        ("Été à Nîmes", "Ete_a_Nimes-vgg16"),
        ("фото", "imagefolder-vgg16"),
        ("-x", "x-vgg16"),
        ("a" * 200, f"{'a' * 40}-vgg16"),
    ],
)
def test_a_run_of_a_folder_goes_by_the_folders_name(tmp_path: Path, folder: str, name: str) -> None:
    root = make_folder(tmp_path / folder)
    assert add_run("imagefolder", "vgg16", None, [20], root) == name
    assert read_params().runs[name].root == root


@pytest.mark.parametrize(
    ("root", "name"),
    [
        (".", "here-vgg16"),
        ("../here/", "here-vgg16"),
        ("pets.tar.gz", "pets-vgg16"),
        ("s3://bucket/some/pets.zip", "pets-vgg16"),
        ("memory://pets", "pets-vgg16"),
        ("https://host/pets.zip?signed=1", "pets-vgg16"),
    ],
)
def test_a_place_is_named_by_its_last_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str, name: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert name_run("imagefolder", "vgg16", root) == name


@given(root=st.text(max_size=60), model=st.text(max_size=120))
def test_any_place_and_model_give_a_name_without_dots_that_leaves_room_for_a_number(
    root: str, model: str
) -> None:
    name = name_run("imagefolder", model, root)
    assert is_name(f"{name}-999") and "." not in name


def test_adding_the_same_again_says_that_it_is_there(
    tmp_path: Path,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = make_folder(tmp_path / "pets")
    name = add_run("imagefolder", "vgg16", None, [20], root)
    before = project.read_text(encoding="utf-8")
    capsys.readouterr()
    for same in (root, f"{root}/", os.path.relpath(root)):
        assert add_run("imagefolder", "vgg16", None, [20], same) == name
        assert "is there already, with the same settings" in capsys.readouterr().out
    assert project.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sizes": [10]}, r"sizes: \(20,\) there, \(10,\) wanted"),
        ({"root": "cats/pets"}, r"root: .*/pets there, .*/cats/pets wanted"),
        ({"weights": "w.pth"}, "weights: weights/published there, w.pth wanted"),
        ({"layers": "all"}, "layers: blocks there, all wanted"),
        ({"split": "train"}, "split: None there, train wanted"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_other_settings_are_another_run_and_what_differs_is_said(
    tmp_path: Path,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    settings: dict[str, Any],
    told: str,
) -> None:
    first = {"weights": None, "sizes": [20], "root": make_folder(tmp_path / "pets")}
    make_folder(tmp_path / "cats/pets")
    name = add_run("imagefolder", "vgg16", **first)
    capsys.readouterr()
    other = add_run("imagefolder", "vgg16", **(first | settings))
    assert other == f"{name}-2"
    assert re.search(f"run {other}; {name} is another \\({told}\\)", capsys.readouterr().out)
    assert add_run("imagefolder", "vgg16", **(first | settings)) == other  # not a third
    assert add_run("imagefolder", "vgg16", **first) == name
    runs = read_params().runs
    assert runs[name].sizes == (20,) and runs[other] != runs[name]
    before = project.read_text(encoding="utf-8")
    with pytest.raises(InputError, match=f"run {name} is there already.*{told}.*another --name"):
        add_run("imagefolder", "vgg16", **(first | settings), name=name)
    assert project.read_text(encoding="utf-8") == before


def test_a_name_that_is_given_is_taken_as_it_is() -> None:
    for name in ("mine", "objects"):
        assert add_run("objects", "vgg16", None, [20], None, name=name) == name
        assert add_run("objects", "vgg16", None, [20], None, name=name) == name
    for wrong in ("a.b", "../x", "", "a b", "-x"):
        with pytest.raises(InputError, match=r"^--name: a name consists of"):
            add_run("objects", "vgg16", None, [20], None, name=wrong)


def test_an_address_of_pictures_is_not_shown() -> None:
    runs = [
        replace(read_params().runs["objects-vgg16_slim"], root=root) for root in ("a", "s3://key@b")
    ]
    (told,) = list_differences(*runs)
    assert "key" not in told and "not shown wanted" in told


def test_more_samples_than_there_are_pictures_are_refused_with_what_to_write(
    tmp_path: Path, project: Path
) -> None:
    before, root = project.read_text(encoding="utf-8"), make_folder(tmp_path / "pets")
    with pytest.raises(
        InputError,
        match=r"40 samples of split 'val' wanted, 24 there \(of train 24, val 24\); end `sizes` with 24",
    ):
        add_run("imagefolder", "vgg16", None, [20, 40], root)
    assert project.read_text(encoding="utf-8") == before
    assert add_run("imagefolder", "vgg16", None, [20, 40], root, split="all")


def test_no_number_is_advised_that_would_be_refused_next(tmp_path: Path) -> None:
    root = make_folder(tmp_path / "pets", n=4)
    told = (
        r"8 there \(of train 8, val 8\); add pictures, as a run needs 10, or set `split` to all \("
    )
    with pytest.raises(InputError, match=told):
        add_run("imagefolder", "vgg16", None, [100], root)
    with pytest.raises(InputError, match=r"16 there .*; end `sizes` with 16 \("):
        add_run("imagefolder", "vgg16", None, [100], root, split="all")
    assert add_run("imagefolder", "vgg16", None, [16], root, split="all")


def test_a_folder_that_is_not_there_is_refused_before_anything_is_written(project: Path) -> None:
    before = project.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="no such folder"):
        add_run("imagefolder", "vgg16", None, [20], "nowhere")
    assert project.read_text(encoding="utf-8") == before


def test_a_folder_without_splits_is_taken_whole_and_what_it_was_taken_for_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(Path(make_folder(tmp_path / "pets")) / "val")
    flat = tmp_path / "flat"
    shutil.copytree(root, flat)
    add_run("imagefolder", "vgg16", None, [24], str(flat))
    assert "24 pictures" in capsys.readouterr().out


def test_a_table_of_labels_is_handed_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, table = make_folder(tmp_path / "pets"), tmp_path / "mine.csv"
    rows = [f"val/{name}/{i}.png,{name[0]}" for name in ("cat", "dog") for i in range(12)]
    table.write_text("\n".join(["path,label", *rows]), encoding="utf-8")
    name = add_run("imagefolder", "vgg16", None, [20], root, labels=str(table))
    assert read_params().runs[name].labels == str(table)
    assert "24 pictures" in capsys.readouterr().out
