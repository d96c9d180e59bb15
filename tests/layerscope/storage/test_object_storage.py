"""Stores on object storage: arrays at a URL, and a pointer in the project that DVC can track."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import known_implementations
from object_server import SECRET, forget_sessions
from s3fs import S3FileSystem

from layerscope.errors import InputError
from layerscope.runs.samples import Samples
from layerscope.storage.remote import Pointer, digest_of, prune, reaching
from layerscope.storage.store import Store, Writer, writing
from stages import prune as prune_stage
from tests.shared.project import ROOT


@pytest.fixture
def other_environment(bucket: str) -> Iterator[pytest.MonkeyPatch]:
    """To be changed: filesystems are opened anew in it, and anew after it."""
    with pytest.MonkeyPatch.context() as patch:
        forget_sessions()
        yield patch
        forget_sessions()


@pytest.fixture
def memory() -> Iterator[str]:
    yield "memory://layerscope/prefix"
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


@pytest.fixture(params=["memory", "bucket", "folder"])
def at(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":  # a disk that all machines share
        return f"file://{tmp_path}/shared"
    return request.getfixturevalue(request.param)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return Path("data/run/tsne/30.zarr")


def write_one(path: Path, at: str | None, value: float = 1.0) -> None:
    with writing(path, at) as store:
        store.add("x", np.full((3, 4), value), ["row", "column"])


def value_of(path: Path) -> float:
    found = Store(path).read("x")
    assert found.shape == (3, 4)
    return float(found[0, 0])


def objects_below(url: str) -> list[str]:
    filesystem, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    return sorted(key.removeprefix(root) for key in filesystem.find(root))


def versions_below(url: str) -> set[str]:
    return {url + key.rpartition("/zarr.json")[0] for key in objects_below(url) if "/x/" not in key}


def assert_one_line(error: pytest.ExceptionInfo[InputError], *parts: str) -> None:
    message = str(error.value)
    assert "\n" not in message and SECRET not in message
    for part in parts:
        assert part in message


# --- round trips -----------------------------------------------------------------------------


def test_arrays_of_every_kind_come_back(path: Path, at: str) -> None:
    values = {
        "float": np.random.default_rng(0).normal(size=(5, 2, 3)),
        "half": np.arange(6, dtype=np.float16).reshape(2, 3),
        "bool": np.array([True, False, True]),
        "nothing": np.empty((0, 4), np.int32),
        "100/zeros": np.zeros((4, 4), np.uint8),
    }
    blobs = [b"", b"abc", bytes(range(256)) * 30]
    with writing(path, at, layers=["input"]) as store:
        for name, array in values.items():
            store.add(name, array, "abc"[: array.ndim], unit="nat")
        store.add_blobs("picture", blobs)
        store.reserve("filled", (7, 2), "int16", "ab", rows=3)
        store.fill("filled", 3, np.full((4, 2), 2))
        store.fill("filled", 0, np.full((3, 2), 1))
        store.set(skipped=["a"])
    found = Store(path)
    for name, array in values.items():
        assert name in found
        assert found.read(name).dtype == array.dtype
        np.testing.assert_array_equal(found.read(name), array)
    np.testing.assert_array_equal(found.read("filled")[:, 0], [1, 1, 1, 2, 2, 2, 2])
    np.testing.assert_array_equal(found.array("float")[3:5, 1], values["float"][3:5, 1])
    assert found.blobs("picture") == blobs and found.blob("picture", 1) == b"abc"
    assert found.attributes["layers"] == ["input"] and found.attributes["skipped"] == ["a"]
    assert "other" not in found
    with pytest.raises(InputError) as error:
        found.read("other")
    assert_one_line(error, str(path), "other")


def test_a_location_opens_without_the_pointer(path: Path, at: str) -> None:
    write_one(path, at)
    location = Store(path).location
    assert location.startswith(f"{at}/run/tsne/30.zarr/")
    path.unlink()
    found = Store(location)
    assert found.location == location
    np.testing.assert_array_equal(found.read("x"), np.ones((3, 4)))


def test_samples_know_where_they_are(path: Path, at: str) -> None:
    with writing(path, at, paths=["a"]) as store:
        store.add("label", np.array([0], np.int16), ["sample"])
        store.add_blobs("picture", [b"webp"])
    samples = Samples(path)
    assert samples.location == Store(path).location
    assert Samples(samples.location).encoded(0) == b"webp"


def test_stores_outside_data_are_told_apart_by_their_folder(tmp_path: Path, memory: str) -> None:
    write_one(tmp_path / "a" / "x.zarr", memory)
    assert Store(tmp_path / "a" / "x.zarr").location.startswith(f"{memory}/a/x.zarr/")


# --- several processes -----------------------------------------------------------------------

FILLS = """
import sys
import numpy as np
from layerscope.storage.store import Store, Writer

writer = Writer.open(sys.argv[1])
for start in map(int, sys.argv[3:]):
    values = Store(sys.argv[2]).array("x")[start : start + 4]
    writer.fill("x", start, values)
writer.add(f"own/{sys.argv[3]}", np.zeros(5), ["a"])
"""


@pytest.mark.parametrize("place", ["bucket", "folder"])
def test_processes_fill_one_array_at_the_same_time(
    path: Path, place: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    at = f"file://{tmp_path}/shared" if place == "folder" else request.getfixturevalue(place)
    values = np.zeros((18, 3), np.float32)
    values[5:] = np.arange(39).reshape(13, 3)
    source = path.with_name("source.zarr")
    with writing(source, at) as store:
        store.add("x", values, ["a", "b"])
    with writing(path, at) as store:
        store.reserve("x", values.shape, "float32", ["a", "b"], rows=4)
        parts = [["0", "8", "12"], ["4", "16", "12"]]
        places = [store.location, Store(source).location]
        started = [
            subprocess.Popen([sys.executable, "-c", FILLS, *places, *part], cwd=ROOT)
            for part in parts
        ]
        assert [each.wait() for each in started] == [0, 0]
    np.testing.assert_array_equal(Store(path).read("x"), values)
    assert "own/0" in Store(path) and "own/4" in Store(path)
    # One process that does it all writes the same bytes.
    before = path.read_bytes()
    with writing(path, at) as store:
        store.reserve("x", values.shape, "float32", ["a", "b"], rows=4)
        store.fill("x", 0, values)
        store.add("own/0", np.zeros(5), ["a"])
        store.add("own/4", np.zeros(5), ["a"])
    assert path.read_bytes() == before


# --- whole or not there ----------------------------------------------------------------------


@pytest.mark.parametrize("failure", [ZeroDivisionError, KeyboardInterrupt])
def test_an_exception_leaves_the_earlier_version_as_it_was(
    path: Path, at: str, failure: type[BaseException]
) -> None:
    write_one(path, at, 1.0)
    pointer, objects = path.read_bytes(), objects_below(at)
    with pytest.raises(failure), writing(path, at) as store:
        store.add("x", np.full((3, 4), 2.0), ["row", "column"])
        raise failure
    assert path.read_bytes() == pointer and objects_below(at) == objects
    assert value_of(path) == 1.0
    assert list(path.parent.iterdir()) == [path]


def test_a_shard_that_was_never_filled_is_an_error(path: Path, at: str) -> None:
    with (
        pytest.raises(ValueError, match="x: 1 shards were written of 3"),
        writing(path, at) as store,
    ):
        store.reserve("x", (10, 2), "f4", ["a", "b"], rows=4)
        Writer.open(store.location).fill("x", 4, np.zeros((4, 2)))
    assert not path.exists() and objects_below(at) == []


def test_what_was_listed_before_does_not_hide_what_others_wrote_since(path: Path, at: str) -> None:
    def reserve(location: str) -> None:
        Writer.open(location).reserve("1/y", (3,), "f4", ["a"], rows=1)

    with pytest.raises(ValueError, match="1/y: 0 shards"), writing(path, at) as store:
        store.add("1/x", np.ones(3), ["a"])
        store.seal()
        with ThreadPoolExecutor(1) as other:  # each thread has filesystems of its own
            other.submit(reserve, store.location).result()


def test_a_pointer_appears_only_when_all_is_there(path: Path, at: str) -> None:
    with writing(path, at) as store:
        store.add("x", np.ones(3), ["a"])
        assert not path.exists()
    content = json.loads(path.read_text())
    assert set(content) == {"format", "url", "digest"} and content["url"] == store.location
    assert list(path.parent.iterdir()) == [path]


def test_each_writing_has_a_place_of_its_own_and_the_earlier_stays(path: Path, at: str) -> None:
    write_one(path, at, 1.0)
    first, earlier = Store(path).location, path.read_bytes()
    write_one(path, at, 2.0)
    assert Store(path).location != first and value_of(path) == 2.0
    assert versions_below(at) == {first, Store(path).location}
    path.write_bytes(earlier)  # as `dvc checkout` of an earlier commit does
    assert value_of(path) == 1.0


def test_the_same_content_keeps_the_pointer_byte_for_byte(path: Path, at: str) -> None:
    write_one(path, at, 1.0)
    before, objects = path.stat(), objects_below(at)
    write_one(path, at, 1.0)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert objects_below(at) == objects


def test_the_same_content_at_another_address_moves_the_pointer(path: Path, at: str) -> None:
    write_one(path, at, 1.0)
    write_one(path, f"{at}-2", 1.0)
    assert Store(path).location.startswith(f"{at}-2/")


def test_the_same_content_is_written_anew_where_the_earlier_is_gone(path: Path, at: str) -> None:
    write_one(path, at, 1.0)
    gone = Store(path).location
    filesystem, root = fsspec.core.url_to_fs(gone)
    filesystem.rm(f"{root}/x/c/0/0")
    write_one(path, at, 1.0)
    assert Store(path).location != gone and value_of(path) == 1.0


def test_a_digest_tells_names_and_contents_apart(memory: str) -> None:
    filesystem = fsspec.filesystem("memory")

    def digest(**objects: bytes) -> str:
        MemoryFileSystem.store.clear()
        for name, content in objects.items():
            filesystem.pipe_file(f"/layerscope/{name}", content)
        return digest_of("memory://layerscope")

    first = digest(a=b"1", b=b"2")
    assert digest(b=b"2", a=b"1") == first
    others = [
        digest(a=b"2", b=b"1"),
        digest(a=b"1", c=b"2"),
        digest(a=b"1"),
        digest(a=b"12", b=b""),
    ]
    assert len({first, *others}) == 5


def test_a_digest_does_not_read_what_has_an_etag(
    path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(S3FileSystem, "_open", refuse)
    write_one(path, bucket)
    assert Pointer.read(path).digest == digest_of(Store(path).location)


# --- from one kind to the other --------------------------------------------------------------


def test_a_folder_is_replaced_by_a_pointer_and_a_pointer_by_a_folder(path: Path, at: str) -> None:
    write_one(path, None, 1.0)
    assert path.is_dir()
    write_one(path, at, 2.0)
    assert path.is_file() and value_of(path) == 2.0
    write_one(path, at, 3.0)
    assert path.is_file() and value_of(path) == 3.0
    remote = Store(path).location
    write_one(path, None, 4.0)
    assert path.is_dir() and value_of(path) == 4.0
    assert Store(path).location == str(path.absolute())
    assert list(path.parent.iterdir()) == [path]
    np.testing.assert_array_equal(Store(remote).read("x"), np.full((3, 4), 3.0))


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        (None, "memory://m", "rename"),
        (None, "memory://m", "replace"),
        ("memory://m", None, "rename"),
        ("memory://m", None, "replace"),
        ("memory://m", "memory://m", "replace"),
    ],
)
@pytest.mark.usefixtures("memory")
def test_what_cannot_be_put_in_place_leaves_what_was_there(
    path: Path, before: str | None, after: str | None, step: str
) -> None:
    write_one(path, before, 1.0)
    moved = path.name if step == "rename" else f"{path.name}.partial"
    original = getattr(Path, step)

    def refuse(self: Path, target: Path) -> Path:
        if self.name == moved:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self))
        return original(self, target)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(OSError, match="Input/output"):
        patch.setattr(Path, step, refuse)
        write_one(path, after, 2.0)
    assert value_of(path) == 1.0
    assert list(path.parent.iterdir()) == [path]
    assert versions_below("memory://m") == ({Store(path).location} if before else set())


def test_a_full_disk_where_the_pointer_goes_is_told_as_such(
    path: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_one(path, memory, 1.0)
    objects = objects_below(memory)

    def refuse(self: Path, text: str, **_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(OSError) as error:
        write_one(path, memory, 2.0)
    assert error.value.errno == errno.ENOSPC and not isinstance(error.value, InputError)
    assert value_of(path) == 1.0 and objects_below(memory) == objects


# --- prune -----------------------------------------------------------------------------------


def test_prune_deletes_what_no_pointer_leads_to(path: Path, at: str, tmp_path: Path) -> None:
    other = Path("data/run/umap.zarr")
    local = Path("data/run/pca.zarr")
    write_one(local, None)
    locations, earlier = [], tmp_path / "earlier.zarr"
    for value in (1.0, 2.0, 3.0):
        write_one(path, at, value)
        locations.append(Store(path).location)
        if value == 2.0:
            earlier.write_bytes(path.read_bytes())
    write_one(other, at, 9.0)
    filesystem, root = fsspec.core.url_to_fs(at)
    filesystem.pipe_file(f"{root}/run/notes.txt", b"somebody else's")
    assert prune(at, [path, other, earlier, local]) == [locations[0]]
    assert versions_below(f"{at}/run/tsne") == set(locations[1:])
    assert prune(f"{at}/run/tsne", [path]) == [locations[1]]
    assert (value_of(path), value_of(other)) == (3.0, 9.0)
    assert "/run/notes.txt" in objects_below(at)
    assert prune(at, [path, other]) == []


@pytest.mark.parametrize("content", [None, b"", b"{}"])
def test_prune_deletes_nothing_where_a_pointer_cannot_be_read(
    path: Path, memory: str, content: bytes | None
) -> None:
    write_one(path, memory)
    other = Path("data/run/umap.zarr")
    if content is not None:
        other.write_bytes(content)
    before = objects_below(memory)
    with pytest.raises(InputError) as error:
        prune(memory, [path, other])
    assert_one_line(error, str(other))
    assert objects_below(memory) == before


def test_prune_of_another_bucket_deletes_nothing_there(
    path: Path, memory: str, bucket: str
) -> None:
    write_one(path, bucket)
    assert prune(memory, [path]) == []
    location = Store(path).location
    assert prune(bucket, [path]) == []
    assert prune(bucket, []) == [location]
    with pytest.raises(InputError) as error:
        prune("s3://no-such-bucket/x", [path])
    assert_one_line(error, "s3://no-such-bucket/x")


# --- errors ----------------------------------------------------------------------------------


def failing(path: Path, at: str) -> pytest.ExceptionInfo[InputError]:
    with pytest.raises(InputError) as error:
        write_one(path, at)
    assert not path.exists()
    return error


@pytest.mark.parametrize(
    "at",
    ["s3://", "s3:///", "bucket/x", "s3://bucket/x?versionId=1", "s3://a b", "S3://b", "::x://y"],
)
def test_what_is_no_address_is_one_line(path: Path, at: str) -> None:
    assert_one_line(failing(path, at), "is not an address", "s3://bucket/folder")


@pytest.mark.parametrize(
    "at", ["simplecache::s3://bucket/x", "file::memory://x", "memory://x::file:///tmp/y"]
)
def test_chained_addresses_are_refused(path: Path, at: str) -> None:
    assert_one_line(failing(path, at), "is not an address")


@pytest.mark.parametrize(
    "at", [f"s3://key:{SECRET}@bucket/x", f"ftp://me:{SECRET}@host/x", f"s3://b/x?sig={SECRET}"]
)
def test_secrets_in_an_address_are_refused_and_not_repeated(path: Path, at: str) -> None:
    assert_one_line(failing(path, at), "address")
    with pytest.raises(InputError) as error:
        Store(at)
    assert_one_line(error, "address")


def test_an_unknown_protocol_is_one_line(path: Path) -> None:
    assert_one_line(failing(path, "sss://bucket/x"), "sss://", "no filesystem is known", "install")


def test_a_missing_package_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = {"class": "no_such_package.FileSystem", "err": "Install no_such_package to access it"}
    monkeypatch.setitem(known_implementations, "lacking", lacking)
    assert_one_line(failing(path, "lacking://b/x"), "lacking://b/x", "Install no_such_package")
    Path("data").mkdir()
    pointed = Path("data/x.zarr")
    content = {"format": 1, "url": "lacking://b/x", "digest": "0" * 64}
    pointed.write_text(json.dumps(content))
    with pytest.raises(InputError) as error:
        Store(pointed)
    assert_one_line(error, "data/x.zarr", "Install no_such_package")


@pytest.mark.usefixtures("bucket")
def test_a_missing_bucket_is_one_line(path: Path) -> None:
    error = failing(path, "s3://no-such-bucket/x")
    assert_one_line(error, "s3://no-such-bucket/x", "no such bucket", "create it")
    with pytest.raises(InputError) as missing:
        Store("s3://no-such-bucket/x")
    assert_one_line(missing, "s3://no-such-bucket/x", "not there")


def test_missing_credentials_are_one_line(
    path: Path, bucket: str, other_environment: pytest.MonkeyPatch
) -> None:
    other_environment.delenv("AWS_ACCESS_KEY_ID")
    other_environment.delenv("AWS_SECRET_ACCESS_KEY")
    assert_one_line(failing(path, bucket), bucket, "access is refused", "AWS_ACCESS_KEY_ID")
    with pytest.raises(InputError) as error:
        Store(f"{bucket}/x.zarr")
    assert_one_line(error, bucket, "AWS_ACCESS_KEY_ID")


def test_an_endpoint_that_does_not_answer_is_one_line(
    path: Path, bucket: str, other_environment: pytest.MonkeyPatch
) -> None:
    write_one(path, bucket)
    location = Store(path).location
    other_environment.setenv("AWS_ENDPOINT_URL", f"http://me:{SECRET}@127.0.0.1:9")
    other_environment.setenv("AWS_MAX_ATTEMPTS", "1")
    other_environment.setattr(S3FileSystem, "retries", 1)
    forget_sessions()
    with pytest.raises(InputError) as error:
        Store(path)
    assert_one_line(error, str(path), location, "cannot be used", "AWS_ENDPOINT_URL")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_behind_a_url_is_told_as_such(number: int) -> None:
    with pytest.raises(OSError) as error, reaching("file:///shared/x.zarr"):
        raise OSError(number, os.strerror(number), "/shared/x.zarr")
    assert error.value.errno == number and not isinstance(error.value, InputError)


def test_secrets_in_the_messages_of_others_are_not_repeated() -> None:
    text = f'Could not connect to "http://me:{SECRET}@127.0.0.1/bucket"'
    with pytest.raises(InputError) as error, reaching("s3://bucket/x"):
        raise ConnectionError(text)
    assert_one_line(error, "s3://bucket/x", 'Could not connect to "http://127.0.0.1/bucket"')


def test_what_goes_wrong_with_a_path_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), reaching(str(tmp_path)):
        raise PermissionError


def test_a_writer_of_what_is_not_there_is_one_line(at: str) -> None:
    with pytest.raises(InputError) as error:
        Writer.open(f"{at}/x.zarr/0")
    assert_one_line(error, f"{at}/x.zarr/0")
    assert objects_below(at) == []


def test_storage_that_fails_in_the_middle_is_one_line(
    path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_one(path, bucket, 1.0)
    objects = objects_below(bucket)

    async def refuse(*_: object, **__: object) -> None:
        raise PermissionError("Access Denied")

    with pytest.MonkeyPatch.context() as patch, pytest.raises(InputError) as error:  # noqa: SIM117
        with writing(path, bucket) as store:
            store.reserve("x", (4,), "f4", ["a"], rows=2)
            patch.setattr(S3FileSystem, "_pipe_file", refuse)
            store.fill("x", 0, np.ones(4))
    assert_one_line(error, bucket, "access is refused")
    assert value_of(path) == 1.0 and objects_below(bucket) == objects


def test_an_error_of_the_stage_keeps_its_own_name(path: Path, bucket: str) -> None:
    with pytest.raises(FileNotFoundError, match="weights"), writing(path, bucket):
        raise FileNotFoundError("weights.safetensors")


def test_a_pointer_whose_arrays_are_gone_is_one_line(path: Path, at: str) -> None:
    write_one(path, at)
    location = Store(path).location
    filesystem, root = fsspec.core.url_to_fs(location)
    filesystem.rm(root, recursive=True)
    with pytest.raises(InputError) as error:
        Store(path)
    assert_one_line(error, str(path), location, "not there", "dvc repro --force")


def test_damaged_arrays_behind_a_pointer_are_one_line(path: Path, at: str) -> None:
    write_one(path, at)
    location = Store(path).location
    filesystem, root = fsspec.core.url_to_fs(location)
    shard = filesystem.cat_file(f"{root}/x/c/0/0")
    filesystem.pipe_file(f"{root}/x/c/0/0", shard[:-3])
    with pytest.raises(InputError) as error:
        Store(path).read("x")
    assert_one_line(error, str(path), location, "broken", "dvc repro --force")
    filesystem.pipe_file(f"{root}/zarr.json", b'{"attributes": {')
    with pytest.raises(InputError) as error:
        Store(path)
    assert_one_line(error, str(path), location, "broken", "dvc repro --force")


GOOD: dict[str, Any] = {"format": 1, "url": "memory://m/x.zarr/1", "digest": "0" * 64}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "format, url and digest"),
        (b"\xff\xfe", "format, url and digest"),
        (b"{", "format, url and digest"),
        (b"[]", "format, url and digest"),
        (b'"s3://bucket/x"', "format, url and digest"),
        (b"[" * 12000, "format, url and digest"),
        (b" " * 100_000 + json.dumps(GOOD).encode(), "format, url and digest"),
        ({"format": 1, "url": "memory://m/x"}, "format, url and digest"),
        (GOOD | {"storage_options": {}}, "format, url and digest"),
        (GOOD | {"format": 2}, "format is 2"),
        (GOOD | {"format": "1"}, "format is '1'"),
        (GOOD | {"format": True}, "format is True"),
        (GOOD | {"digest": "abc"}, "digest"),
        (GOOD | {"digest": None}, "digest"),
        (GOOD | {"url": None}, "url"),
        (GOOD | {"url": ["s3://bucket/x"]}, "url"),
        (GOOD | {"url": "/etc"}, "not an address"),
        (GOOD | {"url": "data/run/other.zarr"}, "not an address"),
        (GOOD | {"url": "zip::s3://bucket/x"}, "not an address"),
        (GOOD | {"url": "s3://bucket/x\nerror"}, "not an address"),
        (GOOD | {"url": f"s3://me:{SECRET}@bucket/x"}, "password"),
        (GOOD | {"url": "sss://bucket/x"}, "no filesystem is known"),
    ],
)
def test_a_damaged_pointer_is_one_line(path: Path, content: Any, what: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(InputError) as error:
        Store(path)
    assert_one_line(error, str(path), what)


def test_a_damaged_pointer_is_replaced_by_the_next_writing(path: Path, memory: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("{")
    write_one(path, memory, 2.0)
    assert value_of(path) == 2.0


def test_a_pointer_is_not_followed_to_another(path: Path, at: str) -> None:
    write_one(path, at)
    filesystem, root = fsspec.core.url_to_fs(at)
    filesystem.pipe_file(f"{root}/second", path.read_bytes())
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"url": f"{at}/second"}))
    with pytest.raises(InputError) as error:
        Store(path)
    assert_one_line(error, str(path), f"{at}/second")


def test_no_secret_is_written(path: Path, bucket: str) -> None:
    write_one(path, bucket)
    filesystem, root = fsspec.core.url_to_fs(bucket)
    texts = [path.read_bytes(), *filesystem.cat(filesystem.find(root)).values()]
    assert len(texts) > 3
    assert not any(word in text for text in texts for word in (SECRET.encode(), b"testing"))


# --- the command -------------------------------------------------------------------------------


def write_params(storage: str) -> None:
    text = (ROOT / "params.yaml").read_text()
    assert '  storage: ""' in text
    Path("params.yaml").write_text(text.replace('  storage: ""', f'  storage: "{storage}"'))


def test_the_command_deletes_what_no_pointer_in_data_leads_to(
    memory: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_params(memory)
    first, second = (Path("data/run") / name for name in ("a.zarr", "tsne/30.zarr"))
    for value in (1.0, 2.0):
        write_one(first, memory, value)
    write_one(second, memory, 3.0)
    with writing(Path("data/run/local.zarr")) as store:  # no pointer: passed over
        store.add("x", np.zeros(2), ["a"])
    prune_stage.main()
    assert f"{memory}: 1 versions deleted, 2 kept" in capsys.readouterr().out
    assert Store(first).read("x").max() == 2 and Store(second).read("x").max() == 3
    prune_stage.main()
    assert "0 versions deleted, 2 kept" in capsys.readouterr().out


def test_the_command_without_storage_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_params("")
    with pytest.raises(InputError) as error:
        prune_stage.main()
    assert_one_line(error, "compute.storage is empty")
