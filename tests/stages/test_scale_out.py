"""Stages on Dask: the same arrays from any number of workers, also when one is lost on the way."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from distributed import Client
from torch import nn

from layerscope.datasets.categories import Category
from layerscope.models.weights import write_weights
from layerscope.parallel import start_workers
from layerscope.runs import blocks
from layerscope.storage.store import Store, store_path
from stages import (
    activations,
    cam,
    channels,
    faithfulness,
    metrics,
    neighbors,
    pca,
    predict,
    prepare,
    similarity,
    tsne,
    umap,
)
from tests.shared.project import ROOT, edit_params

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
RUN, COMPARISON = "objects-small", "own"
SIDE = 48
N = 48
WEIGHTS = "weights/small.safetensors"
# In the order of the pipeline: what each works on comes from those before it.
STAGES: dict[str, Callable[[], None]] = {
    "predict": lambda: predict.main(RUN),
    "activations": lambda: activations.main(RUN),
    "pca": lambda: pca.main(RUN),
    "neighbors": lambda: neighbors.main(RUN),
    "tsne": lambda: tsne.main(RUN, "5"),
    "umap": lambda: umap.main(RUN),
    "cam": lambda: cam.main(RUN),
    "channels": lambda: channels.main(RUN),
    "metrics": lambda: metrics.main(RUN),
    "similarity": lambda: similarity.main(COMPARISON),
    "faithfulness": lambda: faithfulness.main(RUN),
}


def small_net() -> nn.Module:
    """A network that is quick, with every kind of layer."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(4),
        nn.Conv2d(6, 8, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(8 * (SIDE // 4) ** 2, 10),
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with drawn objects, and every array made of them in this process."""
    root = tmp_path_factory.mktemp("prepared")
    (root / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    outputs = [Category(None, None, f"thing {i}") for i in range(10)]
    write_weights(root / WEIGHTS, small_net(), outputs, {})
    model = {"factory": "tests.stages.test_scale_out:small_net", "input_size": SIDE}
    run = {"dataset": "objects", "model": model, "weights": WEIGHTS, "sizes": [20, N]}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        edit_params(runs={RUN: run}, device="cpu")
        edit_params(comparisons={COMPARISON: {"first": RUN, "second": RUN}})
        edit_params("compute", scheduler="synchronous")
        edit_params("activations", batch_size=3)
        edit_params("tsne", perplexity=[5], n_iter=50)
        edit_params("similarity", n_permutations=3)
        edit_params(
            "faithfulness",
            runs=[RUN],
            methods=["saliency", "smooth_grad"],
            options={},
            n_samples=4,
            n_again=2,
            n_noisy=1,
            n_points=2,
            n_steps=4,
        )
        prepare.main(RUN)
        for stage in STAGES.values():
            stage()
    return root


@pytest.fixture
def project(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, with pictures only, as the working folder."""
    root = tmp_path / "project"
    kept = shutil.ignore_patterns("data")
    shutil.copytree(prepared, root, ignore=kept)
    samples = store_path(RUN, "samples")
    shutil.copytree(prepared / samples, root / samples)
    monkeypatch.chdir(root)
    return root


def contents_of(folder: Path) -> dict[str, bytes]:
    """Every file under a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def assert_same(found: Path, expected: Path) -> None:
    ours, theirs = contents_of(found), contents_of(expected)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


# --- any number of workers -------------------------------------------------------------------


@pytest.mark.parametrize("n_workers", [1, 3])
def test_every_stage_writes_the_same_bytes_whatever_the_number_of_workers(
    project: Path, prepared: Path, n_workers: int
) -> None:
    with start_workers(n_workers) as cluster:
        edit_params("compute", scheduler=cluster.scheduler_address)
        for stage in STAGES.values():
            stage()
    assert_same(project / "data", prepared / "data")


def test_work_is_cut_into_blocks_by_the_data_not_by_the_workers() -> None:
    assert blocks.count_rows(1000, row_bytes=853_000, batch_size=4) == 60  # a sixteenth of 1000
    assert blocks.count_rows(7000, row_bytes=853_000, batch_size=4) == 156  # 128 MiB
    assert blocks.count_rows(20, row_bytes=1, batch_size=32) == 32  # at least a batch
    assert blocks.count_rows(5, row_bytes=1 << 40, batch_size=2) == 2
    assert blocks.list_blocks(10, 4) == [(0, 4), (4, 8), (8, 10)]
    assert list(blocks.list_batches(4, 10, 4)) == [(4, 8), (8, 10)]


def test_many_workers_have_a_block_each_at_a_time(prepared: Path) -> None:
    array = Store(prepared / store_path(RUN, "activations")).array("grid7/0")
    assert array.shards is not None
    assert array.shape[0] / array.shards[0] == 16


# --- a lost worker ---------------------------------------------------------------------------


class Assassin(threading.Thread):
    """Kills a worker as soon as some shards of a store that is being written are there."""

    def __init__(self, victim: int, folder: Path, shards: int) -> None:
        super().__init__()
        self.victim, self.folder, self.shards = victim, folder, shards
        self.found = 0

    def run(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self.found = sum(path.parent.name == "c" for path in self.folder.rglob("*"))
            if self.found >= self.shards:
                os.kill(self.victim, signal.SIGKILL)
                return
            time.sleep(0.001)


@pytest.mark.parametrize(
    ("stage", "store"), [("activations", "activations"), ("neighbors", "neighbors")]
)
def test_a_worker_lost_in_the_middle_changes_nothing(
    project: Path, prepared: Path, stage: str, store: str
) -> None:
    shutil.copytree(prepared / "data", project / "data", dirs_exist_ok=True)
    shutil.rmtree(store_path(RUN, store))
    partial = store_path(RUN, store).with_name(f"{store}.zarr.partial")
    total = sum("/c/" in name for name in contents_of(prepared / store_path(RUN, store)))
    with start_workers(2) as cluster:
        address = cluster.scheduler_address
        with Client(address) as client:
            pids = client.run(os.getpid)
        edit_params("compute", scheduler=address)
        assassin = Assassin(next(iter(pids.values())), partial, shards=3)
        assassin.start()
        STAGES[stage]()
        assassin.join()
        with Client(address) as client:
            client.wait_for_workers(2, timeout=60)
            after = client.run(os.getpid)
    assert 3 <= assassin.found < total  # in the middle
    assert assassin.victim not in after.values()
    assert_same(project / store_path(RUN, store), prepared / store_path(RUN, store))


# --- object storage --------------------------------------------------------------------------


def test_stages_work_on_object_storage_with_pointers_in_place_of_arrays(
    project: Path, prepared: Path, bucket: str
) -> None:
    with start_workers(2) as cluster:
        edit_params("compute", scheduler=cluster.scheduler_address, storage=bucket)
        for name in ("predict", "activations", "pca"):  # blocks that are filled, added, and read
            STAGES[name]()
    for name in ("predictions", "activations", "components", "pca"):
        path = store_path(RUN, name)
        assert path.is_file() and path.stat().st_size < 1000
        here, there = Store(prepared / path), Store(path)
        assert there.location.startswith(bucket)
        assert dict(there.attributes) == dict(here.attributes)
    for name, array in (
        ("predictions", "probability"),
        ("activations", "grid7/0"),
        ("components", f"{N}/4"),
        ("pca", f"{N}/points"),
    ):
        expected = Store(prepared / store_path(RUN, name)).read(array)
        np.testing.assert_array_equal(Store(store_path(RUN, name)).read(array), expected)
