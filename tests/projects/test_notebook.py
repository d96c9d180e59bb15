"""`layerscope.show`: a network and pictures from Python, and what it gives back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import layerscope
from layerscope.errors import InputError
from projects.given_models import give, take
from projects.given_pictures import open_picture, write_pictures
from tests.shared.project import edit_params


class Net(nn.Module):
    """Two convolutions and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        )
        self.head = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x).flatten(1))


@pytest.fixture
def digits() -> np.ndarray:
    """24 grey pictures of 8 x 8, values of which an eighth bit keeps all."""
    return np.random.default_rng(0).integers(0, 256, (24, 8, 8)).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_what_layers_give_is_what_the_network_gives(tmp_path: Path, digits: np.ndarray) -> None:
    from projects.folder import open_folder

    open_folder(tmp_path)
    edit_params("tsne", folder=tmp_path, perplexity=[3], n_iter=30)
    torch.manual_seed(0)
    net = Net()
    labels = [i % 3 for i in range(24)]
    with layerscope.show(
        net,
        digits,
        labels,
        class_names=["cat", "dog", "owl"],
        folder=tmp_path,
        mean=[0.5],
        std=[0.25],
    ) as shown:
        with urlopen(f"{shown.address}") as answer:
            assert answer.status == 200
        assert f'src="{shown.address}"' in shown._repr_html_()
        arrays = shown.arrays
        assert {"pca/24/points", "umap/24/2d", "tsne/3/24/points", "cam/cam"} <= set(arrays)
        assert len(arrays) == len(list(arrays))
        with pytest.raises(KeyError):
            arrays["pca/24/nothing"]
        order = [int(Path(path).stem) for path in _paths(tmp_path)]
        assert sorted(order) == list(range(24))
        with torch.no_grad():
            x = (torch.from_numpy(digits[order][:, None]) / 255 - 0.5) / 0.25
            logits = net.eval()(x)
        np.testing.assert_allclose(
            arrays["predictions/probability"], logits.softmax(1), rtol=1e-5, atol=1e-6
        )
        kept = arrays["activations/grid7/head"].reshape(24, 3)
        np.testing.assert_allclose(kept, logits, rtol=2e-3, atol=1e-3)  # of float16
        assert arrays["samples/label"].tolist() == [labels[i] for i in order]
    with pytest.raises(URLError):
        urlopen(shown.address)


def _paths(folder: Path) -> list[str]:
    from layerscope.runs.samples import Samples

    return list(Samples(folder / "data/shown/samples.zarr").paths)


def test_a_network_in_memory_is_there_in_its_process_and_nowhere_else() -> None:
    net = Net()
    number = give(net)
    kept = take(number)
    assert kept is not net and not kept.training
    net.head.weight.data.zero_()
    assert kept.head.weight.abs().sum() > 0
    with pytest.raises(InputError, match="nothing is computed live"):
        take(number + 1)


GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)
RGB = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (GREY, GREY),
        (GREY[..., None], GREY),
        (RGB, RGB),
        (torch.from_numpy(RGB).permute(2, 0, 1), RGB),
        (torch.from_numpy(RGB).permute(2, 0, 1) / 255, RGB),
        (GREY / 255, GREY),
        (np.moveaxis(RGB, -1, 0), RGB),
        (Image.fromarray(RGB), RGB),
        (Image.fromarray(GREY), GREY),
        (Image.fromarray(RGB).convert("RGBA"), RGB),
    ],
)  # fmt: skip
def test_pictures_of_every_kind_are_the_same_bytes(picture: Any, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(np.asarray(open_picture(picture, 0)), expected)


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        (np.full((3, 4), 1.5), "values from 1.5 to 1.5"),
        (np.full((3, 4), np.nan), "values from nan to nan"),
        (np.zeros((3, 4), int), "int64 values"),
        (np.zeros((2, 3, 4, 5), np.uint8), "the shape"),
        (np.zeros((7,), np.uint8), "the shape"),
        ("gone.png", "gone.png: cannot be read"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_number(picture: Any, told: str) -> None:
    with pytest.raises(InputError, match=told) as error:
        open_picture(picture, 5)
    assert str(error.value).startswith("picture 5: ") and "\n" not in str(error.value)


def test_a_torch_data_set_brings_its_labels(tmp_path: Path) -> None:
    class Two(torch.utils.data.Dataset[tuple[torch.Tensor, int]]):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
            return torch.full((3, 5, 6), i / 2), i

    entry, size, channels = write_pictures(tmp_path, Two(), None, ["a", "b"])
    assert (size, channels) == ((5, 6), 3)
    assert entry == {"dataset": "imagefolder", "root": str(tmp_path / "pictures")}
    table = (tmp_path / "pictures/labels.csv").read_text(encoding="utf-8").split()
    assert table == ["path,label", "000000.png,a", "000001.png,b"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"model": 3, "pictures": [GREY]}, "is a int"),
        ({"model": Net(), "pictures": []}, "there are none"),
        ({"model": Net(), "pictures": [GREY], "labels": [1, 2]}, "2 for 1 pictures"),
        (
            {"model": Net(), "pictures": [GREY], "labels": [7], "class_names": ["a"]},
            "7, but there are 1",
        ),
        ({"model": Net(), "pictures": [GREY, GREY.T]}, "input_size"),
        (
            {"model": "resnet50", "pictures": [RGB], "mean": [0.5]},
            "mean: is of a network in memory",
        ),
        ({"model": Net(), "pictures": "gone", "input_size": 8, "channels": 1}, "gone"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_line(
    tmp_path: Path, arguments: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told) as error:
        layerscope.show(**arguments, folder=tmp_path)
    assert "\n" not in str(error.value)
