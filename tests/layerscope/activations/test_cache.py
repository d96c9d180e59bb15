"""Activations on disk: what was put in comes out, and the limit holds whatever happens."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from layerscope.activations.cache import Activation, ActivationCache
from layerscope.storage.store import writing

MEGABYTE = 1 << 20
VALUES = np.random.default_rng(0).normal(size=(8, 56, 56)).astype(np.float32)  # 100 KB


def key_of(uid: int, layer: str = "features.0", weights: str = "a") -> Activation:
    return Activation("objects-tiny", weights, uid, layer)


def taken_by(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def cache(tmp_path: Path) -> ActivationCache:
    return ActivationCache(tmp_path / "cache", MEGABYTE)


def test_what_is_written_is_read(cache: ActivationCache) -> None:
    assert cache.read(key_of(3)) is None
    cache.write(key_of(3), VALUES)
    found = cache.read(key_of(3))
    assert found is not None and found.dtype == np.float32
    np.testing.assert_array_equal(found, VALUES)
    dense = VALUES[0, 0]
    cache.write(key_of(3, "classifier.0"), dense)
    np.testing.assert_array_equal(cache.read(key_of(3, "classifier.0")), dense)


def test_every_part_of_the_key_counts(cache: ActivationCache) -> None:
    cache.write(key_of(3), VALUES)
    others = (
        key_of(4),
        key_of(3, "features.1"),
        key_of(3, weights="b"),
        Activation("birds-tiny", "a", 3, "features.0"),
    )
    assert all(cache.read(other) is None for other in others)


def test_names_cannot_leave_the_folder(cache: ActivationCache, tmp_path: Path) -> None:
    odd = Activation("../../run", "../w", 0, "../../layer/x")
    cache.write(odd, VALUES)
    np.testing.assert_array_equal(cache.read(odd), VALUES)
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_the_limit_holds_and_the_least_recently_used_goes(cache: ActivationCache) -> None:
    for uid in range(6):
        cache.write(key_of(uid), VALUES)
        assert taken_by(cache.folder) <= cache.limit
    assert cache.read(key_of(0)) is not None  # now 1 is the one that was not used for longest
    for uid in range(6, 9):
        cache.write(key_of(uid), VALUES)
        assert taken_by(cache.folder) <= cache.limit
    there = [uid for uid in range(9) if cache.read(key_of(uid)) is not None]
    assert 0 in there and 8 in there
    assert 1 not in there
    dropped = [uid for uid in range(1, 9) if uid not in there]
    assert dropped == list(range(1, 1 + len(dropped)))


def test_a_smaller_limit_is_kept_from_the_next_write_on(cache: ActivationCache) -> None:
    for uid in range(5):
        cache.write(key_of(uid), VALUES)
    smaller = ActivationCache(cache.folder, MEGABYTE // 3)
    smaller.write(key_of(9), VALUES)
    assert taken_by(cache.folder) <= smaller.limit
    assert smaller.read(key_of(9)) is not None


def test_what_is_larger_than_the_limit_is_not_kept(cache: ActivationCache) -> None:
    cache.write(key_of(0), VALUES)
    cache.write(key_of(1), np.tile(VALUES, (12, 1, 1)))
    assert cache.read(key_of(1)) is None and cache.read(key_of(0)) is not None
    none = ActivationCache(cache.folder, 0)
    none.write(key_of(2), VALUES)
    assert none.read(key_of(2)) is None


CHUNK = "activation/c/0/0/0"
DAMAGE: dict[str, Callable[[Path], object]] = {
    "the values are gone": lambda entry: (entry / CHUNK).unlink(),
    "a byte is another": lambda entry: _flip(entry / CHUNK),
    "the file is cut": lambda entry: _cut(entry / CHUNK),
    "the metadata are no JSON": lambda entry: (entry / "zarr.json").write_text("{"),
    "the metadata are gone": lambda entry: (entry / "zarr.json").unlink(),
    "the attributes are of another": lambda entry: _replace(entry, "objects-tiny", "birds-tiny"),
    "the checksum is another": lambda entry: _replace(entry, '"activation": ', '"activation": 1'),
}


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _replace(entry: Path, old: str, new: str) -> None:
    file = entry / "zarr.json"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_not_used_and_is_written_anew(
    cache: ActivationCache, damage: Callable[[Path], object]
) -> None:
    cache.write(key_of(0), VALUES)
    damage(cache.folder / key_of(0).path)
    assert cache.read(key_of(0)) is None
    cache.write(key_of(0), VALUES + 1)
    np.testing.assert_array_equal(cache.read(key_of(0)), VALUES + 1)


def test_what_others_put_there_is_ignored_and_goes_first(cache: ActivationCache) -> None:
    place = cache.folder / key_of(0).path
    with writing(place) as store:
        store.add("something", VALUES, ["channel", "y", "x"])
    file = place.with_name("notes.txt")
    file.write_text("x" * 200_000)
    for each in (place, file):
        os.utime(each, (1, 1))
    assert cache.read(key_of(0)) is None
    for uid in range(1, 10):
        cache.write(key_of(uid), VALUES)
    assert not file.exists() and not place.exists()
    assert all(path.suffix == ".zarr" for path in place.parent.iterdir())
    assert taken_by(cache.folder) <= cache.limit


def test_what_was_given_up_half_written_is_removed(cache: ActivationCache) -> None:
    cache.write(key_of(0), VALUES)
    folder = (cache.folder / key_of(0).path).parent
    old, fresh = folder / "1-x.zarr.partial", folder / "2-x.zarr.partial"
    for path in (old, fresh):
        path.mkdir()
        (path / "data").write_bytes(bytes(100_000))
    os.utime(old, (time.time() - 3600,) * 2)
    for uid in range(1, 10):
        cache.write(key_of(uid), VALUES)
    assert not old.exists() and fresh.exists()


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in its place")
    cache = ActivationCache(tmp_path / "cache", MEGABYTE)
    cache.write(key_of(0), VALUES)
    assert cache.read(key_of(0)) is None


def test_threads_share_a_folder(tmp_path: Path) -> None:
    """Two caches, as of two processes, so small that entries are removed while they are read."""
    caches = [ActivationCache(tmp_path, 5 * VALUES.nbytes) for _ in range(2)]
    gate = threading.Barrier(4)
    misread: list[int] = []

    def work(index: int) -> int:
        cache, hits = caches[index % 2], 0
        gate.wait()
        for turn in range(40):
            uid = (turn * (index + 1)) % 8
            found = cache.read(key_of(uid))
            if found is None:
                cache.write(key_of(uid), VALUES + uid)
            elif not np.array_equal(found, VALUES + uid):
                misread.append(uid)
            else:
                hits += 1
        return hits

    with ThreadPoolExecutor(4) as pool:
        hits = sum(pool.map(work, range(4)))
    assert misread == [] and hits > 0
    caches[0].write(key_of(99), VALUES)
    assert taken_by(tmp_path) <= caches[0].limit
    assert not list(tmp_path.rglob("*.partial"))
