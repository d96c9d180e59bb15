"""CIFAR-10 and Fashion-MNIST, from small files in torchvision's own formats."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from layerscope.datasets import Dataset, open_dataset
from layerscope.datasets.categories import CIFAR10, FASHION_MNIST
from layerscope.errors import InputError
from tests.shared.inputs import take


def check_reading(dataset: Dataset) -> None:
    for split in ("train", "val"):
        sources = dataset.sources(split)
        assert [source.label for source in sources] == [i % 10 for i in range(20)]
        sample = dataset.read(sources[-1], take(24))
        assert sample.picture.shape == (24, 24, 3)
        assert sample.picture.dtype == np.uint8
        assert sample.part_map is None
    assert len(dataset.sources("all")) == 40


def write_cifar10(root: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Two batches of 20 pictures; returns the test pictures (20, 32, 32, 3)."""
    from layerscope.vision import torchvision

    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    planes = rng.integers(0, 256, (20, 3, 32, 32), dtype=np.uint8)
    batch = {"data": planes.reshape(20, -1), "labels": [i % 10 for i in range(20)]}
    names = {"label_names": [each.name for each in CIFAR10]}
    sums = {}
    for file, entry in {"data_batch_1": batch, "test_batch": batch, "batches.meta": names}.items():
        (folder / file).write_bytes(pickle.dumps(entry))
        sums[file] = hashlib.md5((folder / file).read_bytes()).hexdigest()
    factory = torchvision.datasets.CIFAR10
    monkeypatch.setattr(factory, "train_list", [["data_batch_1", sums["data_batch_1"]]])
    monkeypatch.setattr(factory, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setitem(factory.meta, "md5", sums["batches.meta"])
    return planes.transpose(0, 2, 3, 1)


def test_cifar10_reads_its_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = write_cifar10(tmp_path, monkeypatch)
    dataset = open_dataset("cifar10", root=tmp_path)
    check_reading(dataset)
    source = dataset.sources("val")[13]
    assert (source.path, source.label) == ("val/000013", 3)
    assert np.array_equal(dataset.read(source, take(32)).picture, pictures[13])
    larger = dataset.read(source, take(64)).picture
    assert np.abs(larger.mean(axis=(0, 1)) - pictures[13].mean(axis=(0, 1))).max() < 3


def test_damaged_cifar10_says_what_to_remove(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cifar10(tmp_path, monkeypatch)
    (tmp_path / "cifar-10-batches-py" / "test_batch").write_bytes(b"")
    with pytest.raises(InputError, match="remove the folder"):
        open_dataset("cifar10", root=tmp_path).sources("val")


def write_fashion_mnist(folder: Path, compressed: bool = False) -> np.ndarray:
    """20 pictures in both splits; returns them, (20, 28, 28)."""
    folder.mkdir(parents=True)
    pictures = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    labels = np.arange(20, dtype=np.uint8) % 10
    for split in ("train", "t10k"):
        for kind, values in (("images-idx3", pictures), ("labels-idx1", labels)):
            header = struct.pack(f">{values.ndim + 1}I", 0x0800 + values.ndim, *values.shape)
            data = header + values.tobytes()
            name = f"{split}-{kind}-ubyte"
            if compressed:
                name, data = f"{name}.gz", gzip.compress(data)
            (folder / name).write_bytes(data)
    return pictures


def test_fashion_mnist_reads_its_pictures_as_rgb(tmp_path: Path) -> None:
    pictures = write_fashion_mnist(tmp_path / "FashionMNIST" / "raw")
    dataset = open_dataset("fashion_mnist", root=tmp_path)
    check_reading(dataset)
    read = dataset.read(dataset.sources("train")[5], take(28)).picture
    assert np.array_equal(read, np.repeat(pictures[5][..., None], 3, axis=2))


def test_downloaded_fashion_mnist_is_unpacked_and_moved_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from layerscope.vision import torchvision

    mirror = tmp_path / "mirror"
    write_fashion_mnist(mirror, compressed=True)
    factory = torchvision.datasets.FashionMNIST
    sums = [
        (path.name, hashlib.md5(path.read_bytes()).hexdigest()) for path in sorted(mirror.iterdir())
    ]
    monkeypatch.setattr(factory, "resources", sums)
    monkeypatch.setattr(
        torchvision.datasets.utils,
        "download_url",
        lambda url, root, filename, md5: shutil.copy(mirror / filename, root),
    )
    check_reading(open_dataset("fashion_mnist", root=tmp_path / "root"))
    assert [path.name for path in (tmp_path / "root").iterdir()] == ["FashionMNIST"]


def test_tables_of_small_sets_agree_with_torchvision() -> None:
    from layerscope.vision import torchvision

    classes = torchvision.datasets.FashionMNIST.classes
    assert [each.name for each in FASHION_MNIST] == list(classes)
    assert len(CIFAR10) == 10
