"""The registry: every data set opens, lists and reads alike, and says what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layerscope.datasets import DATASETS, Dataset, draw, open_dataset
from layerscope.datasets.categories import (
    IMAGENETTE,
    IMAGEWOOF,
    imagenet,
)
from layerscope.errors import InputError
from tests.shared.inputs import take


def add_pictures(folder: Path, n: int, colour: str = "teal") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(n):
        Image.new("RGB", (12, 10), colour).save(folder / f"{index:03d}.png")


def failure(name: str, root: Path | None = None, split: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        dataset = open_dataset(name, root=root, download=False)
        dataset.sources(split or "all")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def check_contract(dataset: Dataset, size: int = 24) -> None:
    """What holds for every data set."""
    for split in ("train", "val"):
        sources = dataset.sources(split)
        assert {source.split for source in sources} == {split}
        assert len({source.path for source in sources}) == len(sources)
        assert {source.label for source in sources} == set(range(len(dataset.categories)))
        assert list(sources) == list(dataset.sources(split))
        sample = dataset.read(sources[-1], take(size))
        assert sample.picture.shape == (size, size, 3)
        assert sample.picture.dtype == np.uint8
    both = [*dataset.sources("train"), *dataset.sources("val")]
    assert sorted(dataset.sources("all"), key=str) == sorted(both, key=str)
    with pytest.raises(InputError, match="train, val or all"):
        dataset.sources("test")


# Categories


def test_tables_agree_with_timm_and_torchvision() -> None:
    from layerscope.vision import torchvision  # noqa: F401, I001
    from timm.data import ImageNetInfo
    from torchvision.datasets import Imagenette
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    info = ImageNetInfo()
    for category in (*IMAGENETTE, *IMAGEWOOF):
        assert category.class_index is not None
        assert info.index_to_label_name(category.class_index) == category.wnid
        assert _IMAGENET_CATEGORIES[category.class_index] == category.name
    assert [each.wnid for each in IMAGENETTE] == sorted(Imagenette._WNID_TO_CLASS)


def test_golf_ball_has_its_three_names() -> None:
    (golf,) = (each for each in IMAGENETTE if each.wnid == "n03445777")
    assert (golf.class_index, golf.name) == (574, "golf ball")


def test_imagenet_has_every_class_once_and_holds_the_tables() -> None:
    categories = imagenet()
    assert [each.class_index for each in categories] == list(range(1000))
    assert len({each.wnid for each in categories}) == 1000
    assert len({each.name for each in categories}) == 1000
    assert set(IMAGENETTE) | set(IMAGEWOOF) < set(categories)


# Registry


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys, layerscope.datasets; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_unknown_name_lists_the_known_ones() -> None:
    message = failure("imagenet21k")
    assert "imagenet21k" in message
    assert all(name in message for name in DATASETS)


def make_imagenette(root: Path) -> None:
    for split in ("train", "val"):
        for category in IMAGENETTE:
            add_pictures(root / "imagenette2" / split / str(category.wnid), 1)


def test_folder_that_is_there_is_used_as_it_is(tmp_path: Path) -> None:
    make_imagenette(tmp_path)
    dataset = open_dataset("imagenette", root=tmp_path)
    check_contract(dataset)
    assert dataset.categories == IMAGENETTE
    assert dataset.part_names == ()
    assert dataset.sources("train")[8].path == "train/n03445777/000.png"
    assert dataset.categories[dataset.sources("train")[8].label].name == "golf ball"
    itself = open_dataset("imagenette", root=tmp_path / "imagenette2", download=False)
    assert itself.sources("all") == dataset.sources("all")


def test_root_comes_from_argument_then_environment_then_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_imagenette(tmp_path / "one")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LAYERSCOPE_DATA", raising=False)
    assert str(Path("data/datasets/imagenette2")) in failure("imagenette")
    monkeypatch.setenv("LAYERSCOPE_DATA", str(tmp_path / "one"))
    assert len(open_dataset("imagenette", download=False).sources("all")) == 20
    assert str(tmp_path / "two") in failure("imagenette", tmp_path / "two")


def test_class_missing_from_a_known_data_set_is_named(tmp_path: Path) -> None:
    make_imagenette(tmp_path)
    (tmp_path / "imagenette2/val/n03445777/000.png").unlink()
    assert "n03445777" in failure("imagenette", tmp_path, "val")
    (tmp_path / "imagenette2/val/n03445777").rmdir()
    assert "n03445777" in failure("imagenette", tmp_path, "val")


# Any folder with a sub-folder a class


def test_split_folders_are_kept(tmp_path: Path) -> None:
    for split, n in (("train", 3), ("val", 2)):
        for name in ("dogs", "cats"):
            add_pictures(tmp_path / split / name, n)
    dataset = open_dataset("imagefolder", root=tmp_path)
    check_contract(dataset)
    assert [each.name for each in dataset.categories] == ["cats", "dogs"]
    assert [source.path for source in dataset.sources("val")] == [
        "val/cats/000.png",
        "val/cats/001.png",
        "val/dogs/000.png",
        "val/dogs/001.png",
    ]


def test_plain_folder_is_split_in_every_class_by_the_seed(tmp_path: Path) -> None:
    add_pictures(tmp_path / "cats", 20)
    add_pictures(tmp_path / "dogs", 10)

    def validation(random_state: int) -> list[str]:
        dataset = open_dataset("imagefolder", root=tmp_path, random_state=random_state)
        check_contract(dataset)
        return [source.path for source in dataset.sources("val")]

    paths = validation(0)
    assert [path.split("/")[0] for path in paths] == ["cats"] * 4 + ["dogs"] * 2
    assert paths == validation(0)
    assert paths != validation(1)
    add_pictures(tmp_path / "birds", 5)
    assert [path for path in validation(0) if "birds" not in path] == paths


def test_hidden_and_other_files_are_ignored(tmp_path: Path) -> None:
    add_pictures(tmp_path / "cats", 2)
    add_pictures(tmp_path / "cats" / ".thumbnails", 2)
    add_pictures(tmp_path / ".cache", 2)
    (tmp_path / "cats" / ".DS_Store").touch()
    (tmp_path / "cats" / "._000.png").touch()
    (tmp_path / "cats" / "readme.txt").touch()
    dataset = open_dataset("imagefolder", root=tmp_path)
    assert sorted(source.path for source in dataset.sources("all")) == [
        "cats/000.png",
        "cats/001.png",
    ]
    assert len(dataset.categories) == 1


def test_unreadable_picture_is_skipped_by_name(tmp_path: Path) -> None:
    add_pictures(tmp_path / "cats", 3)
    (tmp_path / "cats" / "notes.jpg").write_text("milk, eggs")
    dataset = open_dataset("imagefolder", root=tmp_path)
    skipped: list[str] = []
    pairs = draw(
        dataset,
        3,
        split="all",
        random_state=1,
        inputs=take(8),
        on_skip=lambda source, error: skipped.append(str(error)),
    )
    assert len(list(pairs)) == 3
    assert all(message.startswith("cats/notes.jpg: ") for message in skipped)
    with pytest.raises(InputError, match="3 readable"):
        list(draw(dataset, 4, split="all", random_state=1, inputs=take(8)))


def test_folders_named_by_wordnet_ids_are_imagenet_classes(tmp_path: Path) -> None:
    add_pictures(tmp_path / "n03445777", 2)
    add_pictures(tmp_path / "n99999999", 2)
    golf, unknown = open_dataset("imagefolder", root=tmp_path).categories
    assert golf == IMAGENETTE[8]
    assert (unknown.class_index, unknown.name) == (None, "n99999999")


def test_folders_that_are_no_data_set_are_refused(tmp_path: Path) -> None:
    assert "root" in failure("imagefolder")
    assert "no such folder" in failure("imagefolder", tmp_path / "gone")
    assert "no class folders" in failure("imagefolder", tmp_path)


def test_empty_classes_are_left_out_and_named(tmp_path: Path) -> None:
    add_pictures(tmp_path / "train" / "cats", 1)
    (tmp_path / "train" / "empty dogs").mkdir()
    (tmp_path / "val" / "cats").mkdir(parents=True)
    dataset = open_dataset("imagefolder", root=tmp_path)
    assert [each.name for each in dataset.categories] == ["cats"] and dataset.splits == ("train",)
    assert dataset.left_out == {"folder without pictures": ("train/empty dogs", "val")}


def test_single_picture_cannot_be_split_but_can_be_used(tmp_path: Path) -> None:
    add_pictures(tmp_path / "cats", 1)
    assert "split: all" in failure("imagefolder", tmp_path, "val")
    assert len(open_dataset("imagefolder", root=tmp_path).sources("all")) == 1
