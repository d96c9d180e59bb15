"""Runs that are taken along: all that pages read, nothing of this machine, and nothing half done."""

from __future__ import annotations

import zipfile
from contextlib import chdir
from pathlib import Path

import numpy as np
import pytest

from layerscope.errors import InputError
from layerscope.params import read_params
from layerscope.storage.store import Store
from projects.building import Plan, open_repo, plan_build
from projects.exporting import _write_params, export_runs
from projects.folder import format_yaml, open_folder, open_yaml
from tests.shared.pages import open_app, text_of
from tests.shared.project import ROOT, copy_pipeline, edit_params

RUN, LITE = "objects-vgg16_slim", "objects-efficientnet_lite0"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The embedded runs of `objects` and their comparison, in a folder whose name nothing else has."""
    folder = tmp_path / "whereabouts"
    folder.mkdir()
    copy_pipeline(folder, (RUN, LITE))
    (folder / "data/similarity").symlink_to(ROOT / "data/similarity")
    monkeypatch.chdir(folder)
    return folder


def list_files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_what_is_exported_is_shown_from_anywhere_and_counts_as_built(
    project: Path, tmp_path: Path
) -> None:
    edit_params("app", editable=True)
    export_runs([RUN, LITE], tmp_path / "shared")
    moved = (tmp_path / "shared").rename(tmp_path / "elsewhere")
    open_folder(moved)  # as the command does
    params = read_params(moved / "params.yaml")
    assert list(params.runs) == [RUN, LITE] and list(params.comparisons) == ["objects"]
    assert list(params.faithfulness.runs) == [RUN] and not params.train
    assert not params.app.editable
    assert not (moved / "weights" / RUN).exists()
    for run in (RUN, LITE):
        here, there = (folder / "data" / run for folder in (project, moved))
        assert sorted(each.name for each in there.iterdir()) == sorted(
            each.name for each in here.iterdir()
        )
        for each in here.iterdir():
            assert list_files(there / each.name) == list_files(each.resolve())
    for name, key in (("umap", "100/2d"), ("samples", "label"), ("tsne/30", "100/points")):
        stores = (Store(folder / "data" / RUN / f"{name}.zarr") for folder in (project, moved))
        np.testing.assert_array_equal(*(store.read(key) for store in stores))
    with chdir(moved), open_repo() as repo, repo.lock:
        assert plan_build(repo, ()) == Plan((), ())
    for path in moved.rglob("*"):
        assert not path.is_file() or (path.stat().st_mode & 0o200)
        assert not path.is_file() or b"whereabouts" not in path.read_bytes(), path
    with chdir(moved):
        app = open_app("Performance", run=RUN)
        assert not app.error and "1000 samples" in text_of(app)
        assert not open_app(run=LITE).error


def test_weights_go_along_where_they_are_asked_for_and_an_archive_is_one_folder(
    project: Path, tmp_path: Path
) -> None:
    export_runs([RUN], tmp_path / "shared.zip", with_weights=True)
    zipfile.ZipFile(tmp_path / "shared.zip").extractall(tmp_path / "out")
    folder = tmp_path / "out/shared"
    weights = read_params(folder / "params.yaml").runs[RUN].weights
    assert weights == f"weights/{RUN}/vgg16_slim.safetensors"
    there = (ROOT / "weights/rendered/vgg16_slim.safetensors").read_bytes()
    assert (folder / weights).read_bytes() == there
    assert not read_params(folder / "params.yaml").comparisons
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "shared.zip", "whereabouts"]


def test_names_alone_are_left_of_places(project: Path, tmp_path: Path) -> None:
    content = open_yaml().load(Path("params.yaml"))
    content["runs"][RUN] |= {
        "dataset": "imagefolder",
        "root": "/home/somebody/photographs",
        "labels": "../tables/labels.csv",
        "weights": "~/trained/mine.pth",
        "vectors": {"file": "C:\\Users\\somebody\\mine.npy", "sha256": "0" * 64},
        "model": {"factory": "a.b:c", "options": {"files": ["/home/somebody/x.json"], "depth": 3}},
    }
    Path("params.yaml").write_text(format_yaml(content))
    renamed = _write_params(tmp_path, read_params(), [RUN], [])
    assert renamed == {f"weights/{RUN}/mine.pth": "~/trained/mine.pth"}
    run = read_params(tmp_path / "params.yaml").runs[RUN]
    assert (run.root, run.labels, run.weights) == (
        "photographs",
        "labels.csv",
        f"weights/{RUN}/mine.pth",
    )
    assert run.vectors is not None and run.vectors.file == "mine.npy"
    assert isinstance(run.model, dict) and run.model["options"] == {"files": ["x.json"], "depth": 3}
    assert "somebody" not in (tmp_path / "params.yaml").read_text()


def test_what_cannot_be_taken_along_is_refused_and_leaves_nothing(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("mine")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match="no run 'gone'"):
        export_runs(["gone"], tmp_path / "x")
    with pytest.raises(InputError, match="taken: there already; choose another place"):
        export_runs([RUN], tmp_path / "taken")
    with pytest.raises(InputError, match="No such file or directory; choose another place"):
        export_runs([RUN], tmp_path / "no" / "x")
    (project / "data" / RUN / "umap.zarr").unlink()
    with pytest.raises(
        InputError, match=rf"umap.zarr: not here, nor .* `layerscope build {RUN}` first"
    ):
        export_runs([RUN], tmp_path / "x")
    edit_params("tsne", perplexity=[10, 30, 90, 5])
    with pytest.raises(
        InputError, match=f"{RUN}: tsne@{RUN}-5 is not built; `layerscope build {RUN}`"
    ):
        export_runs([RUN], tmp_path / "x")
    edit_params("compute", storage="s3://bucket/folder")
    with pytest.raises(InputError, match=r"compute\.storage: arrays lie elsewhere"):
        export_runs([RUN], tmp_path / "x")
    assert sorted(tmp_path.iterdir()) == before
