"""Resizing and cropping: byte for byte what timm and torchvision make of the same picture."""

from __future__ import annotations

import io
from dataclasses import replace
from math import floor

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from layerscope.datasets import preprocessing
from layerscope.datasets.picture import decode
from layerscope.datasets.preprocessing import Preprocessing, locate_crop
from layerscope.models.inputs import of_timm, of_torchvision
from layerscope.models.registry import MODELS, Classifier
from layerscope.vision import torchvision
from tests.shared.inputs import take

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
INTERPOLATIONS = ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]


def photograph(width: int, height: int) -> Image.Image:
    """Structure of all sizes: a filter that is off by anything shows it."""
    noise = np.random.default_rng([width, height]).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(noise)


def store(image: Image.Image, kind: str = "PNG", orientation: int = 1) -> bytes:
    exif, stored = Image.Exif(), io.BytesIO()
    exif[0x0112] = orientation
    image.save(stored, kind, exif=exif)
    return stored.getvalue()


def upright(content: bytes) -> Image.Image:
    """What timm is given: in RGB, and turned, which it would not do itself."""
    return ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")


def by_timm(image: Image.Image, inputs: Preprocessing, crop: float, normalize: bool) -> np.ndarray:
    from timm.data import create_transform

    transform = create_transform(
        (inputs.channels, *inputs.size),
        interpolation=inputs.interpolation,
        mean=inputs.mean,
        std=inputs.std,
        crop_pct=crop,
        crop_mode=inputs.mode,
        normalize=normalize,
    )
    return transform(image).numpy()


@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    size=st.tuples(st.integers(2, 130), st.integers(2, 130))
    | st.integers(2, 130).map(lambda n: (n, n)),
    crop=st.sampled_from([0.5, 0.875, 0.9, 0.95, 1.0, 1.15]),
    mode=st.sampled_from(["center", "squash", "border"]),
    interpolation=st.sampled_from(INTERPOLATIONS),
    orientation=st.integers(1, 8),
)
def test_a_picture_is_what_timm_makes_of_it(
    width: int,
    height: int,
    size: tuple[int, int],
    crop: float,
    mode: str,
    interpolation: str,
    orientation: int,
) -> None:
    inputs = take(*size, mean=MEAN, std=STD, crop=crop, mode=mode, interpolation=interpolation)
    content = store(photograph(width, height), orientation=orientation)
    assume(max(width, height) <= 100 * min(width, height))
    image = upright(content)
    try:
        expected = by_timm(image, inputs, crop, normalize=False)
    except ValueError as error:  # of a strip that fits into a square it makes a line of no width
        assert mode == "border" and "must be > 0" in str(error)
        assume(False)
    found = decode(content, inputs=inputs, source="x")
    np.testing.assert_array_equal(found, expected.transpose(1, 2, 0))


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (3, 2), (6000, 400), (300, 29_000), (4000, 3000), (5000, 8)]
)
def test_huge_tiny_and_elongated_ones_too(width: int, height: int, interpolation: str) -> None:
    if max(width, height) > 100 * min(width, height):
        width //= 10
    inputs = take(224, crop=0.95, interpolation=interpolation)
    content = store(photograph(width, height))
    expected = by_timm(upright(content), inputs, 0.95, normalize=False)
    found = decode(content, inputs=inputs, source="x")
    np.testing.assert_array_equal(found, expected.transpose(1, 2, 0))


@pytest.mark.parametrize("position", [(0.0, 0.0), (1.0, 1.0), (0.25, 0.8)])
@pytest.mark.parametrize("size", [(90, 61), (61, 90), (9000, 200)])
def test_a_crop_that_is_moved_is_cut_out_of_the_same_resized_picture(
    size: tuple[int, int], position: tuple[float, float]
) -> None:
    inputs = take(40, 40, crop=0.875)
    content = store(photograph(*size))
    whole = photograph(*size)
    short = min(size)
    resized = np.asarray(
        whole.resize((45 * size[0] // short, 45 * size[1] // short), Image.Resampling.BILINEAR)
    )
    top, left = (
        round((side - 40) * share) for side, share in zip(resized.shape, position, strict=False)
    )
    moved = replace(inputs, position=position)
    found = decode(content, inputs=moved, source="x")
    np.testing.assert_array_equal(found, resized[top : top + 40, left : left + 40])
    box = np.array(locate_crop(*size, moved)) * np.tile(resized.shape[1::-1], 2)
    np.testing.assert_allclose(box, (left, top, 40, 40))


def test_what_is_padded_lies_beyond_the_picture_and_cannot_be_moved() -> None:
    inputs = take(40, 40, crop=1.0, mode="border")
    for position in ((0.5, 0.5), (0.0, 0.0)):
        left, top, width, height = locate_crop(80, 40, replace(inputs, position=position))
        assert (left, width) == (0, 1) and (top, height) == (-0.5, 2)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "YCbCr"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("orientation", [1, 6, 7])
def test_modes_become_rgb_or_grey_first(mode: str, channels: int, orientation: int) -> None:
    image = photograph(90, 61).convert(mode)
    content = store(image, "JPEG" if mode in {"CMYK", "YCbCr"} else "PNG", orientation)
    inputs = take(40, 56, mean=MEAN[:channels], std=STD[:channels], interpolation="bicubic")
    whole = upright(content).convert("RGB" if channels == 3 else "L")
    expected = by_timm(whole, inputs, 0.875, normalize=False)
    found = decode(content, inputs=inputs, source="x")
    np.testing.assert_array_equal(found, expected.transpose(1, 2, 0))


def test_a_large_jpeg_is_decoded_in_full() -> None:
    content = store(photograph(2400, 1800), "JPEG")
    expected = by_timm(upright(content), take(112), 0.875, normalize=False)
    found = decode(content, inputs=take(112), source="x")
    np.testing.assert_array_equal(found, expected.transpose(1, 2, 0))


@pytest.mark.parametrize("name", [name for name in MODELS if hasattr(torchvision.models, name)])
def test_a_torchvision_model_gets_what_its_weights_describe(name: str) -> None:
    content = store(photograph(411, 377))
    preset = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].transforms()
    assert torch.equal(to_tensor(content, of_torchvision(name)), preset(upright(content))[None])


@pytest.mark.parametrize(
    "name",
    [
        "resnet50",
        "tf_efficientnet_lite0",
        "volo_d4_448",
        "vit_base_patch16_siglip_224",
        "convnext_tiny",
    ],
)
def test_a_timm_model_gets_what_its_configuration_describes(name: str) -> None:
    import timm

    content, config = (
        store(photograph(411, 377)),
        timm.data.resolve_data_config(pretrained_cfg=timm.get_pretrained_cfg(name).to_dict()),
    )
    transform = timm.data.create_transform(**config, is_training=False)
    assert torch.equal(to_tensor(content, of_timm(name)), transform(upright(content))[None])


def to_tensor(content: bytes, inputs: Preprocessing) -> torch.Tensor:
    classifier = Classifier("nothing", torch.nn.Linear(1, 1), inputs, ())
    return classifier.to_inputs(decode(content, inputs=inputs, source="x")[None])


@pytest.mark.parametrize("mode", ["center", "squash", "border"])
@pytest.mark.parametrize(("width", "height"), [(900, 31), (31, 900), (400, 300)])
def test_what_would_grow_too_large_is_cut_first_and_looks_the_same(
    monkeypatch: pytest.MonkeyPatch, mode: str, width: int, height: int
) -> None:
    smooth = photograph(12, 9).resize((width, height), Image.Resampling.BICUBIC)
    content, inputs = store(smooth), take(48, 72, mode=mode, interpolation="bicubic")
    exact = decode(content, inputs=inputs, source="x").astype(int)
    monkeypatch.setattr(preprocessing, "_MOST", 1)
    found = decode(content, inputs=inputs, source="x")
    assert np.abs(found - exact).max() <= 2


@pytest.mark.parametrize("size", [(1, 39_999_999), (39_999_999, 1)])
def test_a_line_of_forty_million_pixels_does_not_fill_the_memory(size: tuple[int, int]) -> None:
    found = preprocessing.fit([Image.new("L", size, 77)], take(224, mean=(0.5,)))
    assert (found == 77).all()


@given(width=st.integers(1, 2000), height=st.integers(1, 2000), crop=st.floats(0.1, 2))
def test_a_plain_colour_stays_plain(width: int, height: int, crop: float) -> None:
    assume(max(width, height) <= 100 * min(width, height))
    image = Image.new("RGB", (width, height), (9, 99, 199))
    inputs = Preprocessing((20, 30), (floor(20 / crop), floor(30 / crop)), MEAN, STD, "squash")
    seen = preprocessing.fit([image], inputs)
    is_padded = np.logical_not(seen.any(axis=2))
    assert (seen[~is_padded] == (9, 99, 199)).all()
    assert is_padded.any() == (floor(20 / crop) < 20 or floor(30 / crop) < 30)
