"""Folders, archives, URLs and tables as people have them: what is taken, and what is told of the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import numpy as np
import pytest

from layerscope.datasets import Dataset, draw, open_dataset
from layerscope.datasets.description import describe, list_left_out
from layerscope.datasets.layout import split_of
from layerscope.datasets.place import open_place
from layerscope.datasets.table import read_table
from layerscope.errors import InputError
from layerscope.runs.samples import Samples
from stages.prepare import main as prepare
from tests.shared.hostile_folders import (
    CATS,
    KINDS,
    archive,
    fill,
    picture,
    read_rows,
    table,
    tape,
    tell,
    write_cell,
)
from tests.shared.inputs import take
from tests.shared.project import ROOT, edit_params

TOLD = {kind: told for kind, told, _ in read_rows()}


def open_folder(root: Path | str, labels: str | None = None) -> Dataset:
    return open_dataset("imagefolder", root=root, labels=labels)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_told_is_what_the_document_says(kind: str, tmp_path: Path) -> None:
    lines = tell(kind, tmp_path)
    assert all("\n" not in line and line.isprintable() for line in lines)
    assert TOLD[kind] == write_cell(lines), "write it anew: python -m tests.shared.folder_runs"


@pytest.mark.parametrize("kind", ["a folder a class", "a zip", "a tar.gz", "links in a loop"])
def test_every_picture_that_is_listed_is_read(kind: str, tmp_path: Path) -> None:
    KINDS[kind](tmp_path / "x")
    dataset = open_folder(tmp_path / "x")
    for source in dataset.sources("all"):
        assert dataset.read(source, take(8)).picture[0, 0].tolist() == [0, 128, 128]  # teal


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"), ("Training", "train"), ("TRAIN_SET", "train"), ("train2017", "train"),
        ("training-data", "train"), ("val", "val"), ("valid", "val"), ("Validation", "val"),
        ("dev", "val"), ("test", "test"), ("testing", "test"), ("eval", "test"), ("Test Images", "test"),
        ("trains", None), ("valley", None), ("", None), ("データ", None), ("set", None),
    ],
)  # fmt: skip
def test_splits_are_known_in_any_spelling(name: str, split: str | None) -> None:
    assert split_of(name) == split


# Tables


def test_a_table_gives_labels_splits_and_facts(tmp_path: Path) -> None:
    KINDS["a table"](tmp_path)
    dataset = open_folder(tmp_path)
    source = next(each for each in dataset.sources("test") if each.path == "images/10.png")
    assert dataset.categories[source.label].name == "dog"
    assert source.facts == {"camera": "A"} and dataset.splits == ("train", "test")
    assert len(dataset.sources("train")) == 9


def test_a_table_says_more_than_folders(tmp_path: Path) -> None:
    fill(tmp_path, "cat/*2", "dog/*2", "cover.png")
    table(tmp_path, "path,class\ncat/0.png,x\ncat/1.png,y\ndog/0.png,x\ncover.png,y\n")
    dataset = open_folder(tmp_path)
    assert {each.path: dataset.categories[each.label].name for each in dataset.sources("all")} == {
        "cat/0.png": "x", "cat/1.png": "y", "dog/0.png": "x", "cover.png": "y",
    }  # fmt: skip
    assert dataset.left_out == {"picture without a row": ("dog/1.png",)}


def test_a_table_is_named_or_refused(tmp_path: Path) -> None:
    fill(tmp_path / "pictures", "*3")
    table(tmp_path, "path,label\n0.png,a\n1.png,b\n", "mine.csv")
    dataset = open_folder(tmp_path / "pictures", str(tmp_path / "mine.csv"))
    assert [each.name for each in dataset.categories] == ["a", "b"]
    with pytest.raises(InputError, match=r"no.csv: no such table"):
        open_folder(tmp_path / "pictures", "no.csv")
    table(tmp_path / "pictures" / "a", "path\n0.png\n")
    table(tmp_path / "pictures" / "b", "path\n0.png\n")
    with pytest.raises(InputError, match="several tables"):
        open_folder(tmp_path / "pictures")


def test_a_name_that_several_pictures_have_is_not_guessed(tmp_path: Path) -> None:
    fill(tmp_path, "a/*2", "b/*1")
    table(tmp_path, "path,label\n0.png,x\n1.png,y\n")
    dataset = open_folder(tmp_path)
    assert [each.path for each in dataset.sources("all")] == ["a/1.png"]
    assert dataset.left_out["row that is of several pictures"] == ("row 1: 0.png",)


def test_tables_in_archives_are_read(tmp_path: Path) -> None:
    facts = b"path,label,place\r\ncat/0.png,a,here\r\ndog/1.png,b,\r\n"
    (tmp_path / "x.zip").write_bytes(archive(CATS | {"labels.csv": b"\xef\xbb\xbf" + facts}))
    dataset = open_folder(tmp_path / "x.zip")
    assert [each.facts["place"] for each in dataset.sources("all")] == ["here", None]


@pytest.mark.parametrize("text", ["path,Path\n", "path,a,A\n", ",\n", "", "path\n\0\n", 'path\n"a'])
def test_tables_that_are_none_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"x\.csv") as caught:
        read_table(text.encode(), "x.csv")
    assert str(caught.value).isprintable()


def test_parquet_keeps_numbers_and_texts(tmp_path: Path) -> None:
    KINDS["a Parquet table"](tmp_path)
    dataset = open_folder(tmp_path)
    assert [each.name for each in dataset.categories] == ["3", "5"]
    assert {each.path: each.facts["height"] for each in dataset.sources("all")} == {
        f"{i}.png": i / 2 for i in range(20)
    }


# Archives and URLs


def unpack(folder: Path) -> None:
    """The pictures of the archives as files."""
    for name, content in CATS.items():
        fill(folder, name, content=content)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_of_any_compression_is_a_folder(mode: str, tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(tape(CATS, mode))
    unpack(tmp_path / "plain")
    found, wanted = open_folder(tmp_path / "x.tar"), open_folder(tmp_path / "plain")
    assert found.sources("all") == wanted.sources("all")
    for source in wanted.sources("all"):
        pictures = [each.read(source, take(8)).picture for each in (found, wanted)]
        np.testing.assert_array_equal(*pictures)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain", "x.tar"]


def test_a_damaged_member_is_skipped_by_name(tmp_path: Path) -> None:
    content = bytearray(archive(CATS))
    at = content.index(b"IDAT")
    content[at + 6] ^= 255
    (tmp_path / "x.zip").write_bytes(content)
    dataset, skipped = open_folder(tmp_path / "x.zip"), []
    with pytest.raises(InputError, match=r"not cat/0\.png"):
        list(
            draw(
                dataset, len(CATS), split="all", random_state=0, inputs=take(8),
                on_skip=lambda source, error: skipped.append(str(error)),
            )
        )  # fmt: skip
    assert skipped[0].startswith("cat/0.png: damaged in its archive")


def test_what_an_archive_claims_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.zip").write_bytes(archive(CATS | {"cat/bomb.png": bytes(2 << 20)}))
    monkeypatch.setattr("layerscope.datasets.place.MOST_BYTES", 1 << 20)
    assert "cat/bomb.png" in open_place(tmp_path / "x.zip").left_out["larger than 1 MB"]
    monkeypatch.setattr("layerscope.datasets.place.MOST_FILES", 3)
    with pytest.raises(InputError, match="more than 3 files"):
        open_place(tmp_path / "x.zip")
    monkeypatch.setattr("layerscope.datasets.place._LEAST_BOUND", 1 << 10)
    monkeypatch.setattr("layerscope.datasets.place._MOST_RATIO", 2)
    (tmp_path / "x.tgz").write_bytes(tape({"a.png": bytes(1 << 20)}))
    with pytest.raises(InputError, match="unpack it first"):
        open_place(tmp_path / "x.tgz")


def test_folders_are_followed_down_to_a_depth(tmp_path: Path) -> None:
    fill(tmp_path, "/".join(["a"] * 80) + "/x.png", "y.png")
    assert open_place(tmp_path).files == ("y.png",)
    assert any(
        told.startswith("left out, more than 64 folders deep: 1")
        for told in describe(open_folder(tmp_path))
    )


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    unpack(tmp_path / "web" / "pets")
    fill(tmp_path / "web", "pets.zip", content=archive(CATS))
    fill(tmp_path / "web", "pets.tgz", content=tape(CATS))
    handler = partial(Quiet, directory=str(tmp_path / "web"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["pets", "pets.zip", "pets.tgz"])
def test_pictures_are_read_from_a_server(web: str, name: str, tmp_path: Path) -> None:
    found, wanted = open_folder(f"{web}/{name}"), open_folder(tmp_path / "web" / "pets")
    assert found.sources("all") == wanted.sources("all")
    for source in wanted.sources("all"):
        np.testing.assert_array_equal(
            found.read(source, take(8)).picture, wanted.read(source, take(8)).picture
        )


def test_a_server_that_goes_away_ends_the_drawing(web: str, tmp_path: Path) -> None:
    dataset = open_folder(f"{web}/pets")
    (tmp_path / "web" / "pets").rename(tmp_path / "web" / "moved")
    with pytest.raises(InputError, match=r"/pets"):
        list(draw(dataset, len(CATS), split="all", random_state=0, inputs=take(8)))


def test_urls_that_lead_nowhere_are_refused_in_one_line(web: str) -> None:
    for url in (
        f"{web}/gone.zip",
        f"{web}/gone",
        "memory://nothing",
        "nosuch://x/y",
        "http://a:b@c/d.zip",
    ):
        with pytest.raises(InputError) as caught:
            open_folder(url)
        assert "a:b" not in str(caught.value)
    with pytest.raises(InputError, match="imagefolder"):
        open_dataset("imagenette", root="memory://x")


def test_pictures_in_memory_are_read() -> None:
    memory = fsspec.filesystem("memory")
    for name, content in CATS.items():
        memory.pipe(f"/pets/{name}", content)
    memory.pipe("/pets.zip", archive(CATS))
    try:
        assert open_folder("memory://pets").sources("all") == open_folder(
            "memory://pets.zip"
        ).sources("all")
    finally:
        memory.rm("/pets", recursive=True)
        memory.rm("/pets.zip")


# What is told


def test_all_that_is_left_out_is_listed(tmp_path: Path) -> None:
    fill(tmp_path, "cat/*2", "cover.png")
    fill(tmp_path, "cat/a\x1b[31m.txt", content=b"x")
    dataset = open_folder(tmp_path)
    assert list_left_out(dataset) == [
        "cat/a\\x1b[31m.txt: other file",
        "cover.png: beside the class folders",
    ]
    command = [sys.executable, "-m", "layerscope.datasets.description", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [*describe(dataset), *list_left_out(dataset)]


def test_sizes_that_there_are_not_are_told_by_split(tmp_path: Path) -> None:
    fill(tmp_path, "train/cat/*30", "val/cat/*12")
    with pytest.raises(InputError) as caught:
        draw(open_folder(tmp_path), 40, split="val", random_state=0, inputs=take(8))
    assert "12 there (of train 30, val 12); end `sizes` with 12, or set `split` to all" in str(
        caught.value
    )


def test_a_class_without_a_picture_in_the_split_is_told(tmp_path: Path) -> None:
    fill(tmp_path, "train/cat/*3", "train/dog/*3", "val/cat/*2")
    assert "1 class without a picture in split val" in describe(open_folder(tmp_path), split="val")


def test_heic_is_read_where_its_package_is_installed(tmp_path: Path) -> None:
    fill(tmp_path, "cat/*1")
    fill(tmp_path, "cat/x.heic", content=picture())  # told by its content, read by whoever can
    (tmp_path / "stub").mkdir()
    (tmp_path / "stub" / "pillow_heif.py").write_text(
        "from PIL import Image, PngImagePlugin\n"
        "class Heif(PngImagePlugin.PngImageFile):\n    format = 'HEIF'\n"
        "def register_heif_opener():\n"
        "    Image.register_open('HEIF', Heif, lambda start: start.startswith(b'\\x89PNG'))\n"
        "    Image.register_extension('HEIF', '.heic')\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "layerscope.datasets.description", str(tmp_path)]

    def tell_with(path: str) -> str:
        environment = os.environ | {"PYTHONPATH": path}
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment
        ).stdout

    assert "imagefolder: 1 picture," in tell_with("") and "install pillow-heif" in tell_with("")
    assert "imagefolder: 2 pictures," in tell_with(str(tmp_path / "stub"))


def test_the_stage_tells_first_and_keeps_the_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    KINDS["a table"](tmp_path / "pets")
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    run = {"dataset": "imagefolder", "model": "vgg16_slim", "weights": "x", "sizes": [10, 14]}
    edit_params("runs", pets=run | {"root": "pets", "labels": "pets/labels.csv", "split": "all"})
    prepare("pets")
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "imagefolder: 14 pictures, 2 classes of 7 (cat, dog)"
    samples = Samples(tmp_path / "data" / "pets" / "samples.zarr")
    assert [(each.name, each.names) for each in samples.columns] == [
        ("split", ("train", "test")),
        ("camera", ("A",)),
    ]
    splits = samples.column(0)
    for path, code in zip(samples.paths, splits, strict=True):
        assert code == (int(path.removeprefix("images/").removesuffix(".png")) >= 9)
