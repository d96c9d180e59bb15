"""Stores: what is written is what is read, and a store that exists is whole."""

from __future__ import annotations

import errno
import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layerscope.errors import InputError
from layerscope.storage import remote
from layerscope.storage import store as store_module
from layerscope.storage.store import FORMAT, Store, Writer, library_versions, store_path, writing
from stages.command import run_stage
from tests.shared.project import ROOT

# Every example writes over the last one, which is a case worth having too.
over_and_over = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
dtypes = st.sampled_from(["bool", "uint8", "int16", "int32", "int64", "f2", "f4", "f8"])
shapes = hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "x.zarr"


def files_of(path: Path) -> list[Path]:
    return [each for each in path.rglob("*") if each.is_file()]


def metadata_of(path: Path) -> dict:
    return json.loads((path / "zarr.json").read_text())


def write_one(path: Path, value: float = 1.0) -> None:
    with writing(path) as store:
        store.add("x", np.full((3, 4), value), ["row", "column"])


def assert_one_line(error: pytest.ExceptionInfo[InputError], *parts: str) -> None:
    message = str(error.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


# --- round trips -----------------------------------------------------------------------------


@over_and_over
@given(values=dtypes.flatmap(lambda dtype: hnp.arrays(dtype, shapes)))
def test_any_array_comes_back(path: Path, values: np.ndarray) -> None:
    with writing(path) as store:
        store.add("x", values, [f"axis{i}" for i in range(values.ndim)])
    found = Store(path).read("x")
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)


@over_and_over
@given(blobs=st.lists(st.binary(max_size=40), max_size=8))
def test_byte_strings_come_back_one_by_one_and_together(path: Path, blobs: list[bytes]) -> None:
    with writing(path) as store:
        store.add_blobs("picture", blobs)
    found = Store(path)
    assert found.blobs("picture") == blobs
    assert found.blobs("picture", count=2) == blobs[:2]
    assert [found.blob("picture", i) for i in range(len(blobs))] == blobs


def test_arrays_in_folders_come_back_and_can_be_sliced_on_disk(path: Path) -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    with writing(path) as store:
        store.add("100/points", values, ["layer", "sample", "component"])
    found = Store(path)
    assert "100/points" in found and "100/other" not in found
    np.testing.assert_array_equal(found.array("100/points")[1], values[1])


# --- several writers -------------------------------------------------------------------------


def content_of(path: Path) -> dict[str, bytes]:
    return {str(each.relative_to(path)): each.read_bytes() for each in files_of(path)}


@over_and_over
@given(data=st.data(), n=st.integers(0, 23), rows=st.integers(1, 9), chunk_rows=st.integers(1, 6))
def test_shards_filled_in_any_order_by_any_handle_are_the_bytes_of_one_that_filled_all(
    path: Path, data: st.DataObject, n: int, rows: int, chunk_rows: int
) -> None:
    # Few values that are not zero: chunks and shards of nothing but zeros are a case of their own.
    values = data.draw(hnp.arrays("int32", (n, 2, 3), elements=st.just(0), fill=st.just(0)))
    for row in data.draw(st.sets(st.integers(0, max(0, n - 1)), max_size=4)) if n else ():
        values[row] = row + 1
    starts = [*range(0, n, rows), n]
    pieces = list(itertools.pairwise(starts))
    several = list(itertools.combinations(starts, 2)) or [(0, 0)]
    again = data.draw(st.lists(st.sampled_from(several), max_size=4))  # some more than once
    pieces = data.draw(st.permutations(pieces + again))
    n_handles = data.draw(st.integers(1, 3))
    other = path.with_name("y.zarr")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_module, "_CHUNK_BYTES", chunk_rows * values.itemsize * 6)
        with writing(path) as store:
            store.reserve("1/x", values.shape, "int32", "abc", rows=rows, unit="nat")
            handles = [store, *(Writer.open(store.location) for _ in range(n_handles))]
            for index, (start, stop) in enumerate(pieces):
                handles[index % len(handles)].fill("1/x", start, values[start:stop])
        with writing(other) as store:
            store.reserve("1/x", values.shape, "int32", "abc", rows=rows, unit="nat")
            store.fill("1/x", 0, values)
    assert content_of(path) == content_of(other)
    np.testing.assert_array_equal(Store(path).read("1/x"), values)
    assert len([key for key in content_of(path) if "/c/" in key]) == -(-n // rows)


@given(rows=st.integers(1, 5000), row_bytes=st.integers(1, 1 << 22))
def test_chunks_divide_a_shard_evenly_and_come_as_close_to_a_mebibyte_as_they_can(
    rows: int, row_bytes: int
) -> None:
    chunk = store_module._chunk_rows(rows, row_bytes)
    assert rows % chunk == 0

    def distance(n: int) -> float:
        return max(n * row_bytes / 2**20, 2**20 / (n * row_bytes))

    divisors = [n for n in range(1, rows + 1) if rows % n == 0]
    assert distance(chunk) <= min(map(distance, divisors)) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("start", "n_rows"),
    [(1, 3), (0, 3), (4, 2), (8, 4), (-4, 4), (12, 4), (0, 11), (3, 0), (9, 0)],
)
def test_rows_that_are_not_whole_shards_are_refused(path: Path, start: int, n_rows: int) -> None:
    with writing(path) as store:
        store.reserve("x", (10, 2), "f4", ["a", "b"], rows=4)
        store.fill("x", 0, np.ones((10, 2), np.float32))
        with pytest.raises(ValueError, match=r"x: rows .* not whole shards of 4"):
            store.fill("x", start, np.full((n_rows, 2), 9, np.float32))
    np.testing.assert_array_equal(Store(path).read("x"), np.ones((10, 2)))


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 3), (4, 2, 1), (1, 2)])
def test_rows_of_another_shape_are_refused_and_not_stretched(
    path: Path, shape: tuple[int, ...]
) -> None:
    with writing(path) as store:
        store.reserve("x", (4, 2), "f4", ["a", "b"], rows=4)
        store.fill("x", 0, np.ones((4, 2), np.float32))
        with pytest.raises(ValueError, match="x: rows "):
            store.fill("x", 0, np.zeros(shape, np.float32))


@pytest.mark.parametrize("filled", [[], [0], [0, 4], [4, 8]])
def test_a_shard_that_was_never_filled_is_an_error(path: Path, filled: list[int]) -> None:
    # It would read as zeros.
    write_one(path)
    with pytest.raises(ValueError, match=rf"1/x: {len(filled)} shards were written of 3"):  # noqa: SIM117
        with writing(path) as store:
            store.reserve("1/x", (10, 2), "f4", ["a", "b"], rows=4)
            store.add("y", np.zeros(3), ["a"])
            for start in filled:
                store.fill("1/x", start, np.zeros((min(4, 10 - start), 2), np.float32))
    assert list(path.parent.iterdir()) == [path]
    assert "x" in Store(path) and "1/x" not in Store(path)


def test_what_another_process_reserved_is_looked_at_too(path: Path) -> None:
    with pytest.raises(ValueError, match="x: 0 shards"), writing(path) as store:
        Writer.open(store.location).reserve("x", (4,), "f4", ["a"], rows=2)
    assert not path.exists()


def test_a_task_may_run_twice(path: Path) -> None:
    with writing(path) as store:
        for _ in range(2):
            other = Writer.open(store.location)
            other.reserve("x", (4, 2), "f4", ["a", "b"], rows=2)
            other.fill("x", 0, np.ones((4, 2)))
            other.add("y/z", np.arange(3), ["a"])
            other.add_blobs("blob", [b"abc", b""])
        with pytest.raises(ValueError, match="y/z: there already"):
            other.add("y/z", np.arange(4), ["a"])
        with pytest.raises(ValueError, match="x: there already"):
            other.reserve("x", (4, 2), "f4", ["a", "b"], rows=4)
    assert Store(path).blobs("blob") == [b"abc", b""]
    np.testing.assert_array_equal(Store(path).read("y/z"), np.arange(3))


def test_what_a_killed_process_left_of_a_file_is_not_kept(path: Path) -> None:
    with writing(path) as store:
        store.add("x", np.ones(3), ["a"])
        torn = Path(store.location, "x", "c", "0.4f2a.partial")
        torn.write_bytes(b"half")
    assert sorted(content_of(path)) == ["x/c/0", "x/zarr.json", "zarr.json"]


def test_a_location_is_good_in_another_folder(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with writing(Path("data/x.zarr")) as store:
        store.reserve("x", (2,), "f4", ["a"], rows=1)
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        Writer.open(store.location).fill("x", 0, np.ones(2))
        monkeypatch.chdir(tmp_path)
    found = Store("data/x.zarr")
    assert found.location == str(path) == Store(path).location
    monkeypatch.chdir("/")
    np.testing.assert_array_equal(Store(found.location).read("x"), [1, 1])


def test_a_location_that_another_machine_does_not_see_is_one_line(path: Path) -> None:
    location = f"{path.absolute()}.partial"
    with pytest.raises(InputError) as error:
        Writer.open(location)
    assert_one_line(error, location, "not there", "share a disk", "object storage")
    assert not path.parent.exists()  # nothing was made on the way


FILLS = """
import sys
import numpy as np
from layerscope.storage.store import Writer

writer = Writer.open(sys.argv[1])
for start in map(int, sys.argv[2:]):
    writer.fill("x", start, np.arange(start, min(start + 3, 17)).astype("float32"))
writer.add(f"own/{sys.argv[2]}", np.zeros(5), ["a"])
"""


def test_processes_fill_one_array_at_the_same_time(path: Path) -> None:
    with writing(path) as store:
        store.reserve("x", (17,), "float32", ["a"], rows=3)
        parts = [["0", "6", "12"], ["3", "9", "15", "12"]]
        started = [
            subprocess.Popen([sys.executable, "-c", FILLS, store.location, *part]) for part in parts
        ]
        assert [each.wait() for each in started] == [0, 0]
    np.testing.assert_array_equal(Store(path).read("x"), np.arange(17))
    np.testing.assert_array_equal(Store(path).read("own/0"), np.zeros(5))
    np.testing.assert_array_equal(Store(path).read("own/3"), np.zeros(5))


# --- what lies on disk -----------------------------------------------------------------------


def test_an_array_of_many_chunks_is_one_file(path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 255, (8, 1 << 20), dtype=np.uint8)  # 8 MiB
    with writing(path) as store:
        store.add("x", values, ["row", "column"])
        store.reserve("filled", values.shape, "uint8", ["row", "column"], rows=8)
        store.fill("filled", 0, values)
    names = sorted(str(each.relative_to(path)) for each in files_of(path))
    arrays = ["filled/c/0/0", "filled/zarr.json", "x/c/0/0", "x/zarr.json"]
    assert names == [*arrays, "zarr.json"]
    for name in ("x", "filled"):
        assert Store(path).array(name).chunks == (1, 1 << 20)  # a row is read without the others


def test_hundreds_of_byte_strings_are_two_files_of_values(path: Path) -> None:
    with writing(path) as store:
        store.add_blobs("picture", [bytes([i]) * 50 for i in range(1, 200)])
    assert len([each for each in files_of(path) if each.name != "zarr.json"]) == 2


def test_dimension_names_and_unit_stand_in_the_metadata(path: Path) -> None:
    with writing(path) as store:
        store.add("divergence", np.ones((2, 3)), ["layer", "sample"], unit="nat")
        store.add("plain", np.ones(2), ["layer"])
        store.add_blobs("picture", [b"a"])
        store.reserve("map", (1, 2), "f2", ["sample", "y"], rows=1, unit="1")
        store.fill("map", 0, np.ones((1, 2)))
    divergence = metadata_of(path / "divergence")
    assert divergence["dimension_names"] == ["layer", "sample"]
    assert divergence["attributes"] == {"unit": "nat"}
    assert metadata_of(path / "plain")["attributes"] == {}
    assert metadata_of(path / "map")["dimension_names"] == ["sample", "y"]
    assert metadata_of(path / "map")["attributes"] == {"unit": "1"}
    assert metadata_of(path / "picture")["dimension_names"] == ["byte"]
    assert metadata_of(path / "picture_offsets")["attributes"] == {"unit": "byte"}


def test_attributes_come_back_with_those_set_later(path: Path) -> None:
    versions = library_versions("numpy")
    with writing(path, layers=["input"], versions=versions) as store:
        store.set(skipped=[{"path": "a", "reason": "b"}])
    assert dict(Store(path).attributes) == {
        "layerscope_format": FORMAT,
        "layers": ["input"],
        "versions": {"numpy": np.__version__},
        "skipped": [{"path": "a", "reason": "b"}],
    }


def test_a_run_keeps_its_stores_in_its_own_folder() -> None:
    assert store_path("objects-vgg16", "tsne/30") == Path("data/objects-vgg16/tsne/30.zarr")


# --- whole or not there ----------------------------------------------------------------------


def test_an_exception_leaves_no_store_and_nothing_beside_it(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writing(path) as store:
        store.add("x", np.ones(3), ["row"])
        raise ZeroDivisionError
    assert list(path.parent.iterdir()) == []


def test_an_exception_leaves_the_earlier_store_as_it_was(path: Path) -> None:
    write_one(path, 1.0)
    before = {each: each.read_bytes() for each in files_of(path)}
    with pytest.raises(ZeroDivisionError), writing(path) as store:
        store.add("x", np.full((3, 4), 2.0), ["row", "column"])
        raise ZeroDivisionError
    assert {each: each.read_bytes() for each in files_of(path)} == before
    assert list(path.parent.iterdir()) == [path]


def test_a_new_store_replaces_the_earlier_one_whole(path: Path) -> None:
    with writing(path, old=True) as store:
        store.add("only_here", np.ones(3), ["row"])
    write_one(path, 2.0)
    assert "only_here" not in Store(path) and "old" not in Store(path).attributes
    assert list(path.parent.iterdir()) == [path]


def test_an_earlier_store_is_moved_away_before_it_is_deleted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A process killed while deleting in place would leave half a store, whose gaps read as zeros.
    write_one(path, 1.0)
    deleted: list[Path] = []
    monkeypatch.setattr(remote.shutil, "rmtree", lambda each, **_: deleted.append(each))
    write_one(path, 2.0)
    assert path not in deleted and len(deleted) > 0
    assert Store(path).read("x")[0, 0] == 2.0


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from layerscope.storage.store import writing

with writing(Path(sys.argv[1])) as store:
    store.reserve("x", (4, 2), "f4", ["a", "b"], rows=2)
    store.fill("x", 0, np.ones((2, 2), np.float32))
    store.add("y", np.ones(3), ["a"])
    {end}
"""


@pytest.mark.parametrize(
    ("end", "status"),
    [("os._exit(7)", 7), ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL)],
)
@pytest.mark.parametrize("earlier", [False, True])
def test_a_killed_process_leaves_the_earlier_store_or_none(
    path: Path, end: str, status: int, earlier: bool
) -> None:
    if earlier:
        write_one(path, 1.0)
    command = [sys.executable, "-c", KILLED.format(end=end), str(path)]
    assert subprocess.run(command, check=False).returncode == status
    if earlier:
        np.testing.assert_array_equal(Store(path).read("x"), np.ones((3, 4)))
    else:
        assert not path.exists()
    write_one(path, 3.0)  # what the dead process left is in nobody's way
    np.testing.assert_array_equal(Store(path).read("x"), np.full((3, 4), 3.0))
    assert list(path.parent.iterdir()) == [path]


# --- what cannot be read ---------------------------------------------------------------------


def test_a_missing_store_names_the_command_that_builds_it(path: Path) -> None:
    with pytest.raises(InputError) as error:
        Store(path)
    assert_one_line(error, str(path), "dvc repro")


def test_a_missing_array_is_named(path: Path) -> None:
    write_one(path)
    with pytest.raises(InputError) as error:
        Store(path).read("1000/points")
    assert_one_line(error, str(path), "1000/points", "dvc repro")


@pytest.mark.parametrize("found", [0, FORMAT + 1, None])
def test_a_store_of_another_format_is_refused(path: Path, found: int | None) -> None:
    with writing(path) as store:
        store.set(layerscope_format=found)
    with pytest.raises(InputError) as error:
        Store(path)
    assert_one_line(error, str(path), f"format {found}", f"reads {FORMAT}", "dvc repro")


@pytest.mark.parametrize("text", ["", '{"attributes": {', "null", "[]", '{"zarr_format": 3}'])
def test_damaged_metadata_of_a_store_is_one_line(path: Path, text: str) -> None:
    write_one(path)
    (path / "zarr.json").write_text(text)
    with pytest.raises(InputError) as error:
        Store(path)
    assert_one_line(error, str(path), "delete it and run `dvc repro`")


def test_truncated_metadata_of_an_array_is_one_line(path: Path) -> None:
    write_one(path)
    (path / "x" / "zarr.json").write_text('{"shape": [3,')
    for use in (lambda store: store.read("x"), lambda store: "x" in store):
        with pytest.raises(InputError) as error:
            use(Store(path))
        assert_one_line(error, str(path), "broken", "dvc repro")


def test_deleted_metadata_of_an_array_is_one_line(path: Path) -> None:
    write_one(path)
    (path / "x" / "zarr.json").unlink()
    with pytest.raises(InputError) as error:
        Store(path).read("x")
    assert_one_line(error, str(path), "'x'", "dvc repro")


def test_a_truncated_shard_is_one_line(path: Path) -> None:
    write_one(path)
    with writing(path) as store:
        store.add("x", np.ones(50), ["row"])
        store.add_blobs("picture", [b"abc", b"defg"])
    for name, read in (("x", "read"), ("picture", "blobs")):
        (shard,) = (path / name / "c").rglob("0")
        shard.write_bytes(shard.read_bytes()[:-3])
        with pytest.raises(InputError) as error:
            getattr(Store(path), read)(name)
        assert_one_line(error, str(path), "broken", "dvc repro")


# --- a full disk -----------------------------------------------------------------------------


def fill_disk(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "/data/x")

    monkeypatch.setattr("zarr.storage._local._put", refuse)
    monkeypatch.setattr(sys, "argv", ["stage"])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_a_stage_with_one_line_and_status_one(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write_one(path, 1.0)
    fill_disk(monkeypatch, number)
    with pytest.raises(SystemExit) as end:
        run_stage(lambda: write_one(path, 2.0), "A stage.")
    message = end.value.code  # a string: Python prints it on stderr and exits with status 1
    assert isinstance(message, str) and "\n" not in message
    assert "/data/x: the disk is full" in message and "dvc repro" in message
    monkeypatch.undo()
    np.testing.assert_array_equal(Store(path).read("x"), np.ones((3, 4)))
    assert list(path.parent.iterdir()) == [path]


def test_another_failure_of_the_disk_keeps_its_traceback(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_disk(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output"):
        run_stage(lambda: write_one(path), "A stage.")


def test_a_stage_prints_one_line_and_exits_with_status_one(tmp_path: Path) -> None:
    # The same as a user sees it: a stage started where there is no params.yaml.
    done = subprocess.run(
        [sys.executable, "-m", "stages.neighbors", "some-run"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: params.yaml: no such file; run from the top folder of the project"
    ]
