"""Downloads against a small server: whole or not there at all."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from layerscope.datasets import archives, open_dataset
from layerscope.datasets.categories import IMAGENETTE, IMAGEWOOF, Category
from layerscope.errors import InputError
from layerscope.vision import torchvision
from tests.shared.inputs import take


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    folder.mkdir()
    return folder


@pytest.fixture
def address(served: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(QuietHandler, directory=str(served))
    ) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def pack(path: Path, folder: str, categories: tuple[Category, ...]) -> str:
    """An archive with one picture a class and split; returns its MD5."""
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(picture, "JPEG")
    with tarfile.open(path, "w:gz") as archive:
        for split in ("train", "val"):
            for category in categories:
                member = tarfile.TarInfo(f"{folder}/{split}/{category.wnid}/a.JPEG")
                member.size = len(picture.getvalue())
                archive.addfile(member, io.BytesIO(picture.getvalue()))
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.fixture(params=["imagenette", "imagewoof"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def archive(name: str, served: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The served archive of a data set, with its real place and checksum replaced."""
    path = served / f"{name}2.tgz"
    md5 = pack(path, f"{name}2", IMAGENETTE if name == "imagenette" else IMAGEWOOF)
    known = (f"{address}/{path.name}", md5)
    monkeypatch.setattr(archives, "IMAGEWOOF_ARCHIVE", known)
    monkeypatch.setattr(torchvision.datasets.Imagenette, "_ARCHIVES", {"full": known})
    return path


def left_in(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


def failure(name: str, root: Path, **options: bool) -> str:
    with pytest.raises(InputError) as caught:
        open_dataset(name, root=root, **options)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert "LAYERSCOPE_DATA" in message
    assert "\n" not in message
    return message


def test_missing_data_set_is_downloaded_once(name: str, archive: Path, tmp_path: Path) -> None:
    root = tmp_path / "deep" / "root"
    dataset = open_dataset(name, root=root)
    assert left_in(root) == [f"{name}2"]
    sources = dataset.sources("all")
    assert len(sources) == 20
    assert dataset.read(sources[0], take(16)).picture.shape == (16, 16, 3)
    archive.unlink()
    assert open_dataset(name, root=root).sources("all") == sources


def test_wrong_checksum_leaves_nothing_and_the_next_try_works(
    name: str, archive: Path, tmp_path: Path
) -> None:
    whole, root = archive.read_bytes(), tmp_path / "root"
    archive.write_bytes(whole[:-100])
    assert "not the known file" in failure(name, root)
    assert left_in(root) == []
    archive.write_bytes(whole)
    assert len(open_dataset(name, root=root).sources("val")) == 10


def test_server_without_the_file_is_said(name: str, archive: Path, tmp_path: Path) -> None:
    archive.unlink()
    assert "404" in failure(name, tmp_path / "root")
    assert left_in(tmp_path / "root") == []


@pytest.mark.parametrize("gone", ["imagenette", "imagewoof"])
def test_no_network_is_said(gone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    nowhere = (f"http://127.0.0.1:9/{gone}2.tgz", "0" * 32)  # the discard port: nobody listens
    monkeypatch.setattr(archives, "IMAGEWOOF_ARCHIVE", nowhere)
    monkeypatch.setattr(torchvision.datasets.Imagenette, "_ARCHIVES", {"full": nowhere})
    assert "failed" in failure(gone, tmp_path / "root")
    assert left_in(tmp_path / "root") == []


def test_interrupted_download_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(partial_folder: Path) -> None:
        (partial_folder / "imagewoof2" / "train").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(archives, "_imagewoof_into", begin)
    with pytest.raises(KeyboardInterrupt):
        open_dataset("imagewoof", root=tmp_path)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("name", ["imagenette", "imagewoof", "cifar10", "fashion_mnist"])
def test_nothing_is_downloaded_when_that_is_forbidden(name: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    assert str(root) in failure(name, root, download=False)
    assert not root.exists()


def test_root_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    failure("imagewoof", tmp_path / "file" / "root")


def test_full_disk_is_not_taken_for_a_bad_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(partial_folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives, "_imagewoof_into", fill)
    with pytest.raises(OSError, match="No space left"):
        open_dataset("imagewoof", root=tmp_path)


def test_faster_process_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def race(partial_folder: Path) -> None:
        for folder in (partial_folder, tmp_path):
            (folder / "imagewoof2" / "train").mkdir(parents=True)

    monkeypatch.setattr(archives, "_imagewoof_into", race)
    open_dataset("imagewoof", root=tmp_path)
    assert left_in(tmp_path) == ["imagewoof2"]
    assert left_in(tmp_path / "imagewoof2") == ["train"]
