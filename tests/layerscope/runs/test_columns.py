"""What a table says of pictures: its kinds, and that a store gives back what went in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from layerscope.datasets import Dataset, PictureSource, Sample, select
from layerscope.datasets.categories import Category
from layerscope.datasets.dataset import Column, Fact, read_column
from layerscope.runs.samples import Samples, write_samples

PICTURE = Sample(np.zeros((8, 8, 3), dtype=np.uint8), None)
CLASSES = (Category(None, None, "cat"), Category(None, None, "dog"))


def write(
    path: Path,
    sources: list[PictureSource],
    categories: tuple[Category, ...] = CLASSES,
    splits: tuple[str, ...] = ("train", "val", "test"),
) -> Samples:
    dataset = Dataset(
        "toy", categories, (), lambda split: sources, lambda *_: PICTURE, splits=splits
    )
    write_samples(path, dataset, ((each, PICTURE) for each in sources), quality=90, sizes=[10])
    return Samples(path)


@pytest.mark.parametrize(
    ("facts", "kind", "names"),
    [
        (["b", "a", "b", None], "category", ("a", "b")),
        (["10", "9", "9"], "category", ("9", "10")),
        ([10.0, 9.0, 9.5, 9.5], "category", ("9", "9.5", "10")),
        ([str(i % 12) for i in range(50)], "category", tuple(map(str, range(12)))),
        ([str(i % 13) for i in range(50)], "number", ()),
        ([*map(str, range(50)), None], "number", ()),
        ([*map(str, range(50)), "inf"], "text", ()),
        ([*map(str, range(50)), "nan"], "text", ()),
        ([*map(str, range(50)), "1e300"], "text", ()),
        ([*map(str, range(50)), "1_0"], "text", ()),
        (["one", "two", "three"], "text", ()),
        ([*map(str, range(12))], "text", ()),
        ([f"k{i % 1000}" for i in range(1001)], "category", None),
        ([f"k{i % 1001}" for i in range(1002)], "text", ()),
        (["<b>", "<b>", "=1+1", "\u202e\U0001f600", "\u202e\U0001f600"], "category", None),
    ],
)
def test_a_column_is_a_number_a_category_or_text(
    facts: list[Fact], kind: str, names: tuple[str, ...] | None
) -> None:
    column, values = read_column("x", facts)
    assert column.kind == kind and len(values) == len(facts)
    if names is not None:
        assert column.names == names
    if kind == "category":
        back = [column.names[code] if code >= 0 else None for code in values]
        assert [None if f is None else str(f).removesuffix(".0") for f in facts] == back
    if kind == "number":
        wanted = [np.nan if fact is None else np.float32(fact) for fact in facts]
        np.testing.assert_array_equal(values, wanted)


def test_splits_stand_in_their_order() -> None:
    column, values = read_column("split", ["val", "test", "train", "train"])
    assert column.names == ("train", "val", "test") and list(values) == [1, 2, 0, 0]


def test_columns_come_back_as_they_were_written(tmp_path: Path) -> None:
    heights = [float(i) if i != 3 else None for i in range(20)]
    sources = [
        PictureSource(
            ("train", "test")[i % 2],
            f"{i}.png",
            i % 2,
            {
                "camera": ("Ä", "", None)[i % 3],
                "height": heights[i],
                "note": f"n\u00f6te {i}" if i else None,
                "empty": None,
            },
        )
        for i in range(20)
    ]
    samples = write(tmp_path / "samples.zarr", sources)
    assert samples.columns == (
        Column("split", "category", ("train", "test")),
        Column("camera", "category", ("Ä",)),
        Column("height", "number"),
        Column("note", "text"),
    )
    assert samples.column(0).tolist() == [0, 1] * 10  # type: ignore[union-attr]
    camera = samples.column(1)
    assert isinstance(camera, np.ndarray) and camera.dtype == np.int16
    assert camera.tolist() == ([0, -1, -1] * 7)[:20]
    height = samples.column(2)
    assert isinstance(height, np.ndarray) and height.dtype == np.float32
    np.testing.assert_array_equal(height, [np.nan if h is None else h for h in heights])
    assert samples.column(3) == ["", *(f"n\u00f6te {i}" for i in range(1, 20))]


def test_nothing_is_written_where_nothing_is_known(tmp_path: Path) -> None:
    sources = [PictureSource("val", f"{i}.png", i % 2) for i in range(10)]
    assert write(tmp_path / "one.zarr", sources).columns == ()
    by_chance = [PictureSource(("train", "val")[i % 2], f"{i}.png", 0) for i in range(10)]
    assert write(tmp_path / "two.zarr", by_chance, splits=()).columns == ()
    for name in ("one", "two"):
        assert "columns" not in (tmp_path / f"{name}.zarr/zarr.json").read_text(encoding="utf-8")
        assert not list((tmp_path / f"{name}.zarr").glob("column*"))


def test_pictures_without_labels_have_no_class_and_an_order(tmp_path: Path) -> None:
    sources = [PictureSource("val", f"{i}.png", -1) for i in range(30)]
    samples = write(tmp_path / "samples.zarr", sources, categories=())
    assert samples.categories == () and samples.labels.tolist() == [-1] * 30
    dataset = Dataset("toy", (), (), lambda split: sources, lambda *_: PICTURE)
    chosen = list(select(dataset, 30, split="all", random_state=0))
    assert chosen != sources and sorted(chosen, key=str) == sorted(sources, key=str)
    assert chosen[:10] == list(select(dataset, 10, split="all", random_state=0))


def test_the_default_split_is_taken_where_the_data_set_has_it() -> None:
    def settle(asked: str | None, *splits: str) -> str:
        dataset = Dataset("toy", (), (), lambda _: [], lambda *_: PICTURE, splits=splits)
        return dataset.settle_split(asked, "val")

    assert settle(None, "train", "val") == "val"
    assert settle(None) == "all"
    assert settle(None, "train") == "all"
    assert settle("train", "train", "val") == "train"
    assert settle("val") == "val"
