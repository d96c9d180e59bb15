"""Checkpoints as people have them: formats, nestings, prefixes, class names; and files that hold none."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import re
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from layerscope.datasets.categories import (
    IMAGENETTE,
    Category,
    find_categories,
    imagenet,
    name_categories,
)
from layerscope.errors import InputError
from layerscope.models.registry import Classifier, _find_renaming, load_model
from layerscope.models.weights import Weights, categories_in, load_weights, open_weights


def build(n_classes: int | None = None) -> nn.Module:
    """A small network; of five classes by itself."""
    body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    parts = {"body": body, "pool": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten()}
    return nn.Sequential(OrderedDict(parts | {"head": nn.Linear(4, n_classes or 5)}))


def draw(n_classes: int = 5, seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return {
        key: torch.rand_like(each.float()) for key, each in build(n_classes).state_dict().items()
    }


def put(path: Path, content: Any) -> Path:
    if path.suffix == ".safetensors":
        save_file(content, path)
    else:
        torch.save(content, path)
    return path


def check(module: nn.Module, state: dict[str, Tensor]) -> None:
    for key, value in module.state_dict().items():
        torch.testing.assert_close(value.float(), state[key].to(value.dtype).float())
    assert not module.training and not any(each.requires_grad for each in module.parameters())


NESTINGS: dict[str, Callable[[dict[str, Tensor]], Any]] = {
    "bare": lambda s: s,
    "state_dict": lambda s: {"state_dict": s, "epoch": 3},
    "model": lambda s: {"model": s, "optimizer": {"state": {0: {"step": torch.ones(1)}}}},
    "model_state_dict": lambda s: {"model_state_dict": s, "loss": 0.1},
    "ema": lambda s: {"ema": s},
    "deep": lambda s: {"checkpoint": {"weights": {"net": s}}},
}
PREFIXES = (
    "",
    "module.",
    "model.",
    "_orig_mod.",
    "module._orig_mod.",
    "net.backbone.",
    "encoder.module.model.",
)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt", ".bin", ".tar"])
@pytest.mark.parametrize("nesting", NESTINGS)
def test_formats_and_nestings(tmp_path: Path, suffix: str, nesting: str) -> None:
    state = draw()
    path = put(tmp_path / f"w{suffix}", NESTINGS[nesting](state))
    check(load_weights(open_weights(path), build), state)


@pytest.mark.parametrize("nesting", NESTINGS)
@pytest.mark.parametrize("prefix", PREFIXES)
def test_prefixes(tmp_path: Path, nesting: str, prefix: str) -> None:
    state = draw()
    path = put(tmp_path / "w.pth", NESTINGS[nesting]({prefix + k: v for k, v in state.items()}))
    check(load_weights(open_weights(path), build), state)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_safetensors_with_a_prefix_and_another_number_of_classes(
    tmp_path: Path, prefix: str
) -> None:
    state = draw(7)
    path = put(tmp_path / "w.safetensors", {prefix + k: v for k, v in state.items()})
    check(load_weights(open_weights(path), build), state)


def test_half_precision_is_read(tmp_path: Path) -> None:
    state = {k: v.half() for k, v in draw().items()}
    check(load_weights(open_weights(put(tmp_path / "w.pt", state)), build), state)


def test_averaged_weights_are_taken_and_said(tmp_path: Path) -> None:
    raw, averaged = draw(seed=1), draw(seed=2)
    weights = open_weights(put(tmp_path / "w.pth", {"model": raw, "model_ema": averaged}))
    check(load_weights(weights, build), averaged)
    assert len(weights.notes) == 1 and "'model_ema/' was taken" in weights.notes[0]


def test_two_networks_that_both_fit_are_refused_unless_they_are_one(tmp_path: Path) -> None:
    path = put(tmp_path / "w.pth", {"one": draw(seed=1), "two": draw(seed=2)})
    with pytest.raises(InputError, match="'one/' and 'two/' both fit"):
        load_weights(open_weights(path), build)
    half = {key: each.half() for key, each in draw(seed=1).items()}
    path = put(tmp_path / "w.pth", {"model_ema": half, "model": draw(seed=1)})
    check(load_weights(weights := open_weights(path), build), half)
    assert len(weights.notes) == 1
    same = {"state_dict": draw(), "model": draw()}
    weights = open_weights(put(tmp_path / "same.pth", same))
    check(load_weights(weights, build), draw())
    assert not weights.notes


def test_weights_of_another_network_name_the_first_difference(tmp_path: Path) -> None:
    state = draw()
    state["body.0.weight"] = torch.rand(4, 3, 5, 5)
    with pytest.raises(
        InputError, match=r"do not fit the model at 'body.0.weight' \(model \(4, 3, 3, 3\)"
    ):
        load_weights(open_weights(put(tmp_path / "w.pth", state)), build)


class _Evil:
    """Runs a command wherever it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def zipped(path: Path, **parts: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(f"w/{name.replace('_', '.')}", content)


def flip(source: Path, target: Path) -> None:
    """One bit of one weight is another."""
    content = bytearray(source.read_bytes())
    with zipfile.ZipFile(source) as archive:
        part = next(each for each in archive.infolist() if each.filename.endswith("data/0"))
        start = content.index(archive.read(part), part.header_offset)
    content[start + 1] ^= 1
    target.write_bytes(content)


def deflate(source: Path, target: Path) -> None:
    with (
        zipfile.ZipFile(source) as archive,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))


def hostile(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files that hold no weights for us: each with a part of the line that says so."""
    mark, state = folder / "mark", draw()
    found = {
        name: (folder / name, part)
        for name, part in {
            "evil.pth": "nothing is unpickled",
            "evil.pkl": "nothing is unpickled",
            "module.pt": "nothing is unpickled",
            "script.pt": "TorchScript",
            "net.onnx": "ONNX",
            "net.h5": "Keras or HDF5",
            "page.pth": "web page",
            "text.pth": "text file",
            "empty.pth": "empty",
            "cut.pth": "damaged",
            "flipped.pth": "damaged",
            "deflated.pth": "compressed",
            "packed.gz": "gzip",
            "lfs.pth": "Git LFS",
            "list.pth": "holds a list",
            "array.npy": "NumPy",
            "keras.keras": "Keras",
            "other.zip": "PyTorch did not write",
            "cut.safetensors": "not readable as safetensors",
            "missing.pth": "no such weights file",
        }.items()
    }
    paths = {name: path for name, (path, _) in found.items()}
    torch.save({"x": _Evil(mark)}, paths["evil.pth"])
    paths["evil.pkl"].write_bytes(pickle.dumps(_Evil(mark)))
    torch.save(build(), paths["module.pt"])
    zipped(paths["script.pt"], constants_pkl=b"", data_pkl=b"")
    paths["net.onnx"].write_bytes(b"\x08\x08\x12\x07pytorch" + bytes(80))
    paths["net.h5"].write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(80))
    paths["page.pth"].write_text("<!DOCTYPE html><html>Not found</html>", encoding="utf-8")
    paths["text.pth"].write_text("to be had from the authors", encoding="utf-8")
    paths["empty.pth"].write_bytes(b"")
    put(folder / "whole.pth", state)
    paths["cut.pth"].write_bytes((folder / "whole.pth").read_bytes()[:-300])
    flip(folder / "whole.pth", paths["flipped.pth"])
    deflate(folder / "whole.pth", paths["deflated.pth"])
    paths["packed.gz"].write_bytes(gzip.compress((folder / "whole.pth").read_bytes()))
    paths["lfs.pth"].write_text("version https://git-lfs.github.com/spec/v1\n", encoding="utf-8")
    torch.save([torch.ones(2)], paths["list.pth"])
    np.save(paths["array.npy"], np.ones(3))
    zipped(paths["keras.keras"], model_weights_h5=b"")
    zipped(paths["other.zip"], readme_txt=b"")
    save_file(state, paths["cut.safetensors"])
    paths["cut.safetensors"].write_bytes(paths["cut.safetensors"].read_bytes()[:100])
    return found


def test_what_holds_no_weights_is_told_in_one_line_and_nothing_runs(tmp_path: Path) -> None:
    for name, (path, part) in hostile(tmp_path).items():
        with pytest.raises(InputError) as error:
            load_weights(open_weights(path), build)
        message = str(error.value)
        assert part in message and str(path) in message and "\n" not in message, (name, message)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(4, 3, 3, 3, dtype=torch.int8),
        torch.ones(4, 3, 3, 3, dtype=torch.complex64),
        torch.ones(4, 3, 3, 3).to_sparse(),
        torch.ones(4, 3, 3, 3).to(torch.float8_e4m3fn),
        torch.ones(4, 3, 3, 3, device="meta"),
    ],
    ids=["int8", "complex", "sparse", "float8", "meta"],
)
def test_tensors_that_are_no_numbers_of_ours_are_refused(tmp_path: Path, tensor: Tensor) -> None:
    path = put(tmp_path / "w.pth", draw() | {"body.0.weight": tensor})
    with pytest.raises(InputError, match=r"body\.0\.weight"):
        load_weights(open_weights(path), build)
    twice = {"one": draw(), "two": draw() | {"body.0.weight": tensor}}
    with pytest.raises(InputError, match="both fit"):
        load_weights(open_weights(put(tmp_path / "twice.pth", twice)), build)


# --- names of classes ------------------------------------------------------------------------

NAMES = ["ant", "bee", "cat", "dog", "emu"]


@pytest.mark.parametrize(
    "entry",
    [
        {"class_names": NAMES},
        {"classes": tuple(NAMES)},
        {"class_to_idx": {name: i for i, name in enumerate(NAMES)}},
        {"idx_to_class": dict(enumerate(NAMES))},
        {"hyper_parameters": {"id2label": {str(i): name for i, name in enumerate(NAMES)}}},
    ],
)
def test_names_come_from_the_checkpoint(tmp_path: Path, entry: dict[str, Any]) -> None:
    weights = open_weights(put(tmp_path / "w.pth", {"state_dict": draw(), **entry}))
    assert [each.name for each in categories_in(weights, 5) or ()] == NAMES


@pytest.mark.parametrize("name", ["classes.txt", "w.classes.txt"])
def test_names_come_from_a_list_beside_it(tmp_path: Path, name: str) -> None:
    weights = Weights(tmp_path / "w.pth", {})
    (tmp_path / name).write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    assert [each.name for each in categories_in(weights, 5) or ()] == NAMES
    with pytest.raises(InputError, match="5 lines for 4 outputs"):
        categories_in(weights, 4)


def test_names_come_from_the_metadata_of_safetensors(tmp_path: Path) -> None:
    metadata = {"categories": json.dumps(NAMES), "wnids": json.dumps(["n00000001", *[None] * 4])}
    found = categories_in(Weights(tmp_path / "w", {}, metadata), 5)
    assert found is not None and found[0] == Category("n00000001", None, "ant")


def test_categories_meet_by_wnid_and_else_by_name() -> None:
    tench, springer = IMAGENETTE[0], IMAGENETTE[1]
    outputs = (Category(None, None, "Tench"), springer, Category(None, None, "sea_lion"))
    asked = (tench, springer, Category(None, None, "Sea Lion"), Category(None, None, "frog"))
    assert find_categories(asked, outputs) == [0, 1, 2, -1]
    twice = (Category(None, None, "frog"), Category(None, None, "frog"))
    assert find_categories(asked[3:], twice) == [-1]  # which of the two cannot be told
    assert name_categories([tench.wnid or ""])[0].name == tench.name


def test_outputs_that_nothing_names_are_the_classes_of_the_folders() -> None:
    numbered = tuple(Category(None, None, str(i)) for i in range(2))
    plain = Classifier("x", build(), None, numbered, is_named=False)  # type: ignore[arg-type]
    named = plain.named_by(IMAGENETTE[:2])
    assert named.categories == IMAGENETTE[:2] and "assumed" in named.note and named.is_named
    assert plain.named_by(IMAGENETTE[:3]) is plain and named.named_by(IMAGENETTE[2:4]) is named


# --- weights count for every model -----------------------------------------------------------


@pytest.mark.parametrize(
    "model", ["resnet18", "efficientnet_lite0", "timm:test_resnet", "vgg16_slim"]
)
def test_weights_count_for_every_model(tmp_path: Path, model: str) -> None:
    with pytest.raises(InputError, match="no such weights file"):
        load_model(model, tmp_path / "none.pth")
    with pytest.raises(InputError, match=r"do not fit|holds no"):
        load_model(model, put(tmp_path / "other.pth", draw()))


def test_a_torchvision_network_of_three_classes(tmp_path: Path) -> None:
    from layerscope.vision import torchvision

    torch.manual_seed(0)
    module = torchvision.models.resnet18(weights=None, num_classes=3)
    path = put(
        tmp_path / "w.ckpt",
        {"state_dict": {f"model.{k}": v for k, v in module.state_dict().items()}},
    )
    classifier = load_model("resnet18", path)
    assert [each.name for each in classifier.categories] == [
        "0",
        "1",
        "2",
    ] and not classifier.is_named
    pixels = torch.rand(1, 3, 224, 224)
    torch.testing.assert_close(classifier.module(pixels), module.eval()(pixels))


def test_another_number_of_channels_is_no_number_of_classes(tmp_path: Path) -> None:
    path = put(tmp_path / "w.pth", draw() | {"body.0.weight": torch.rand(6, 3, 3, 3)})
    with pytest.raises(
        InputError, match=r"at 'body\.0\.weight' \(model \(4, 3, 3, 3\), file \(6, 3"
    ):
        load_weights(open_weights(path), build)


# --- names of the original authors -----------------------------------------------------------


def test_swin_as_its_authors_name_it() -> None:
    import timm

    make = partial(
        timm.models.SwinTransformer,
        img_size=64,
        window_size=4,
        embed_dim=8,
        depths=(2, 2),
        num_heads=(1, 2),
    )
    torch.manual_seed(0)
    state = make(num_classes=5).state_dict()
    theirs = {
        key.replace("layers.1.downsample", "layers.0.downsample").replace("head.fc", "head"): value
        for key, value in state.items()
    }
    theirs["layers.0.blocks.1.attn_mask"] = torch.zeros(16, 16, 16)
    weights = Weights(Path("swin.pth"), {"model": {f"module.{k}": v for k, v in theirs.items()}})
    module = load_weights(weights, lambda n: make(num_classes=n or 9), _find_renaming)
    check(module, state)
    assert len(weights.notes) == 1 and "authors' names" in weights.notes[0]


def test_convnext_as_its_authors_name_it(tmp_path: Path) -> None:
    import timm

    torch.manual_seed(0)
    state = timm.create_model("test_convnext", pretrained=False, num_classes=7).state_dict()
    ways = (
        (r"^stem", "downsample_layers.0"),
        (r"^stages\.(\d+)\.downsample", r"downsample_layers.\1"),
        (r"^(stages\.\d+)\.blocks", r"\1"),
        (r"conv_dw", "dwconv"),
        (r"mlp\.fc", "pwconv"),
        (r"^head\.norm", "norm"),
        (r"^head\.fc", "head"),
    )
    theirs = {}
    for name, value in state.items():
        key = name
        for ours, other in ways:
            key = re.sub(ours, other, key)
        theirs[key] = value
    assert len(theirs.keys() & state.keys()) < len(state) / 4
    found = load_model("timm:test_convnext", put(tmp_path / "theirs.pth", {"model": theirs}))
    check(found.module, state)
    assert len(found.categories) == 7 and "authors' names" in found.note
    theirs.popitem()
    with pytest.raises(InputError, match="do not fit the model at"):
        load_model("timm:test_convnext", put(tmp_path / "less.pth", {"model": theirs}))


def test_a_thousand_outputs_without_names_are_said_to_be_taken_for_imagenets(
    tmp_path: Path,
) -> None:
    import timm

    state = timm.create_model("test_resnet", pretrained=False).state_dict()
    file = put(tmp_path / "own.pth", state)
    found = load_model("timm:test_resnet", file)
    assert found.categories == imagenet() and "names none of its 1000 outputs" in found.note
    (tmp_path / "classes.txt").write_text("\n".join(f"kind {i}" for i in range(1000)))
    found = load_model("timm:test_resnet", file)
    assert found.categories[3].name == "kind 3" and not found.note
