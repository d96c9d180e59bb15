"""Stores that were damaged after they were written: one line, never another value."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.errors import InputError
from layerscope.storage import store as store_module
from layerscope.storage.store import Store, writing

ROWS = np.arange(40.0).reshape(10, 4)
ZEROS = np.zeros((6, 3), np.float32)
BLOBS = [b"one", b"", b"three" * 9]


def write(path: Path, at: str | None = None) -> None:
    """Arrays of each kind that the pipeline writes: whole, filled by many, and byte strings."""
    with (
        pytest.MonkeyPatch.context() as patch,
        writing(path, at, layers=["input", "features.0"], scale={"1": 0.5}) as store,
    ):
        patch.setattr(store_module, "_CHUNK_BYTES", 2 * ROWS[0].nbytes)  # several in each shard
        patch.setattr(store_module, "_SHARD_BYTES", 4 * ROWS[0].nbytes)
        store.add("10/points", ROWS, ["sample", "component"])
        store.add("zeros", ZEROS, ["a", "b"])
        store.reserve("map", ROWS.shape, "f8", ["a", "b"], rows=4)
        store.fill("map", 0, ROWS)
        store.add_blobs("picture", BLOBS)


def read(path: Path | str) -> dict[str, Any]:
    """All that there is to read, each in the ways in which it is."""
    store = Store(path)
    found = {"attributes": dict(store.attributes), "blobs": store.blobs("picture")}
    found["blob"] = store.blob("picture", 2)
    for name in ("10/points", "zeros", "map"):
        found[name] = store.read(name).tolist() if name in store else None
        found[f"rows of {name}"] = store.read(name, slice(1, 3)).tolist()
        found[f"one of {name}"] = store.read(name, 4).tolist()
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "data" / "run" / "x.zarr"
    write(path)
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "x.zarr"))


def message_of(work: Callable[[], object]) -> str:
    with pytest.raises(InputError) as error:
        work()
    message = str(error.value)
    assert "\n" not in message
    return message


def test_the_whole_store_reads_as_what_was_written(path: Path) -> None:
    found = read(path)
    assert found["attributes"] == {
        "layerscope_format": store_module.FORMAT,
        "layers": ["input", "features.0"],
        "scale": {"1": 0.5},
    }
    assert found["10/points"] == found["map"] == ROWS.tolist() and found["zeros"] == ZEROS.tolist()
    assert found["rows of map"] == ROWS[1:3].tolist() and found["one of map"] == ROWS[4].tolist()
    assert found["blobs"] == BLOBS and found["blob"] == BLOBS[2]


def test_every_chunk_ends_in_a_checksum_inside_of_shards_too(path: Path) -> None:
    for name in ("10/points", "zeros", "map", "picture", "picture_offsets"):
        (sharding,) = json.loads((path / name / "zarr.json").read_text())["codecs"]
        for codecs in ("codecs", "index_codecs"):
            assert sharding["configuration"][codecs][-1] == {"name": "crc32c"}


# --- each file, damaged in each way ------------------------------------------------------------

DAMAGE: dict[str, Callable[[Path], object]] = {
    "missing": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "cut at the end": lambda file: file.write_bytes(file.read_bytes()[:-5]),
    "cut at the beginning": lambda file: file.write_bytes(file.read_bytes()[5:]),
    "cut in half": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "longer": lambda file: file.write_bytes(file.read_bytes() + b"more"),
    "zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
}
FILES = (
    *("zarr.json", "zeros/zarr.json", "zeros/c/0/0", "map/zarr.json"),
    *("map/c/0/0", "map/c/2/0", "10/points/zarr.json", "10/points/c/1/0"),
    *("picture/zarr.json", "picture/c/0", "picture_offsets/zarr.json", "picture_offsets/c/0"),
)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_is_one_line_that_names_the_store_and_the_array(
    path: Path, file: str, damage: str
) -> None:
    DAMAGE[damage](path / file)
    message = message_of(lambda: read(path))
    assert message.startswith(f"{path}: ") and "`dvc repro`" in message
    if file != "zarr.json":
        name = file.partition("/zarr.json")[0].partition("/c/")[0]
        assert f"{name!r} is broken" in message


@pytest.mark.parametrize("name", ["10/points", "zeros", "picture"])
def test_an_array_that_is_gone_as_a_whole_is_missed(path: Path, name: str) -> None:
    shutil.rmtree(path / name)
    assert f"{name!r} is broken" in message_of(lambda: name in Store(path))
    assert "10/other" not in Store(path)  # and one that never was is not


def test_what_is_whole_beside_it_can_be_read(path: Path) -> None:
    (path / "map/c/1/0").unlink()
    store = Store(path)
    np.testing.assert_array_equal(store.read("10/points"), ROWS)
    np.testing.assert_array_equal(store.read("map", slice(4)), ROWS[:4])  # its other shards, too
    message_of(lambda: store.read("map", 5))


def test_a_chunk_that_is_gone_from_the_middle_of_a_shard_is_missed(path: Path) -> None:
    # The index at the shard's end is whole: it leads behind where the file ends now, or to other bytes.
    file = path / "map/c/0/0"
    content = file.read_bytes()
    for at in range(0, len(content) - 40, 10):
        file.write_bytes(content[:at] + content[at + 40 :])
        assert "'map' is broken" in message_of(lambda: Store(path).read("map", slice(4)))


def test_shards_of_another_array_in_its_place_are_told_by_their_form(path: Path) -> None:
    shutil.copy(path / "picture_offsets/c/0", path / "map/c/0/0")
    assert "'map' is broken" in message_of(lambda: Store(path).read("map"))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_bytes_that_change_anywhere_are_noticed_or_mean_the_same(
    whole: Path, data: st.DataObject
) -> None:
    files = sorted(each for each in whole.rglob("*") if each.is_file())
    file = data.draw(st.sampled_from(files))
    before = file.read_bytes()
    expected = read(whole)
    changed = bytearray(before)
    for at in data.draw(st.sets(st.integers(0, len(before) - 1), min_size=1, max_size=64)):
        changed[at] ^= data.draw(st.integers(1, 255))
    file.write_bytes(changed)
    try:
        assert read(whole) == expected
    except InputError as error:
        assert str(whole) in str(error)
    finally:
        file.write_bytes(before)


# --- on object storage -------------------------------------------------------------------------


@pytest.fixture
def remote(tmp_path: Path) -> tuple[Path, Any, str]:
    """A pointer, and the filesystem and folder that it leads to."""
    path = tmp_path / "data" / "x.zarr"
    write(path, "memory://damage")
    return path, *fsspec.core.url_to_fs(Store(path).location)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "flipped"])
@pytest.mark.parametrize("file", FILES)
def test_damage_on_object_storage_is_one_line(
    remote: tuple[Path, Any, str], file: str, damage: str
) -> None:
    path, files, folder = remote
    key = f"{folder}/{file}"
    content = files.cat(key)
    middle = len(content) // 3
    flipped = bytes([*content[:middle], content[middle] ^ 1, *content[middle + 1 :]])
    if damage == "missing":
        files.rm(key)
    else:
        files.pipe(key, {"empty": b"", "cut": content[:-5], "flipped": flipped}[damage])
    message = message_of(lambda: read(path))
    assert message.startswith(f"{path}, which points to memory://damage/")
    assert "`dvc repro --force`" in message


# --- stores of the format before ---------------------------------------------------------------

OLD = Path(__file__).with_name("format_1.zarr")  # as version 1 of the format wrote it


def test_a_store_of_the_format_before_opens_as_it_is() -> None:
    store = Store(OLD)
    np.testing.assert_array_equal(store.read("10/points"), ROWS)
    np.testing.assert_array_equal(store.read("map", 4), ROWS[4])
    assert store.blobs("picture") == BLOBS and store.attributes["layers"] == ["input"]


@pytest.mark.parametrize("damage", ["cut at the end", "cut in half", "empty"])
def test_its_damaged_metadata_are_one_line(tmp_path: Path, damage: str) -> None:
    path = Path(shutil.copytree(OLD, tmp_path / "x.zarr"))
    DAMAGE[damage](path / "map/zarr.json")
    message_of(lambda: Store(path).read("map"))
